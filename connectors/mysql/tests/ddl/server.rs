//! A real server: runs statements, tells what it logged and what its tables look like.

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, OptsBuilder, Row};
use walbrook_mysql::ddl::{Context, SqlMode};
use walbrook_mysql::flavor::Flavor;

/// The databases of the fixtures.
pub(crate) const DATABASES: [&str; 4] = ["h_ddl_t", "ddl2", "ddl3", "ddlm"];

pub(crate) struct Server {
    pub(crate) conn: Conn,
    pub(crate) flavor: Flavor,
    pub(crate) version: u32,
}

/// The end of the log: file and position.
pub(crate) type Mark = (String, u64);

impl Server {
    #[allow(clippy::disallowed_methods, reason = "tests get their servers from the environment")]
    pub(crate) async fn open(variable: &str, flavor: Flavor) -> Option<Self> {
        let Ok(url) = std::env::var(variable) else {
            eprintln!("skipped because {variable} is not set: eval \"$(dev/stack env)\"");
            return None;
        };
        let url = url.replace("mariadb://", "mysql://");
        let opts = mysql_async::Opts::from_url(&url).expect("an address");
        let opts = OptsBuilder::from_opts(opts).prefer_socket(false);
        let mut conn = Conn::new(opts).await.expect("a server");
        let text: String = conn.query_first("select version()").await.unwrap().unwrap();
        let mut numbers = text.split(['.', '-']).map(|part| part.parse::<u32>().unwrap_or(0));
        let mut next = || numbers.next().unwrap_or(0);
        let version = next() * 10_000 + next() * 100 + next();
        Some(Self { conn, flavor, version })
    }

    pub(crate) async fn try_run(&mut self, sql: &str) -> Result<(), String> {
        self.conn.query_drop(sql).await.map_err(|error| error.to_string())
    }

    /// The session as the QUERY event would tell it.
    pub(crate) async fn context(&mut self) -> Context {
        let sql = "select @@sql_mode, @@collation_server, @@explicit_defaults_for_timestamp";
        let (mode, collation, explicit): (String, String, u8) =
            self.conn.query_first(sql).await.unwrap().unwrap();
        let modes = [
            ("REAL_AS_FLOAT", SqlMode::REAL_AS_FLOAT),
            ("ANSI_QUOTES", SqlMode::ANSI_QUOTES),
            ("ORACLE", SqlMode::ORACLE),
            ("NO_BACKSLASH_ESCAPES", SqlMode::NO_BACKSLASH_ESCAPES),
        ];
        let bits = modes.iter().filter(|(name, _)| mode.split(',').any(|part| part == *name));
        let mut context = Context::new(self.flavor, self.version);
        context.sql_mode = SqlMode(bits.fold(0, |bits, (_, mode)| bits | mode.0));
        context.server_collation = collation;
        context.explicit_timestamps = explicit == 1;
        context
    }

    pub(crate) async fn mark(&mut self) -> Mark {
        let sql = match self.flavor {
            Flavor::MySql => "show binary log status",
            Flavor::MariaDb => "show master status",
        };
        let row: Row = self.conn.query_first(sql).await.unwrap().unwrap();
        (row.get(0).unwrap(), row.get(1).unwrap())
    }

    /// Statements logged since a mark, in one of our databases or without any: database and text.
    pub(crate) async fn logged(&mut self, since: &Mark) -> Vec<(String, String)> {
        let sql = format!("show binlog events in '{}' from {}", since.0, since.1);
        let rows: Vec<Row> = self.conn.query(sql).await.unwrap();
        let mut found = Vec::new();
        for row in rows {
            if row.get::<String, _>(2).unwrap() != "Query" {
                continue;
            }
            let info: Vec<u8> = row.get(5).unwrap();
            let info = String::from_utf8_lossy(&info).into_owned();
            let info = info.replacen("use \"h_ddl_t\"", "use `h_ddl_t`", 1);
            match info.strip_prefix("use `").and_then(|rest| rest.split_once("`; ")) {
                Some((database, text)) if DATABASES.contains(&database) => {
                    found.push((database.to_owned(), text.to_owned()));
                }
                Some(_) => {}
                None if DATABASES.iter().any(|name| info.contains(name)) => {
                    found.push((String::new(), info));
                }
                None => {}
            }
        }
        found
    }

    /// Tables of our databases, without views and sequences.
    pub(crate) async fn tables(&mut self) -> Vec<(String, String)> {
        let sql = format!(
            "select table_schema, table_name from information_schema.tables where table_schema in \
             ('{}') and table_type in ('BASE TABLE', 'SYSTEM VERSIONED') order by 1, 2",
            DATABASES.join("','")
        );
        self.conn.query(sql).await.unwrap()
    }

    pub(crate) async fn databases(&mut self) -> Vec<(String, String)> {
        let sql = format!(
            "select schema_name, default_collation_name from information_schema.schemata \
             where schema_name in ('{}')",
            DATABASES.join("','")
        );
        self.conn.query(sql).await.unwrap()
    }

    pub(crate) async fn show_create(&mut self, database: &str, table: &str) -> Option<String> {
        let name = format!("`{}`.`{}`", database, table.replace('`', "``"));
        // How it is printed depends on the session.
        let mode: String = self.conn.query_first("select @@sql_mode").await.unwrap().unwrap();
        self.try_run("set sql_mode = ''").await.unwrap();
        let row: Option<Row> =
            self.conn.query_first(format!("show create table {name}")).await.unwrap_or(None);
        self.try_run(&format!("set sql_mode = '{mode}'")).await.unwrap();
        row.and_then(|row| row.get(1))
    }
}
