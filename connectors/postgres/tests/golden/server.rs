//! A real server: makes the tables of a case and reads them by COPY and by pgoutput.

use crate::avro::Decoder;
use crate::case::Case;
use crate::compare::Report;
use futures_util::{StreamExt, pin_mut};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use tokio_postgres::{Client, NoTls};
use walbrook_core::avro::text;
use walbrook_core::batch::{Batch, Image, State};
use walbrook_core::layout::Layout;
use walbrook_core::schema::{Field, Kind, Literal, Schema, Wrap};
use walbrook_postgres::catalog::{self, Catalog, Live};
use walbrook_postgres::pgoutput::{Message, Old, Relation};
use walbrook_postgres::table::{RowError, Table};

pub(crate) struct Server {
    url: String,
}

/// What has been written to the topics of one case.
struct Written<'a> {
    case: &'a Case,
    records: BTreeMap<String, Vec<Value>>,
    /// Registered texts by subject, in order.
    texts: BTreeMap<String, Vec<String>>,
}

impl Server {
    #[allow(clippy::disallowed_methods, reason = "names the server of the test")]
    pub(crate) fn from_env(variable: &str) -> Option<Self> {
        std::env::var(variable).ok().map(|url| Self { url })
    }

    async fn connect(&self, database: &str) -> Client {
        let mut config = self.url.parse::<tokio_postgres::Config>().unwrap();
        config.dbname(database);
        let (client, connection) = config.connect(NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    pub(crate) async fn run(&self, case: &Case, report: &mut Report<'_>) {
        let database = format!("wb_golden_{}_{}", case.name, std::process::id());
        let database = database.get(..60.min(database.len())).unwrap();
        let admin = self.connect("postgres").await;
        admin
            .batch_execute(&format!("CREATE DATABASE {database} TEMPLATE template0"))
            .await
            .unwrap();
        let work = self.connect(database).await;
        work.batch_execute(&case.setup).await.unwrap();
        let live = Live::open(self.connect(database).await).await.unwrap();
        let mut written = Written { case, records: BTreeMap::new(), texts: BTreeMap::new() };
        written.snapshot(&live).await;
        work.batch_execute("CREATE PUBLICATION p FOR ALL TABLES").await.unwrap();
        let slot = format!("s_{database}");
        work.execute("SELECT pg_create_logical_replication_slot($1, 'pgoutput')", &[&slot])
            .await
            .unwrap();
        let mut tables = HashMap::new();
        for piece in &case.run {
            for statement in piece {
                if let Err(error) = work.batch_execute(statement).await {
                    report.difference(&case.name, &format!("{statement}: {error}"), None);
                }
            }
            let altered = piece.iter().any(|sql| sql.contains("ALTER TABLE"));
            written.stream(&live, &slot, &mut tables, altered).await;
        }
        work.execute("SELECT pg_drop_replication_slot($1)", &[&slot]).await.unwrap();
        drop((work, live));
        let drop = format!("DROP DATABASE {database} WITH (FORCE)");
        admin.batch_execute(&drop).await.unwrap();
        written.compare(report);
    }
}

impl Written<'_> {
    async fn snapshot(&mut self, live: &Live) {
        for info in catalog::tables(live.client(), |_, _| true).await.unwrap() {
            let relation = catalog::relation(live.client(), info.oid).await.unwrap();
            let table = self.compile(live, &relation, &[]).await;
            let mut list = table.select_list();
            let mut rows = self.copy(live, &table, &info.schema, &info.name, &list).await;
            let mut optional = Vec::new();
            while let Err(column) = rows {
                optional.push(column);
                let table = self.compile(live, &relation, &optional).await;
                list = table.select_list();
                rows = self.copy(live, &table, &info.schema, &info.name, &list).await;
            }
        }
    }

    /// Copies a table; `Err` is the column that turned out to have nulls.
    async fn copy(
        &mut self,
        live: &Live,
        table: &Table,
        schema: &str,
        name: &str,
        list: &str,
    ) -> Result<(), String> {
        let sql = format!("COPY (SELECT {list} FROM \"{schema}\".\"{name}\") TO STDOUT");
        let stream = live.client().copy_out(&sql).await.unwrap();
        pin_mut!(stream);
        let mut bytes = Vec::new();
        while let Some(chunk) = stream.next().await {
            bytes.extend_from_slice(&chunk.unwrap());
        }
        let mut made = Vec::new();
        for line in bytes.split(|byte| *byte == b'\n').take_while(|line| !line.is_empty()) {
            let mut batch = Batch::default();
            match table.write_copy_line(&mut batch, line) {
                Ok(image) => made.push((batch, image)),
                Err(RowError::NullInRequired { column }) => {
                    return Err(table.layout.fields[column].name.to_string());
                }
                Err(RowError::Bad(error)) => panic!("{error}"),
            }
        }
        for (batch, image) in made {
            self.change(&table.layout, &batch, "r", None, Some(image));
        }
        Ok(())
    }

    async fn compile(&self, live: &Live, relation: &Relation, optional: &[String]) -> Table {
        let structure = live.structure(relation).await.unwrap();
        // As it comes back from the checkpoint.
        let structure = serde_json::to_string(&structure).unwrap();
        let structure: Option<catalog::Structure> = serde_json::from_str(&structure).unwrap();
        Table::compile(relation, structure.as_ref(), &self.case.modes, optional).unwrap()
    }

    async fn stream(
        &mut self,
        live: &Live,
        slot: &str,
        tables: &mut HashMap<u32, (Arc<Table>, Relation)>,
        altered: bool,
    ) {
        let sql = "SELECT data FROM pg_logical_slot_get_binary_changes($1, NULL, NULL, \
            'proto_version', '1', 'publication_names', 'p')";
        for row in live.client().query(sql, &[&slot]).await.unwrap() {
            let bytes: &[u8] = row.get(0);
            let message = Message::decode(bytes).unwrap();
            if let Message::Relation(relation) = &message {
                // Each call is a new session, which sends every relation again.
                if !altered && tables.get(&relation.oid).is_some_and(|(_, old)| old == relation) {
                    continue;
                }
                let table = self.compile(live, relation, &[]).await;
                tables.insert(relation.oid, (Arc::new(table), relation.clone()));
                continue;
            }
            let oid = match &message {
                Message::Insert(m) => m.relation,
                Message::Update(m) => m.relation,
                Message::Delete(m) => m.relation,
                _ => continue,
            };
            let mut optional = Vec::new();
            loop {
                let (table, relation) = tables[&oid].clone();
                match self.row(&table, &message) {
                    Ok(()) => break,
                    Err(RowError::Bad(error)) => panic!("{error}"),
                    Err(RowError::NullInRequired { column }) => {
                        optional.push(table.layout.fields[column].name.to_string());
                        let table = self.compile(live, &relation, &optional).await;
                        tables.insert(oid, (Arc::new(table), relation));
                    }
                }
            }
        }
    }

    fn row(&mut self, table: &Table, message: &Message<'_>) -> Result<(), RowError> {
        let mut batch = Batch::default();
        let layout = &table.layout;
        let old = |batch: &mut Batch, old: &Old<'_>| match old {
            Old::Key(tuple) => table.write_key(batch, *tuple),
            Old::Full(tuple) => table.write(batch, *tuple, None),
        };
        match message {
            Message::Insert(insert) => {
                let after = table.write(&mut batch, insert.new, None)?;
                self.change(layout, &batch, "c", None, Some(after));
            }
            Message::Update(update) => {
                let before = update.old.as_ref().map(|o| old(&mut batch, o)).transpose()?;
                let after = table.write(&mut batch, update.new, before)?;
                let moved =
                    before.is_some_and(|b| key(layout, &batch, b) != key(layout, &batch, after));
                if moved {
                    self.change(layout, &batch, "d", before, None);
                    self.tombstone(layout, &batch, before);
                    self.change(layout, &batch, "c", None, Some(after));
                } else {
                    self.change(layout, &batch, "u", before, Some(after));
                }
            }
            Message::Delete(delete) => {
                let before = Some(old(&mut batch, &delete.old)?);
                self.change(layout, &batch, "d", before, None);
                self.tombstone(layout, &batch, before);
            }
            _ => {}
        }
        Ok(())
    }

