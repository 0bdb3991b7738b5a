# shellcheck shell=bash
# The shop: its database, its customers, and the daemon that captures it.

TABLES=(customers products orders order_items)

admin_sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 "$PG18_ADMIN" "$@"; }
shop_sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 "$SHOP_URL" "$@"; }

create_shop() {
  step "opening a shop: ${TABLES[*]}"
  admin_sql <<'END'
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'walbrook') THEN CREATE ROLE walbrook LOGIN REPLICATION; END IF;
END $$;
END
  admin_sql -c 'CREATE DATABASE shop OWNER walbrook'
  shop_sql -f "$here/demo.d/shop.sql"
  counts
}

# One line: how many rows each table has.
counts() {
  local table
  for table in "${TABLES[@]}"; do
    printf '  %-12s %7d rows\n' "$table" "$(shop_sql -c "SELECT count(*) FROM $table")"
  done
}

start_workload() {
  step "customers come: inserts, updates, deletes, rollbacks, about $((ROUNDS * 2)) transactions a second"
  launch_in "$DIR/workload" pgbench -n -f "$here/demo.d/load.sql" -c 3 -j 1 -R "$ROUNDS" -T 864000 "$SHOP_URL"
}

stop_workload() {
  end_of "$DIR/workload" 5
  # The sessions end when they notice; only then is the count final.
  wait_until 5 nobody_writes || true
}

nobody_writes() {
  [ "$(admin_sql -c "SELECT count(*) FROM pg_stat_activity WHERE datname = 'shop' AND application_name = 'pgbench'")" = 0 ]
}

# Starts the daemon; when it is killed it is started again, as systemd would.
start_daemon() {
  step "starting walbrook run --config ${CONFIG#"$REPO"/}"
  note "its log: ${DIR#"$REPO"/}/walbrook.log"
  : >"$DIR/walbrook.log"
  # shellcheck disable=SC2016 # expanded by the inner shell
  launch_in "$DIR/daemon" bash -c '
    while :; do
      "$1" run --config "$2" >>"$3.log" 2>&1 &
      echo $! >"$3.pid"
      code=0
      wait $! || code=$?
      [ $code -ge 128 ] || exit $code
      echo "killed, started again" >>"$3.log"
      sleep 0.5
    done' keeper "$BIN" "$CONFIG" "$DIR/walbrook"
}

daemon_runs() { ! gone "$(cat "$DIR/daemon/pid")"; }

# launch_in DIRECTORY COMMAND…: in a session of its own, so that Ctrl-C reaches the demo alone.
launch_in() {
  mkdir -p "$1"
  : >"$1/log"
  launch "$@"
}

# end_of DIRECTORY SECONDS: asks what was launched there to end, and insists after a while.
end_of() {
  local pid
  pid=$(cat "$1/pid" 2>/dev/null) || return 0
  kill "$pid" 2>/dev/null || true
  wait_until "$2" gone "$pid" || kill -KILL "$pid" 2>/dev/null || true
  rm -f "$1/pid"
}
