# shellcheck shell=bash disable=SC2034 # used by those who source it
# What a shop on MySQL and one on MariaDB have in common, which is all but the client program. The user
# walbrook, as whom the daemon reads, has been there since dev/stack made the server's data.

SCHEMA=shop
# Sessions that order at the same time.
SESSIONS=3
AS_ROOT=(--no-defaults -N -B -h 127.0.0.1 -P "$PORT" -u root)

admin_sql() { "$CLIENT" "${AS_ROOT[@]}" "$@"; }
shop_sql() { admin_sql shop "$@"; }

create_database() {
  admin_sql -e 'CREATE DATABASE shop CHARACTER SET utf8mb4'
  shop_sql <"$here/demo.d/mysql/shop.sql" >"$DIR/shop.log"
}

remove_database() { admin_sql -e 'DROP DATABASE IF EXISTS shop'; }

rows_of() { shop_sql -e "SELECT count(*) FROM $1"; } # TABLE

# Every session is a client that is told the same round again and again, until it has gone.
customers_come() {
  local n pause
  pause=$(awk -v n="$SESSIONS" -v r="$ROUNDS" 'BEGIN { print n / r }')
  for ((n = 1; n <= SESSIONS; n++)); do
    # shellcheck disable=SC2016 # expanded by the inner shell
    launch_in "$DIR/workload/$n" bash -c '
      exec "${@:3}" < <(while printf "%s\n" "$1" 2>/dev/null; do sleep "$2"; done)
    ' customers "$(<"$here/demo.d/mysql/load.sql")" "$pause" "$CLIENT" "${AS_ROOT[@]}" --force shop
  done
}

customers_go() {
  local n
  for ((n = 1; n <= SESSIONS; n++)); do end_of "$DIR/workload/$n" 5; done
}

# The sessions of a client that is gone end when the server notices.
nobody_writes() { admin_sql -e 'SHOW PROCESSLIST' | awk -F '\t' '$2 == "root" && $4 == "shop" { n++ } END { exit n > 0 }'; }
