# shellcheck shell=bash disable=SC2034 # used by those who source it
# The shop on PostgreSQL.

DATABASE='PostgreSQL 18'
SERVICE=postgres18
PORT=$PG18_PORT
SCHEMA=public
CONFIG=$REPO/config/shop.toml
ADMIN_URL=postgresql://postgres@127.0.0.1:$PORT/postgres
SHOP_URL=postgres://walbrook@127.0.0.1:$PORT/shop

admin_sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 "$ADMIN_URL" "$@"; }
shop_sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 "$SHOP_URL" "$@"; }

database_download() { [ -d "$CACHE/postgres-$POSTGRES18_VERSION" ] || echo "PostgreSQL 18 (24 MB)"; }

create_database() {
  admin_sql <<'SQL'
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'walbrook') THEN CREATE ROLE walbrook LOGIN REPLICATION; END IF;
END $$;
SQL
  admin_sql -c 'CREATE DATABASE shop OWNER walbrook'
  shop_sql -f "$here/demo.d/postgres/shop.sql"
}

remove_database() {
  admin_sql <<'SQL'
SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = 'shop' AND active;
SELECT pg_sleep(0.2);
SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = 'shop';
DROP DATABASE IF EXISTS shop WITH (FORCE);
DROP ROLE IF EXISTS walbrook;
SQL
}

rows_of() { shop_sql -c "SELECT count(*) FROM $1"; } # TABLE

customers_come() {
  launch_in "$DIR/workload" pgbench -n -f "$here/demo.d/postgres/load.sql" -c 3 -j 1 -R "$ROUNDS" -T 864000 "$SHOP_URL"
}

customers_go() { end_of "$DIR/workload" 5; }

nobody_writes() {
  [ "$(admin_sql -c "SELECT count(*) FROM pg_stat_activity WHERE datname = 'shop' AND application_name = 'pgbench'")" = 0 ]
}
