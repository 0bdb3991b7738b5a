# shellcheck shell=bash
# MySQL, with a log that tells all: GTIDs, full row images, column names.

mysql_url() { echo "mysql://root@127.0.0.1:$MYSQL_PORT/"; }

mysql_start() {
  local dir=$RUN/mysql home
  home=$(mysql_home)
  mkdir -p "$dir"
  mysql_options "$dir" "$home" >"$dir/options"
  [ -d "$dir/data" ] || mysql_create "$dir" "$home"
  # What kill -9 leaves: its pid may be another process by now, which would look like a running server.
  rm -f "$dir"/data/mysql.sock "$dir"/data/mysql.sock.lock "$dir"/data/*.pid
  cp "$RUN/tls/server.pem" "$RUN/tls/server.key" "$dir/data/"
  chmod 600 "$dir/data/server.key"
  # shellcheck disable=SC2086 # a list of options
  launch "$dir" env TZ=UTC "$home/bin/mysqld" --defaults-file="$dir/options" --datadir="$dir/data" ${WALBROOK_MYSQL_OPTIONS:-}
}

# Flushed to the kernel at every commit, to the disk later: a killed server loses nothing, only a power
# cut would. The socket's path is short because it is relative to the data. Messages, plugins and
# character sets would be looked for in /usr. The performance schema would double the memory; what a
# test may ask of it (log_status) answers without.
mysql_options() { # DIRECTORY HOME
  cat <<END
[mysqld]
user = $(id -un)
basedir = $2/usr
lc-messages-dir = $2/usr/share/mysql
character-sets-dir = $2/usr/share/mysql/charsets
plugin-dir = $2/usr/lib/mysql/plugin
bind-address = 127.0.0.1
port = $MYSQL_PORT
socket = mysql.sock
mysqlx = OFF
skip-name-resolve
secure-file-priv = NULL
local-infile = ON
ssl-ca = $RUN/tls/ca.pem
ssl-cert = server.pem
ssl-key = server.key
server-id = 25306
gtid-mode = ON
enforce-gtid-consistency = ON
binlog-row-metadata = FULL
innodb-flush-log-at-trx-commit = 2
sync-binlog = 0
innodb-buffer-pool-size = 128M
max-connections = 300
performance-schema = OFF
END
}

# Data appear by rename, with their users: whole or not at all. Only 127.0.0.1 can reach the server, so
# root needs no password. walbrook has what a captured server's documentation asks for, and nothing more;
# walbrook_pw must show its password.
mysql_create() { # DIRECTORY HOME
  rm -rf "$1/new"
  mysql_users >"$1/users.sql"
  "$2/bin/mysqld" --defaults-file="$1/options" --initialize-insecure --datadir="$1/new" --init-file="$1/users.sql" \
    >"$1/create.log" 2>&1 || { cat "$1/create.log" >&2; die "mysqld --initialize failed"; }
  mv "$1/new" "$1/data"
}

mysql_users() {
  cat <<'END'
CREATE USER root@'127.0.0.1';
GRANT ALL ON *.* TO root@'127.0.0.1' WITH GRANT OPTION;
CREATE USER walbrook@'127.0.0.1', walbrook_pw@'127.0.0.1' IDENTIFIED BY 'walbrook';
GRANT SELECT, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO walbrook@'127.0.0.1', walbrook_pw@'127.0.0.1';
END
}

mysql_answers() { greets "$MYSQL_PORT"; }
