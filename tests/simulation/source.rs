//! A source over the world: sends what the slot has not been told is safe, in batches that end
//! anywhere, and checks that nothing is ever confirmed that Kafka does not hold.

use crate::random::Random;
use crate::world::{Row, SERVER, Shared, TABLES, Transaction};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use walbrook_core::avro::write;
use walbrook_core::batch::{Batch, Image};
use walbrook_core::change::{Begin, Change, Event, Marker, Op, Poison, Source as Block};
use walbrook_core::checkpoint::{Checkpoint, Part, Updates, put};
use walbrook_core::error::{Code, Error, Result};
use walbrook_core::fault;
use walbrook_core::layout::{Field, Layout, Table};
use walbrook_core::position::{Log, Position};
use walbrook_core::resolve::Answer;
use walbrook_core::schema::{Kind, Schema};
use walbrook_core::source::{Description, Message, Source, SourceHandle};
use walbrook_kafka::twin;

/// The source of one life.
pub(crate) struct Scripted {
    pub(crate) world: Shared,
    pub(crate) broker: twin::Shared,
    pub(crate) seed: u64,
    pub(crate) start: Option<Position>,
    /// Whether some changes cannot be told.
    pub(crate) poison: bool,
}

/// Whether a change is one that cannot be told, where there are some.
pub(crate) fn is_poison(row: &Row) -> bool {
    row.version % 5 == 0
}

impl Source for Scripted {
    fn prepare<'a>(&'a mut self, checkpoint: &'a Checkpoint) -> Answer<'a, Updates> {
        let stored = checkpoint.position().expect("a readable position");
        let creating = checkpoint.get(&Part::Source).is_some();
        self.start = stored;
        Box::pin(async move {
            Ok(if creating { Updates::new() } else { vec![put(Part::Source, &"creating")] })
        })
    }

    fn start<'a>(self: Box<Self>) -> Answer<'a, SourceHandle>
    where
        Self: 'a,
    {
        Box::pin(async move { self.open() })
    }
}

impl Scripted {
    fn open(self) -> Result<SourceHandle> {
        let mut world = self.world.lock().expect("a sound world");
        world.starts += 1;
        let random = Random::new(self.seed.wrapping_add(world.starts * 7919));
        let from = self.start.as_ref().map_or(0, Position::lsn);
        if let Some(confirmed) = world.confirmed.filter(|&confirmed| confirmed > from) {
            world.violations.push(format!("a gap: stored {from}, slot {confirmed}"));
        }
        // What is stored is safe: the slot may know at once.
        world.confirmed = world.confirmed.max(Some(from));
        drop(world);
        fault::point("source.after_slot");
        let (messages, received) = async_channel::bounded(4);
        let (spare, empty) = async_channel::bounded(8);
        for _ in 0..4 {
            let _ = spare.try_send(Batch::default());
        }
        let (world, broker) = (Arc::clone(&self.world), Arc::clone(&self.broker));
        let confirm = move |position: &Position| confirm(&world, &broker, position);
        let told = Told { random, poison: self.poison };
        tokio::spawn(stream(self.world, from, told, messages, empty));
        Ok(SourceHandle {
            description: description(),
            messages: received,
            spare,
            confirm: Arc::new(confirm),
            gauges: Arc::default(),
            requests: async_channel::unbounded().0,
        })
    }
}

/// The slot learns that everything up to `position` is safe: it must be.
fn confirm(world: &Shared, broker: &twin::Shared, position: &Position) {
    let held = twin::load(broker, "sim", "c").ok().and_then(|held| held.position().ok().flatten());
    let mut world = world.lock().expect("a sound world");
    if !held.as_ref().is_some_and(|held| held.covers(position)) {
        world.violations.push(format!("confirmed {position:?}, but Kafka holds {held:?}"));
    }
    let lsn = position.lsn();
    world.confirmed = world.confirmed.max(Some(lsn));
}

/// What a source of this kind says about itself.
pub(crate) fn description() -> Description {
    let fields = vec![walbrook_core::schema::Field::new("lsn", Schema::new(Kind::Int64))];
    Description {
        connector: "postgresql",
        source_schema: Arc::new(Schema::record("sim.Source", fields)),
        export: |position| serde_json::json!({ "lsn": format!("{:?}", position.log) }),
    }
}

fn layouts() -> Vec<Arc<Layout>> {
    let field = |name: &str, schema: Schema| Field {
        name: name.into(),
        wrap: schema.wrap(),
        schema,
        fallback: [0].into(),
        unchanged: [0].into(),
        hidden: false,
    };
    let layout = |n: usize| Layout {
        table: Table::new("public", format!("t{n}")),
        fingerprint: n as u64,
        fields: vec![
            field("id", Schema::new(Kind::Int64)),
            field("v", Schema::new(Kind::Int64).optional()),
        ],
        key: vec![0],
        masked: false,
    };
    (0..TABLES).map(|n| Arc::new(layout(n))).collect()
}