    fn topic(&self, layout: &Layout) -> String {
        format!("pg_{}.{}.{}", self.case.name, layout.table.schema, layout.table.name)
    }

    fn tombstone(&mut self, layout: &Layout, batch: &Batch, image: Option<Image>) {
        let key = image.and_then(|image| key(layout, batch, image));
        let topic = self.topic(layout);
        self.records.entry(topic).or_default().push(json!({ "key": key, "value": null }));
    }

    fn change(
        &mut self,
        layout: &Layout,
        batch: &Batch,
        op: &str,
        before: Option<Image>,
        after: Option<Image>,
    ) {
        let topic = self.topic(layout);
        let value = Schema::record(format!("{topic}.Value"), fields(layout)).optional();
        let envelope =
            Schema::record(format!("{topic}.Envelope"), vec![Field::new("before", value)]);
        let text = text::of(&envelope);
        let json: Value = serde_json::from_str(&text).unwrap();
        let decode = |image: Option<Image>| {
            let image = image?;
            let schema = &json["fields"][0]["type"][1];
            Some(Decoder::new(&json).decode(schema, image.datum.of(&batch.bytes)))
        };
        let record = json!({
            "key": key(layout, batch, after.or(before).unwrap()),
            "value": {"op": op, "before": decode(before), "after": decode(after)},
        });
        self.records.entry(topic.clone()).or_default().push(record);
        self.register(format!("{topic}-value"), text);
        if !layout.key.is_empty() {
            let key = layout.key.iter().map(|place| fields(layout)[*place].clone()).collect();
            let schema = Schema::record(format!("{topic}.Key"), key);
            self.register(format!("{topic}-key"), text::of(&schema));
        }
    }

