# shellcheck shell=bash
# MariaDB, as it is by default, but with a log of rows.

mariadb_url() { echo "mariadb://root@127.0.0.1:$MARIADB_PORT/"; }

mariadb_start() {
  local dir=$RUN/mariadb
  [ -x /usr/sbin/mariadbd ] || die "/usr/sbin/mariadbd is missing: run dev/install"
  mkdir -p "$dir"
  mariadb_options >"$dir/options"
  [ -d "$dir/data" ] || mariadb_create "$dir"
  rm -f "$dir"/data/mysql.sock "$dir"/data/*.pid
  cp "$RUN/tls/server.pem" "$RUN/tls/server.key" "$dir/data/"
  chmod 600 "$dir/data/server.key"
  # shellcheck disable=SC2086 # a list of options
  launch "$dir" env TZ=UTC /usr/sbin/mariadbd --defaults-file="$dir/options" --datadir="$dir/data" ${WALBROOK_MARIADB_OPTIONS:-}
}

# Flushing is as in lib/mysql.sh, and so is the socket. binlog-row-metadata = NO_LOG is the default: the
# log has no column names and no signs.
mariadb_options() {
  cat <<END
[mariadbd]
user = $(id -un)
bind-address = 127.0.0.1
port = $MARIADB_PORT
socket = mysql.sock
skip-name-resolve
local-infile = ON
ssl-ca = $RUN/tls/ca.pem
ssl-cert = server.pem
ssl-key = server.key
server-id = 25310
log-bin = bin
binlog-format = ROW
binlog-row-metadata = NO_LOG
gtid-strict-mode = ON
innodb-flush-log-at-trx-commit = 2
sync-binlog = 0
innodb-buffer-pool-size = 128M
max-connections = 300
END
}

# Data appear by rename, with their users, as MySQL's do.
mariadb_create() { # DIRECTORY
  rm -rf "$1/new"
  mariadb_users >"$1/users.sql"
  mariadb-install-db --no-defaults --user="$(id -un)" --datadir="$1/new" --auth-root-authentication-method=normal \
    --skip-test-db --skip-name-resolve --extra-file="$1/users.sql" >"$1/create.log" 2>&1 ||
    { cat "$1/create.log" >&2; die "mariadb-install-db failed"; }
  mv "$1/new" "$1/data"
}

# root@127.0.0.1 without a password is there already.
mariadb_users() {
  cat <<'END'
FLUSH PRIVILEGES;
CREATE USER walbrook@'127.0.0.1';
CREATE USER walbrook_pw@'127.0.0.1' IDENTIFIED BY 'walbrook';
GRANT SELECT, REPLICATION SLAVE, BINLOG MONITOR ON *.* TO walbrook@'127.0.0.1';
GRANT SELECT, REPLICATION SLAVE, BINLOG MONITOR ON *.* TO walbrook_pw@'127.0.0.1';
END
}

mariadb_answers() { greets "$MARIADB_PORT"; }