/// How the log is told.
struct Told {
    random: Random,
    poison: bool,
}

async fn stream(
    world: Shared,
    from: u64,
    Told { mut random, poison }: Told,
    messages: async_channel::Sender<Message>,
    empty: async_channel::Receiver<Batch>,
) {
    let log: Vec<Transaction> = world.lock().expect("a sound world").log.clone();
    let layouts = layouts();
    let Ok(mut batch) = empty.recv().await else { return };
    for transaction in log.iter().filter(|transaction| transaction.end > from) {
        let mut number = 0;
        let events = transaction.rows.len() + 2;
        for n in 0..events {
            match n {
                0 => begin(&mut batch, transaction),
                n if n + 1 == events => {
                    let end = Position::at(SERVER, Log::Lsn(transaction.end));
                    batch.events.push(Event::End(end));
                    fault::point("stream.after_commit");
                }
                n => {
                    number += 1;
                    let row = &transaction.rows[n - 1];
                    match poison && is_poison(row) {
                        true => untold(&mut batch, row, number, transaction, &layouts),
                        false => change(&mut batch, row, number, transaction, &layouts),
                    }
                    fault::point("stream.mid_transaction");
                }
            }
            if random.below(4) == 0 {
                if messages.send(Message::Batch(batch)).await.is_err() {
                    return;
                }
                let Ok(next) = empty.recv().await else { return };
                batch = next;
                if random.below(3) == 0 {
                    tokio::time::sleep(Duration::from_millis(random.below(400))).await;
                }
                if random.below(400) == 0 {
                    let lost = Error::transient(Code::new("WB-SIM-001"), "The connection is lost.");
                    let _ = messages.send(Message::Failed(lost)).await;
                    return;
                }
            }
        }
    }
    let _ = messages.send(Message::Batch(batch)).await;
    // Idle from here on: the stream stays open.
    std::future::pending::<()>().await;
}

fn begin(batch: &mut Batch, transaction: &Transaction) {
    let id = format!("{}:{}", transaction.xid, transaction.commit);
    let id = batch.append(id.as_bytes());
    batch.events.push(Event::Begin(Begin { id, commit_us: transaction.commit as i64 }));
    fault::point("stream.after_begin");
}

fn change(
    batch: &mut Batch,
    row: &Row,
    number: u64,
    transaction: &Transaction,
    layouts: &[Arc<Layout>],
) {
    let layout = &layouts[row.table];
    let image = |batch: &mut Batch, id, version: Option<i64>| -> Image {
        let mut image = batch.image(layout);
        image.value(|out| Ok::<_, Infallible>(write::long(out, id))).expect("infallible");
        if let Some(version) = version {
            image.value(|out| Ok::<_, Infallible>(write::long(out, version))).expect("infallible");
        }
        image.finish()
    };
    let (op, before, after) = match row.op {
        'c' => (Op::Create, None, Some(image(batch, row.id, Some(row.version)))),
        'u' => (Op::Update, None, Some(image(batch, row.id, Some(row.version)))),
        'd' => (Op::Delete, Some(image(batch, row.id, None)), None),
        _ => {
            let old = image(batch, row.id, None);
            (Op::Update, Some(old), Some(image(batch, row.new_id, Some(row.version))))
        }
    };
    let place = batch.layout(layout);
    let head = batch.append(b"");
    let tail = batch.append_with(|out| write::long(out, transaction.commit as i64));
    let source = Block { head, tail };
    let marker = Marker::False;
    batch.events.push(Event::Change(Change {
        layout: place,
        op,
        number,
        before,
        after,
        source,
        marker,
    }));
}

/// A change whose row the source could not read.
fn untold(
    batch: &mut Batch,
    row: &Row,
    number: u64,
    transaction: &Transaction,
    layouts: &[Arc<Layout>],
) {
    let layout = batch.layout(&layouts[row.table]);
    let head = batch.append(b"");
    let tail = batch.append_with(|out| write::long(out, transaction.commit as i64));
    let original = Some(batch.append(format!("{}:{}", row.id, row.version).as_bytes()));
    let error = Error::poison(Code::new("WB-SIM-002"), "A value cannot be read.");
    let (op, source, form) = (Op::Update, Block { head, tail }, "sim");
    let poison = Poison { layout, op, number, error, original, form, source };
    batch.events.push(Event::Poison(Box::new(poison)));
}
