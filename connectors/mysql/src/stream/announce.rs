//! Statements that define captured tables, as records of the topic of schema changes.

use super::follower::Follower;
use crate::binlog::{Event, Query};
use crate::ddl::Effect;
use crate::schema_change::{self, Setting, Told};
use crate::source::inventory::Inventory;
use crate::source_block::Tail;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use walbrook_core::change::{Event as Change, Marker, Notice, NoticeTopic};
use walbrook_core::checkpoint::Updates;
use walbrook_core::error::Result;

impl Follower {
    /// Tells what a statement did, if that is wanted.
    pub(super) async fn announce(
        &mut self,
        event: &Event<'_>,
        query: &Query<'_>,
        effects: &[Effect],
    ) -> Result<()> {
        if !self.settings.schema_changes || self.muted {
            return Ok(());
        }
        // The last captured table of a database is told when it goes, too.
        let captured = |effect: &Effect| {
            !effect.table.is_empty() && (self.settings.selection)(&effect.database, &effect.table)
        };
        let concerns = |effect: &Effect| captured(effect) || self.concerns(&effect.database);
        if !effects.iter().any(concerns) {
            return Ok(());
        }
        let id = self.transaction.as_ref().map(|transaction| transaction.id.clone());
        let tail = Tail {
            db: "",
            ts_us: self.time_of(event),
            table: None,
            server_id: event.server_id,
            gtid: id.as_deref(),
            file: event.file,
            pos: event.start,
            row: 0,
            thread: thread(query),
            query: None,
        };
        let told = schema_change::of_statement(effects);
        self.tell_notices(&told, Marker::False, tail).await
    }

    /// Tells what there is and stores `updates`, in one: what is told of the beginning is told once.
    pub(crate) async fn begins(&mut self, inventory: &Inventory, updates: Updates) -> Result<()> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let at = self.at().clone();
        let tail = Tail {
            db: "",
            ts_us: i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
            table: None,
            server_id: 0,
            gtid: None,
            file: &at.file,
            pos: at.pos,
            row: 0,
            thread: None,
            query: None,
        };
        if let Some((last, told)) = inventory.told.split_last() {
            self.tell_notices(told, Marker::True, tail).await?;
            let marker = if inventory.rows_follow { Marker::True } else { Marker::Last };
            self.tell_notices(std::slice::from_ref(last), marker, tail).await?;
        }
        let position = self.position().clone();
        let batch = self.batch().await?;
        batch.events.push(Change::Progress(position));
        batch.updates.extend(updates);
        self.send()
    }

    /// Whether a database has captured tables.
    fn concerns(&self, database: &str) -> bool {
        self.structures
            .iter()
            .any(|it| it.database == database && (self.settings.selection)(database, &it.name))
    }

    /// Appends records of the topic of schema changes.
    pub(crate) async fn tell_notices(
        &mut self,
        told: &[Told],
        marker: Marker,
        tail: Tail<'_>,
    ) -> Result<()> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let ts_ms = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        let topic = Arc::clone(&self.notices);
        let settings = Arc::clone(&self.settings);
        let (flavor, topic_prefix) = (settings.flavor, settings.topic_prefix.as_str());
        let comments = settings.modes.comments;
        let setting = Setting { flavor, topic_prefix, marker, tail, ts_ms, comments };
        for told in told {
            let record = schema_change::record(told, &setting);
            let batch = self.batch().await?;
            let (key, value) = (batch.append(&record.key), batch.append(&record.value));
            let topic = Arc::clone(&topic);
            batch.events.push(Change::Notice(Notice { topic, key, value }));
        }
        Ok(())
    }
}

/// The session, where rows follow in the same transaction: the reference names it only then.
fn thread(query: &Query<'_>) -> Option<i64> {
    fills_table(query.sql).then_some(i64::from(query.thread_id))
}

/// Whether a statement creates a table and fills it in one transaction, as MySQL 8.0.21+ logs it.
pub(super) fn fills_table(sql: &[u8]) -> bool {
    const END: &[u8] = b"START TRANSACTION";
    let sql = sql.trim_ascii_end();
    let end = sql.len().checked_sub(END.len()).and_then(|start| sql.get(start..));
    end.is_some_and(|end| end.eq_ignore_ascii_case(END))
}

/// The topic of schema changes.
pub(super) fn topic(settings: &crate::settings::Settings) -> Arc<NoticeTopic> {
    Arc::new(NoticeTopic {
        name: settings.topic_prefix.clone(),
        key: schema_change::key_schema(settings.flavor),
        value: schema_change::value_schema(settings.flavor),
    })
}
