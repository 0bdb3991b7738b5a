# shellcheck shell=bash
# PostgreSQL 15 and 18, alike but for where the programs are.

# The server refuses to run as root.
as_postgres() {
  if [ "$(id -u)" = 0 ]; then
    setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"
  else
    "$@"
  fi
}

postgres_port() { if [ "$1" = postgres15 ]; then echo "$PG15_PORT"; else echo "$PG18_PORT"; fi; }
postgres_url() { echo "postgresql://postgres@127.0.0.1:$(postgres_port "$1")/postgres"; }

postgres_programs() {
  if [ "$1" = postgres15 ]; then
    [ -x "$POSTGRES15_BIN/postgres" ] || die "$POSTGRES15_BIN/postgres is missing: run dev/install"
    echo "$POSTGRES15_BIN"
  else
    echo "$(postgres18_home)/bin"
  fi
}

postgres_start() {
  local dir=$RUN/$1 programs
  programs=$(postgres_programs "$1")
  mkdir -p "$dir"
  if [ "$(id -u)" = 0 ]; then
    getent passwd postgres >/dev/null || die "no user postgres, as whom the server could run: run dev/install"
    chown postgres: "$dir"
    as_postgres test -x "$dir" || die "the user postgres cannot reach $dir: set WALBROOK_CACHE to a directory that everybody may read"
  fi
  cd "$dir" || die "no $dir" # somewhere the other user may be
  [ -d data ] || postgres_create "$1" "$programs"
  postgres_configure "$1"
  # After kill -9 the old lock files are still there. Their pid may be another process by now, or the
  # dead server for which nobody has waited yet, and PostgreSQL would take either for a running server.
  rm -f data/postmaster.pid .s.PGSQL.*
  # -W: the caller waits. pg_ctl gives the server a session of its own.
  (let_go && as_postgres "$programs/pg_ctl" start -W -s -D "$dir/data" -l "$dir/log" -o "${WALBROOK_PG_OPTIONS:-}" \
    </dev/null >"$dir/start.log" 2>&1) || { cat "$dir/start.log" >&2; die "$1 did not start"; }
}

# A cluster appears by rename, with the role whose password is asked for: whole or not at all.
postgres_create() {
  local programs=$2
  rm -rf new
  as_postgres "$programs/initdb" -D new -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >init.log 2>&1 ||
    { cat init.log >&2; die "initdb failed for $1"; }
  echo "CREATE ROLE walbrook_pw LOGIN REPLICATION PASSWORD 'walbrook'" |
    as_postgres "$programs/postgres" --single -D new postgres >>init.log 2>&1 || { cat init.log >&2; die "$1: no role walbrook_pw"; }
  echo "include 'walbrook.conf'" >>new/postgresql.conf
  mv new data
}

# Written at every start: ports and settings may have changed since the cluster was made.
postgres_configure() {
  local dir=$RUN/$1 file
  # A unix socket's path may have 107 bytes; nobody needs the socket when it does not fit.
  local sockets=$dir
  [ "${#dir}" -le 85 ] || sockets=
  cp "$RUN/tls/server.pem" "$RUN/tls/server.key" "$dir/data/"
  cat >"$dir/data/walbrook.conf" <<END
listen_addresses = '127.0.0.1'
port = $(postgres_port "$1")
unix_socket_directories = '$sockets'
wal_level = logical
max_replication_slots = 50
max_wal_senders = 50
max_connections = 300
fsync = off                 # a killed server loses nothing that the kernel has; only a power cut would
synchronous_commit = on
password_encryption = scram-sha-256
ssl = on
ssl_cert_file = 'server.pem'
ssl_key_file = 'server.key'
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %u@%d %a '
END
  # walbrook_pw must show its password; everybody else on this machine is let in.
  cat >"$dir/data/pg_hba.conf" <<END
local all         all                        trust
host  all         walbrook_pw  127.0.0.1/32  scram-sha-256
host  replication walbrook_pw  127.0.0.1/32  scram-sha-256
host  all         all          127.0.0.1/32  trust
host  replication all          127.0.0.1/32  trust
END
  for file in server.pem server.key walbrook.conf pg_hba.conf; do
    chmod 600 "$dir/data/$file"
    [ "$(id -u)" != 0 ] || chown postgres: "$dir/data/$file"
  done
}

# pg_ctl's word on readiness (the eighth line of its pid file) needs no client program.
postgres_answers() {
  [ "$(sed -n '8s/ *$//p' "$(pid_file "$1")")" = ready ] && port_open "$(postgres_port "$1")"
}

# A fast stop waits until every walsender has sent what there is, which a stopped reader never takes.
postgres_stop() {
  local programs
  programs=$(postgres_programs "$1")
  cd "$RUN/$1" || die "no $RUN/$1"
  as_postgres "$programs/pg_ctl" stop -s -m fast -t 15 -D "$RUN/$1/data" >/dev/null 2>&1 ||
    as_postgres "$programs/pg_ctl" stop -s -m immediate -t 15 -D "$RUN/$1/data"
}