    fn register(&mut self, subject: String, text: String) {
        let texts = self.texts.entry(subject).or_default();
        if !texts.contains(&text) {
            texts.push(text);
        }
    }

    fn compare(&self, report: &mut Report<'_>) {
        let skipped = |name: &str| self.case.rekeyed && name.contains(".custom");
        for (subject, texts) in &self.texts {
            if skipped(subject) {
                continue;
            }
            for (number, text) in texts.iter().enumerate() {
                let version = format!("{subject}.v{}", number + 1);
                if subject.ends_with("-key") {
                    report.key_schema(&version, text);
                } else {
                    report.schema(&version, text);
                }
            }
        }
        for subject in self.case.schemas.keys() {
            let (name, version) = subject.rsplit_once(".v").unwrap();
            let found = self.texts.get(name).map_or(0, Vec::len);
            if version.parse::<usize>().unwrap() > found && !skipped(name) {
                report.difference(&format!("schema {subject}"), "missing", None);
            }
        }
        let topics = self.case.records.keys().chain(self.records.keys()).collect::<BTreeSet<_>>();
        for topic in topics.into_iter().filter(|topic| !skipped(topic)) {
            let found = self.records.get(topic).map(Vec::as_slice).unwrap_or_default();
            report.topic(topic, found);
        }
    }
}

fn fields(layout: &Layout) -> Vec<Field> {
    layout.fields.iter().map(|f| Field::new(f.name.clone(), f.schema.clone())).collect()
}

/// The key as a reader sees it: cells, tagged again for the key's own record.
fn key(layout: &Layout, batch: &Batch, image: Image) -> Option<Value> {
    if layout.key.is_empty() {
        return None;
    }
    let mut bytes = Vec::new();
    for place in &layout.key {
        let field = &layout.fields[*place];
        let cell = image.cell(batch, *place).unwrap();
        match cell.state {
            State::Present | State::Unchanged => {
                bytes.extend(field.wrap.value_tag());
                bytes.extend_from_slice(cell.payload.of(&batch.bytes));
            }
            State::Null if field.wrap != Wrap::Required => bytes.extend(field.wrap.null_tag()),
            State::Null | State::Absent => bytes.extend_from_slice(&field.fallback),
        }
    }
    let fields_of_key = layout.key.iter().map(|place| fields(layout)[*place].clone()).collect();
    let text = text::of(&Schema::record("k.Key", fields_of_key));
    let json: Value = serde_json::from_str(&text).unwrap();
    Some(Decoder::new(&json).decode(&json, &bytes))
}

/// Keeps the schema vocabulary in sight of this file's readers.
#[test]
fn a_default_makes_an_optional_field_end_in_null() {
    let schema = Schema::new(Kind::Int32).optional().default_value(Some(Literal::Integer(1)));
    assert_eq!(schema.wrap(), Wrap::NullLast);
}
