//! Runs statements and compares.

use crate::expected;
use crate::server::{DATABASES, Server};
use walbrook_mysql::ddl::{Context, Effect, Kind, Structures, read_show_create};

/// What came out.
#[derive(Debug, Default)]
pub(crate) struct Count {
    pub(crate) statements: usize,
    pub(crate) refused: usize,
    pub(crate) wrong: usize,
    pub(crate) unknown: usize,
}

pub(crate) struct Run {
    server: Server,
    sides: [Side; 2],
}

/// The structures that follow one of the two texts.
struct Side {
    name: &'static str,
    structures: Structures,
    count: Count,
}

impl Run {
    pub(crate) fn new(server: Server) -> Self {
        let side = |name| Side { name, structures: Structures::default(), count: Count::default() };
        Self { server, sides: [side("logged"), side("written")] }
    }

    /// An empty database.
    pub(crate) async fn start(&mut self) {
        for name in DATABASES {
            self.server.try_run(&format!("drop database if exists {name}")).await.unwrap();
        }
        self.server.try_run("set sql_mode = default").await.unwrap();
        self.server.try_run("create database h_ddl_t character set utf8mb4").await.unwrap();
        self.server.try_run("use h_ddl_t").await.unwrap();
        let databases = self.server.databases().await;
        for side in &mut self.sides {
            side.structures = Structures::default();
            for (name, collation) in &databases {
                side.structures.set_database(name, collation);
            }
        }
    }

    pub(crate) async fn statement(&mut self, sql: &str) {
        let mark = self.server.mark().await;
        let context = self.server.context().await;
        if let Err(error) = self.server.try_run(sql).await {
            if std::env::args().any(|arg| arg == "--nocapture") {
                println!("refused: {sql}: {error}");
            }
            self.sides.iter_mut().for_each(|side| side.count.refused += 1);
            return;
        }
        let logged = self.server.logged(&mark).await;
        let [of_log, written] = &mut self.sides;
        for (database, text) in &logged {
            of_log.apply(database, text, &context, &mut self.server).await;
        }
        if !logged.is_empty() {
            // The server adds an invisible key before it logs the statement.
            let generated = logged.iter().find(|(_, text)| text.contains("my_row_id"));
            let sql = generated.map_or(sql, |(_, text)| text);
            written.apply("h_ddl_t", sql, &context, &mut self.server).await;
        }
    }

    pub(crate) async fn finish(mut self) -> [Count; 2] {
        for name in DATABASES {
            self.server.try_run(&format!("drop database if exists {name}")).await.unwrap();
        }
        self.sides.map(|side| side.count)
    }
}

impl Side {
    async fn apply(&mut self, database: &str, sql: &str, context: &Context, server: &mut Server) {
        self.count.statements += 1;
        let effects = self.structures.apply(database, sql, context);
        if effects.iter().any(|effect| matches!(effect.kind, Kind::Unknown { .. })) {
            self.count.unknown += 1;
            println!("{} unknown: {sql}: {:?}", self.name, effects[0].kind);
        }
        let mut wrong = self.tables(server, &effects).await;
        for effect in effects.iter().filter(|effect| !effect.table.is_empty()) {
            wrong.extend(self.compare(effect, context, server).await);
        }
        if !wrong.is_empty() {
            self.count.wrong += 1;
            println!("{} WRONG: {sql}", self.name);
            wrong.iter().for_each(|wrong| println!("    {wrong}"));
        }
    }

    /// Tables that only one of us knows.
    async fn tables(&mut self, server: &mut Server, effects: &[Effect]) -> Vec<String> {
        let there = server.tables().await;
        let asked = |database: &str, table: &str| {
            effects.iter().any(|effect| {
                matches!(effect.kind, Kind::Unknown { .. })
                    && (effect.table.is_empty()
                        || (effect.database == database && effect.table == table))
            })
        };
        let mut wrong = Vec::new();
        for (database, table) in &there {
            if self.structures.get(database, table).is_none() && !asked(database, table) {
                wrong.push(format!("{database}.{table} is not known"));
                let text = server.show_create(database, table).await.expect("a table");
                let context = Context::new(server.flavor, server.version);
                if let Ok(structure) = read_show_create(database, &text, &context) {
                    self.structures.insert(structure);
                }
            }
        }
        let known: Vec<(String, String)> = self
            .structures
            .iter()
            .map(|structure| (structure.database.clone(), structure.name.clone()))
            .collect();
        for name in known {
            if !there.contains(&name) && DATABASES.contains(&name.0.as_str()) {
                self.structures.remove(&name.0, &name.1);
                wrong.push(format!("{name:?} is not there"));
            }
        }
        wrong
    }

    /// A table against the server's words; afterwards we know it as the server does.
    async fn compare(
        &mut self,
        effect: &Effect,
        context: &Context,
        server: &mut Server,
    ) -> Vec<String> {
        let Effect { database, table, .. } = effect;
        if !server.tables().await.contains(&(database.clone(), table.clone())) {
            return Vec::new();
        }
        let Some(text) = server.show_create(database, table).await else { return Vec::new() };
        let shown = match read_show_create(database, &text, context) {
            Ok(shown) => shown,
            Err(failure) => return vec![format!("SHOW CREATE TABLE {table}: {failure}")],
        };
        let mut wrong = expected::differences(&shown, server).await;
        wrong.iter_mut().for_each(|text| text.insert_str(0, "SHOW CREATE TABLE: "));
        if let Some(tracked) = self.structures.get(database, table) {
            wrong.extend(expected::differences(tracked, server).await);
            wrong.extend(expected::unlike(tracked, &shown));
        }
        if !wrong.is_empty() || matches!(effect.kind, Kind::Unknown { .. }) {
            self.structures.insert(shown);
        }
        wrong
    }
}
