//! Statements of the log: where transactions begin and end, and what tables look like from here on.

use super::announce::fills_table;
use super::failure::protocol;
use super::follower::Follower;
use super::statement::Statement;
use crate::binlog::{Event, Query, StatementKind};
use crate::codes;
use crate::ddl::{Context, Effect, Kind, SqlMode};
use crate::snapshot::entry::TableEntry;
use crate::source_block::{self, Tail};
use crate::structure::Structure;
use crate::table::Select;
use std::borrow::Cow;
use std::sync::Arc;
use walbrook_core::change::{Change, Event as Told, Marker, Op, Source};
use walbrook_core::checkpoint::{Part, put};
use walbrook_core::error::{Error, Result};
use walbrook_core::layout::Table;

impl Follower {
    /// Takes a statement.
    pub(super) async fn query(&mut self, event: &Event<'_>, query: &Query<'_>) -> Result<()> {
        let context = self.context_of(query)?;
        let sql = text(query.sql);
        let statement = Statement::of(&sql);
        let Some(transaction) = &mut self.transaction else {
            return Err(protocol("A statement came outside a transaction."));
        };
        match statement {
            Statement::Begin => {
                transaction.open = true;
                transaction.thread = Some(i64::from(query.thread_id));
                Ok(())
            }
            Statement::Commit => self.end().await,
            Statement::Rollback | Statement::RollbackTo if transaction.told => Err(rolled_back()),
            Statement::Rollback => {
                // Rows that never were may be held for open chunks.
                self.reading.spoil();
                self.end().await
            }
            Statement::RollbackTo => {
                self.reading.spoil();
                Ok(())
            }
            Statement::Mark | Statement::XaEnd => Ok(()),
            Statement::XaStart => {
                transaction.open = true;
                transaction.waits = true;
                transaction.thread = Some(i64::from(query.thread_id));
                Ok(())
            }
            Statement::XaCommit(xid) => self.committed(&xid).await,
            Statement::XaRollback(xid) => self.rolled_back(&xid).await,
            Statement::Changes => {
                self.changes_in(&text(query.database))?;
                self.end_unless_open().await
            }
            Statement::Other(_) if transaction.idle => self.end().await,
            Statement::Other(sql) => self.define(event, query, sql, &context).await,
        }
    }

    /// How the statement is understood: what its session had set.
    fn context_of(&self, query: &Query<'_>) -> Result<Context> {
        let status = query
            .status
            .read()
            .ok_or_else(|| protocol("A statement's circumstances cannot be read."))?;
        let mut context = self.context.clone();
        context.sql_mode = SqlMode(status.sql_mode.unwrap_or(0));
        if let Some(explicit) = status.explicit_defaults_for_timestamp {
            context.explicit_timestamps = explicit;
        }
        Ok(context)
    }

    async fn define(
        &mut self,
        event: &Event<'_>,
        query: &Query<'_>,
        sql: &str,
        context: &Context,
    ) -> Result<()> {
        let effects = self.structures.apply(&text(query.database), sql, context);
        for effect in &effects {
            self.effect(event, effect).await?;
        }
        self.announce(event, query, &effects).await?;
        if fills_table(query.sql)
            && let Some(transaction) = &mut self.transaction
        {
            transaction.open = true;
        }
        self.end_unless_open().await
    }

    async fn end_unless_open(&mut self) -> Result<()> {
        match &self.transaction {
            Some(transaction) if !transaction.open => self.end().await,
            _ => Ok(()),
        }
    }

    async fn effect(&mut self, event: &Event<'_>, effect: &Effect) -> Result<()> {
        let table = Table::new(effect.database.as_str(), effect.table.as_str());
        self.look_after_hidden(&table, &effect.kind);
        match &effect.kind {
            Kind::Created | Kind::Altered | Kind::Indexed => self.defined(&table, effect),
            Kind::Renamed { database, table: name } => {
                self.gone(&Table::new(database.as_str(), name.as_str()));
                self.defined(&table, effect);
            }
            Kind::Dropped => self.gone(&table),
            Kind::Truncated => {
                self.reading.disturb(&table);
                return self.truncated(event, &table, effect.before.as_deref()).await;
            }
            Kind::Unknown { reason } => return self.not_understood(&table, reason),
            Kind::DatabaseDropped | Kind::DatabaseCreated | Kind::DatabaseAltered | Kind::Noted => {
            }
        }
        Ok(())
    }

    /// One that is created comes whole through the log; whatever else happens to a hidden one, its
    /// structure is to be looked at again.
    fn look_after_hidden(&mut self, table: &Table, kind: &Kind) {
        if self.hidden.is_empty() {
            return;
        }
        match kind {
            Kind::Created => drop(self.hidden.remove(table)),
            _ => self.shaken = true,
        }
    }

    fn captures(&self, table: &Table) -> bool {
        !self.hidden.contains(table) && (self.settings.selection)(&table.schema, &table.name)
    }

