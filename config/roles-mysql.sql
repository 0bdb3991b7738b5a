-- The account for Walbrook on one MySQL or MariaDB server, and what the server needs. Run it as an administrator:
--
--     mysql -u root < config/roles-mysql.sql
--
-- It may be run again. Replace the database `shop`, and where you want fewer rows read, grant SELECT on single tables.
-- Give the account its password afterwards, and narrow '%' to the host that the daemon runs on:
--
--     ALTER USER walbrook@'%' IDENTIFIED BY '…';
--
-- In walbrook.toml: url = "mysql://walbrook@host/shop", or mariadb://walbrook@host/shop

CREATE USER IF NOT EXISTS walbrook@'%' IDENTIFIED BY 'change me';

-- Reading the log. Both rights are global by nature: whoever has them can read the changes of every database of the
-- server, so guard the password accordingly. MariaDB takes the same words and calls them REPLICATION SLAVE, BINLOG MONITOR.
GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO walbrook@'%';

-- Reading rows and structures. Nothing is written, and no table is locked.
GRANT SELECT ON shop.* TO walbrook@'%';

-- Look at these. Walbrook tells each at its start, and what does not fit, with its fix (WB-MYSQL-030 to 041):
--
--   log_bin             ON      the server writes a log (my.cnf, needs a restart; MySQL's default)
--   binlog_format       ROW     rows, not statements (MySQL's default; MariaDB's is MIXED)
--   gtid_mode           ON      MySQL only, with enforce_gtid_consistency = ON; can be switched on while it runs
--   binlog_row_image    FULL    old and new row whole (the default of both)
--   binlog_row_metadata FULL    column names in the log; without it they come from the statements in the log
--   binlog_expire_logs_seconds  longer than the daemon is ever down; a week is 604800
SHOW GLOBAL VARIABLES WHERE variable_name IN (
  'log_bin', 'binlog_format', 'gtid_mode', 'enforce_gtid_consistency', 'binlog_row_image', 'binlog_row_metadata',
  'binlog_expire_logs_seconds', 'server_id', 'version');
SHOW GRANTS FOR walbrook@'%';
