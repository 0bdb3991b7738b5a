//! Tells the rows of a chunk, without those that the log has told meanwhile.

use super::read::{Chunk, Rows};
use crate::settings::Settings;
use crate::source_block::{self, Tail};
use crate::stream::{Follower, Watch};
use crate::table::Select;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use walbrook_core::batch::{Batch, Image, Lane};
use walbrook_core::change::{Event, Marker, Source};
use walbrook_core::error::{Error, Result};
use walbrook_core::fault;
use walbrook_core::layout::Table;
use walbrook_reader::Out;

/// Tells them; answers how many. What belongs to them in the checkpoint comes behind.
pub(super) async fn tell(
    follower: &Follower,
    watch: &Watch,
    out: &Out,
    select: &Arc<Select>,
    chunk: &Chunk,
) -> Result<u64> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now_us = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
    let settings = &*follower.settings;
    let teller = Teller { settings, follower, table: watch.table(), select, now_us };
    let mut told = 0;
    for Rows { batch: from, images, poisons } in &chunk.rows {
        let mut batch = out.empty().await?;
        poisons.iter().for_each(|error| teller.poison(&mut batch, error));
        for image in images.iter().filter(|image| !watch.touches(from, **image)) {
            let copied = batch.copy(&select.layout, from, *image, None);
            teller.push(&mut batch, copied);
            told += 1;
            fault::point("snapshot.mid_segment");
            if batch.is_full() {
                send(out, std::mem::replace(&mut batch, out.empty().await?))?;
            }
        }
        send(out, batch)?;
    }
    Ok(told)
}

/// The chunk is one: it becomes visible with what is stored about it.
fn send(out: &Out, mut batch: Batch) -> Result<()> {
    batch.lane = Some(Lane { number: 0, torn: true, updates: Vec::new() });
    out.send(batch)
}

struct Teller<'a> {
    settings: &'a Settings,
    follower: &'a Follower,
    table: &'a Table,
    select: &'a Arc<Select>,
    now_us: i64,
}

impl Teller<'_> {
    /// Appends the row of an image that lies in the batch.
    fn push(&self, batch: &mut Batch, image: Image) {
        let source = self.source(batch);
        let layout = batch.layout(&self.select.layout);
        batch.events.push(Event::read(layout, image, source, Marker::Incremental));
    }

    /// Appends a row that cannot be told; the policy decides. As in a snapshot, its bytes are not kept.
    #[cold]
    fn poison(&self, batch: &mut Batch, error: &Error) {
        let source = self.source(batch);
        let layout = batch.layout(&self.select.layout);
        batch.events.push(Event::unreadable(layout, ("select", None), source, error.clone()));
    }

    /// The source block of a row. It stands where the log is.
    fn source(&self, batch: &mut Batch) -> Source {
        let (settings, at) = (self.settings, self.follower.at());
        let newest = self.follower.newest();
        let head = batch.append_with(|out| {
            let prefix = &settings.topic_prefix;
            source_block::write_head(out, settings.flavor, prefix, self.now_us);
        });
        let tail = Tail {
            db: &self.table.schema,
            ts_us: self.now_us,
            table: Some(&self.table.name),
            server_id: newest.server_id,
            gtid: newest.id.as_deref(),
            file: &at.file,
            pos: at.pos,
            row: 0,
            thread: newest.thread,
            query: None,
        };
        let tail = batch.append_with(|out| source_block::write_tail(out, &tail));
        Source { head, tail }
    }
}