    fn defined(&mut self, table: &Table, effect: &Effect) {
        if !self.captures(table) {
            return;
        }
        self.tables.forget(table);
        self.reading.disturb(table);
        self.redefined = true;
        if let Some(after) = &effect.after {
            tracing::info!(%table, "structure changed");
            self.updates.push(put(Part::Structure(table.to_string()), &**after));
        }
    }

    fn gone(&mut self, table: &Table) {
        if !self.captures(table) {
            return;
        }
        self.tables.forget(table);
        self.reading.drop(table);
        self.redefined = true;
        self.updates.push((Part::Structure(table.to_string()), None));
        self.updates.push((Part::Table(table.to_string()), None));
    }

    /// What is known of the tables that it may be about is not trusted any more: their structure is
    /// taken from the log, or from the server if the rows of the log have its form.
    fn not_understood(&mut self, table: &Table, reason: &str) -> Result<()> {
        let any = table.name.is_empty();
        if !any && !self.captures(table) {
            return Ok(());
        }
        let about = |it: &Arc<Structure>| {
            let one = *it.database == *table.schema && *it.name == *table.name;
            (any || one) && (self.settings.selection)(&it.database, &it.name)
        };
        let known = self.structures.iter().filter(|it| about(it));
        let mut doubtful: Vec<Table> =
            known.map(|it| Table::new(it.database.as_str(), it.name.as_str())).collect();
        doubtful.extend((!any).then(|| table.clone()));
        for table in doubtful {
            tracing::warn!(%table, reason, "a statement was not understood");
            self.tables.forget(&table);
            self.reading.disturb(&table);
            self.redefined = true;
            // Also after a restart what is stored must not be trusted; consumers know the table.
            self.updates.push((Part::Structure(table.to_string()), None));
            let entry = TableEntry { done: true, ..TableEntry::default() };
            if self.reading.publishes(&table) {
                self.updates.push(put(Part::Table(table.to_string()), &entry));
            }
            self.doubtful.insert(table);
        }
        Ok(())
    }

    /// TRUNCATE is told like a change of rows.
    async fn truncated(
        &mut self,
        event: &Event<'_>,
        table: &Table,
        structure: Option<&Structure>,
    ) -> Result<()> {
        let known = self.structures.get(&table.schema, &table.name).cloned();
        let structure = structure.or(known.as_deref());
        let told = !self.muted && self.captures(table);
        let (true, Some(structure)) = (told, structure) else { return Ok(()) };
        let layout = Select::compile(structure, &self.settings.modes, self.settings.flavor).layout;
        self.begin_told().await?;
        let ts_us = self.time_of(event);
        let settings = &self.settings;
        let (Some(transaction), Some(batch)) = (&mut self.transaction, &mut self.batch) else {
            return Ok(());
        };
        transaction.events = transaction.events.saturating_add(1);
        let head = batch.append_with(|out| {
            source_block::write_head(out, settings.flavor, &settings.topic_prefix, ts_us);
        });
        let tail = Tail {
            db: &table.schema,
            ts_us,
            table: Some(&table.name),
            server_id: event.server_id,
            gtid: Some(&transaction.id),
            file: event.file,
            pos: event.start,
            row: 0,
            thread: transaction.thread,
            query: transaction.query.as_deref(),
        };
        let tail = batch.append_with(|out| source_block::write_tail(out, &tail));
        let layout = batch.layout(&layout);
        batch.events.push(Told::Change(Change {
            layout,
            op: Op::Truncate,
            number: transaction.number(0),
            before: None,
            after: None,
            source: Source { head, tail },
            marker: Marker::False,
        }));
        Ok(())
    }

    /// A part of a change that is logged as a statement. Most come before the statement itself,
    /// which says what it is about; a file to be loaded is told here only.
    pub(super) fn statement_changes(&self, kind: StatementKind) -> Result<()> {
        match kind {
            StatementKind::Load => self.changes_in(""),
            _ => Ok(()),
        }
    }

    fn changes_in(&self, database: &str) -> Result<()> {
        let captured = database.is_empty()
            || self
                .structures
                .iter()
                .any(|it| it.database == database && (self.settings.selection)(database, &it.name));
        if !captured {
            return Ok(());
        }
        let message = format!(
            "A change of rows in database {database:?} was logged as a statement, which cannot be \
             told row by row."
        );
        Err(Error::definite(codes::STATEMENT, message).fix(
            "Set binlog_format = ROW for every session, and take a new snapshot under another \
             connector name.",
        ))
    }
}

/// The text of a statement or a name. Whatever is not UTF-8 is in quotes or comments.
fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

fn rolled_back() -> Error {
    let message = "Rows were told and then rolled back in the log: the transaction changed tables \
                   that cannot be rolled back beside tables that can.";
    Error::definite(codes::ROLLED_BACK, message).fix(
        "Keep all captured tables in InnoDB, and take a new snapshot under another connector name.",
    )
}
