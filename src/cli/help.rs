//! Examples and exit codes, shown below the help of each verb.

pub(super) const CODES: &str =
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 78 wrong configuration.";

pub(super) const RUN: &str = "Examples:
  walbrook run --config walbrook.toml
  walbrook run --config /etc/walbrook --log-format json
  walbrook run --config base.toml --config shop.toml --set kafka.partitions=6

WALBROOK__SECTION__KEY in the environment overrides a file; WALBROOK_LOG filters the log
(info, debug, walbrook_mysql=debug, …). Exit codes: 0 asked to stop, 1 failed, 2 wrong usage,
78 wrong configuration.";

pub(super) const VALIDATE: &str = "Examples:
  walbrook validate --config walbrook.toml
  walbrook validate --config /etc/walbrook --print

Exit codes: 0 usable (warnings are told), 2 wrong usage, 78 wrong configuration.";

pub(super) const DOCTOR: &str = "Examples:
  walbrook doctor --config walbrook.toml
  walbrook doctor shop --config /etc/walbrook --json
  walbrook doctor --config walbrook.toml --print-grants > grants.sql

Nothing is written to any server. Exit codes: 0 nothing is in the way (warnings are told), 1 something
has to be mended, 2 wrong usage, 78 wrong configuration.";

/// How the commands find the daemon, for every help.
macro_rules! daemon_help {
    ($text:literal) => {
        concat!(
            $text,
            "\n\nThe daemon is the one at --url, or that --config describes, else http://127.0.0.1:8083. A token is\n\
             read from WALBROOK_TOKEN, else from the configuration. Exit codes: 0 done, 1 refused or not\n\
             reached, 2 wrong usage, 78 wrong configuration."
        )
    };
}

pub(super) const PAUSE: &str = daemon_help!(
    "Examples:
  walbrook pause shop
  walbrook resume shop --config /etc/walbrook
  walbrook restart shop --url https://walbrook.example:8083 --no-wait"
);

pub(super) const DROP: &str = daemon_help!(
    "Examples:
  walbrook stop shop && walbrook drop shop
  walbrook drop shop --yes"
);

pub(super) const SNAPSHOT: &str = daemon_help!(
    "Examples:
  walbrook snapshot start shop public.orders 'public.cust*' --watch
  walbrook snapshot start shop public.orders --where \"created > '2026-01-01'\" --id fix-7
  walbrook snapshot watch shop
  walbrook snapshot stop shop fix-7"
);

pub(super) const OFFSETS: &str = daemon_help!(
    "Examples:
  walbrook offsets show shop
  walbrook offsets export shop > shop.json
  walbrook stop shop && walbrook offsets rewind shop --to shop.json
  walbrook offsets rewind shop --forget --dry-run"
);
pub(super) const DLQ: &str = "Examples:
  walbrook dlq list shop --config walbrook.toml
  walbrook dlq list shop --config walbrook.toml --json --limit 100
  walbrook dlq show shop 42 --config walbrook.toml --original

The daemon need not run. Nothing is written to Kafka. Exit codes: 0 shown, 1 failed, or there is no such
letter, 2 wrong usage, 78 wrong configuration.";

pub(super) const STATUS: &str = "Examples:
  walbrook status
  walbrook status shop --json
  walbrook status --watch
  walbrook status --url https://walbrook.example:8083

The daemon is the one at --url, or that --config describes, else http://127.0.0.1:8083. A token is
read from WALBROOK_TOKEN, else from the configuration.
Exit codes: 0 all is well, 1 unreachable, or a connector has failed, 2 wrong usage.";

pub(super) const TAIL: &str = "Examples:
  walbrook tail postgres://postgres@127.0.0.1/shop
  walbrook tail postgres://postgres@127.0.0.1/shop --tables 'public.order*' --json
  walbrook tail mysql://root@127.0.0.1/shop --tables 'shop.order*'
  walbrook tail --brokers 127.0.0.1:9092 --registry http://127.0.0.1:8081 --prefix shop

The password is read from PGPASSWORD or MYSQL_PWD, or from the variable after --password-env.
Exit codes: 0 ended, 1 failed, 2 wrong usage.";

pub(super) const IMPORT: &str = "Examples:
  walbrook import debezium shop.json --brokers 127.0.0.1:9092 \\
      --registry http://127.0.0.1:8081 > walbrook.toml

The configuration goes to standard output, what became of every key to standard error.
Exit codes: 0 written, 1 a key cannot be translated (nothing is written), 2 wrong usage.";
