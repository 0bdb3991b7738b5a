# shellcheck shell=bash
# The shop: its database, its customers, and the daemon that captures it. What depends on the kind of
# database is in a folder of its name.

TABLES=(customers products orders order_items)

create_shop() {
  step "opening a shop: ${TABLES[*]}"
  create_database
  counts
}

# One line: how many rows each table has.
counts() {
  local table
  for table in "${TABLES[@]}"; do
    printf '  %-12s %7d rows\n' "$table" "$(rows_of "$table")"
  done
}

start_workload() {
  step "customers come: inserts, updates, deletes, rollbacks, about $((ROUNDS * 2)) transactions a second"
  customers_come
}

stop_workload() {
  customers_go
  # The sessions end when they notice; only then is the count final.
  wait_until 5 nobody_writes || true
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
