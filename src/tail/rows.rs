//! Batches of a source as events for people.

use super::decode::Decoder;
use super::shown::{Cell, PLACEHOLDER, Row, Shown, What};
use std::sync::Arc;
use walbrook_core::avro::{text, write};
use walbrook_core::batch::{Batch, Image, State};
use walbrook_core::change::{Change, Event, Op};
use walbrook_core::layout::Layout;
use walbrook_core::schema::Schema;
use walbrook_core::source::Description;

/// Reads one source's batches.
#[derive(Debug)]
pub struct Rows {
    source: Result<Decoder, String>,
    tables: Vec<Columns>,
    /// Identity and commit time of the open transaction.
    open: Option<(String, i64)>,
}

/// How the columns of a layout are read.
#[derive(Debug)]
struct Columns {
    layout: Arc<Layout>,
    decoders: Vec<Result<Decoder, String>>,
}

impl Rows {
    /// A reader of what `description` describes.
    pub fn new(description: &Description) -> Self {
        let source = Decoder::new(&text::of(&description.source_schema));
        Self { source, tables: Vec::new(), open: None }
    }

    /// The events of `batch`, as they are seen at `now_us`.
    pub fn read(&mut self, batch: &Batch, now_us: i64) -> Vec<Shown> {
        let mut out = Vec::new();
        for event in &batch.events {
            match event {
                Event::Begin(begin) => {
                    let id = String::from_utf8_lossy(begin.id.of(&batch.bytes)).into_owned();
                    self.open = Some((id, begin.commit_us));
                }
                Event::End(_) => self.open = None,
                Event::Change(change) => out.extend(self.change(batch, change, now_us)),
                Event::Progress(_) | Event::Notice(_) | Event::Poison(_) => {}
            }
        }
        out
    }

    fn change(&mut self, batch: &Batch, change: &Change, now_us: i64) -> Option<Shown> {
        let layout = batch.layouts.get(change.layout as usize)?;
        let mut shown = Shown::new(what(change.op), layout.table.to_string());
        if let Some((id, commit_us)) = &self.open {
            shown.transaction = Some(id.clone());
            shown.time_us = Some(*commit_us);
            shown.lag_ms = Some((now_us - commit_us).div_euclid(1000));
        }
        let mut block = change.source.head.of(&batch.bytes).to_vec();
        block.push(0);
        write::string(&mut block, change.marker.text());
        block.extend_from_slice(change.source.tail.of(&batch.bytes));
        match self.source.as_ref().map_err(Clone::clone).and_then(|s| s.cell(&block)) {
            Ok(cell) => shown.source = cell.value,
            Err(trouble) => shown.trouble = Some(trouble),
        }
        if shown.time_us.is_none() {
            let ms = shown.source.get("ts_ms").and_then(serde_json::Value::as_i64);
            shown.time_us = ms.and_then(|ms| ms.checked_mul(1000));
        }
        let columns = self.columns(layout);
        shown.before = change.before.map(|image| columns.row(batch, image));
        shown.after = change.after.map(|image| columns.row(batch, image));
        let keyed = shown.after.as_ref().or(shown.before.as_ref());
        let names = layout.key.iter().filter_map(|&place| layout.fields.get(place));
        let value = |name: &str| keyed?.iter().find(|(known, _)| known == name).cloned();
        shown.key = names.filter_map(|field| value(&field.name)).collect();
        Some(shown)
    }

    fn columns(&mut self, layout: &Arc<Layout>) -> &Columns {
        let known = self.tables.iter().position(|known| Arc::ptr_eq(&known.layout, layout));
        let place = known.unwrap_or_else(|| {
            self.tables.push(Columns::new(layout));
            self.tables.len() - 1
        });
        // The place exists: it was found or has just been made.
        #[allow(clippy::indexing_slicing, reason = "found or pushed just above")]
        &self.tables[place]
    }
}

impl Columns {
    fn new(layout: &Arc<Layout>) -> Self {
        // A cell is a payload without a tag: the schema as it is without NULL.
        let payload = |schema: &Schema| Schema { optional: false, default: None, ..schema.clone() };
        let decoders = layout.fields.iter().map(|f| Decoder::new(&text::of(&payload(&f.schema))));
        Self { decoders: decoders.collect(), layout: Arc::clone(layout) }
    }

    /// The columns that `image` has.
    fn row(&self, batch: &Batch, image: Image) -> Row {
        let fields = self.layout.fields.iter().zip(&self.decoders).enumerate();
        let visible = fields.filter(|(_, (field, _))| !field.hidden);
        let cells = visible.filter_map(|(place, (field, decoder))| {
            let cell = image.cell(batch, place)?;
            let shown = match cell.state {
                State::Absent => return None,
                State::Null => Cell::plain(serde_json::Value::Null),
                State::Unchanged => Cell::plain(PLACEHOLDER.into()),
                State::Present => {
                    let read = decoder.as_ref().map_err(Clone::clone);
                    let read = read.and_then(|decoder| decoder.cell(cell.payload.of(&batch.bytes)));
                    read.unwrap_or_else(|trouble| Cell::bare(format!("({trouble})")))
                }
            };
            Some((field.name.to_string(), shown))
        });
        cells.collect()
    }
}

fn what(op: Op) -> What {
    What::of_letter(op.letter())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tail::line::Lines;
    use walbrook_core::change::{Begin, Marker, Source};
    use walbrook_core::layout::{Field, Table};
    use walbrook_core::position::{Log, Position};
    use walbrook_core::schema::{self, Kind};

    fn field(name: &str, schema: Schema) -> Field {
        let wrap = schema.wrap();
        let (fallback, unchanged) = (b"\0".as_slice().into(), b"\x02?".as_slice().into());
        Field { name: name.into(), schema, wrap, fallback, unchanged, hidden: false }
    }

    fn layout() -> Arc<Layout> {
        let day = Schema::new(Kind::Int32).semantic("io.debezium.time.Date").optional();
        let fields = vec![
            field("id", Schema::new(Kind::Int32)),
            field("day", day),
            field("note", Schema::new(Kind::String).optional()),
        ];
        Arc::new(Layout {
            table: Table::new("public", "t"),
            fingerprint: 1,
            fields,
            key: vec![0],
            masked: false,
        })
    }

    fn description() -> Description {
        let marker = Schema::new(Kind::String)
            .optional()
            .default_value(Some(schema::Literal::Text("false".into())));
        let fields = vec![
            schema::Field::new("ts_ms", Schema::new(Kind::Int64)),
            schema::Field::new("snapshot", marker),
            schema::Field::new("db", Schema::new(Kind::String)),
        ];
        let source_schema = Arc::new(Schema::record("x.Source", fields));
        Description { connector: "test", source_schema, export: |_| serde_json::Value::Null }
    }

    fn row(batch: &mut Batch, layout: &Layout, id: i64, note: Option<&str>) -> Image {
        let mut row = batch.image(layout);
        let done: Result<(), ()> = row.value(|out| {
            write::long(out, id);
            Ok(())
        });
        done.unwrap();
        let day = |out: &mut Vec<u8>| {
            write::long(out, 19_782);
            Ok::<(), ()>(())
        };
        row.value(day).unwrap();
        match note {
            None => row.unchanged(None),
            Some(note) => row
                .value(|out| {
                    write::string(out, note);
                    Ok::<(), ()>(())
                })
                .unwrap(),
        }
        row.finish()
    }

    #[test]
    fn a_batch_becomes_lines() {
        let layout = layout();
        let mut batch = Batch::default();
        let number = batch.layout(&layout);
        let id = batch.append(b"771:26");
        let head = batch.append_with(|out| write::long(out, 1_000));
        let tail = batch.append_with(|out| write::string(out, "shop"));
        let source = Source { head, tail };
        let change = |op, before, after, marker| {
            Event::Change(Change { layout: number, op, number: 1, before, after, source, marker })
        };
        let read = row(&mut batch, &layout, 1, Some("a"));
        let old = row(&mut batch, &layout, 1, Some("a"));
        let new = row(&mut batch, &layout, 1, Some("b"));
        let toast = row(&mut batch, &layout, 1, None);
        let mut key = batch.image(&layout);
        key.value(|out| {
            write::long(out, 1);
            Ok::<(), ()>(())
        })
        .unwrap();
        let key = key.finish();
        batch.events = vec![
            change(Op::Read, None, Some(read), Marker::Last),
            Event::Begin(Begin { id, commit_us: 2_000_000 }),
            change(Op::Create, None, Some(read), Marker::False),
            change(Op::Update, Some(old), Some(new), Marker::False),
            change(Op::Update, None, Some(toast), Marker::False),
            change(Op::Delete, Some(key), None, Marker::False),
            change(Op::Truncate, None, None, Marker::False),
            Event::End(Position::at("s", Log::Lsn(1))),
        ];
        let shown = Rows::new(&description()).read(&batch, 2_005_000);
        assert_eq!(shown[0].source.to_string(), r#"{"ts_ms":1000,"snapshot":"last","db":"shop"}"#);
        let mut lines = Lines::new(false, None);
        let text: Vec<_> = shown.iter().map(|shown| lines.line(shown)).collect();
        insta::assert_snapshot!(text.join("\n"), @r#"
        00:00:01.000  READ      public.t  id=1  day=2024-02-29  note="a"
        00:00:02.000  INSERT    public.t  id=1  day=2024-02-29  note="a"  tx 771:26  +5 ms
        00:00:02.000  UPDATE    public.t  id=1  note: "a" → "b"  day=2024-02-29  tx 771:26  +5 ms
        00:00:02.000  UPDATE    public.t  id=1  day=2024-02-29  note=(unchanged)  tx 771:26  +5 ms
        00:00:02.000  DELETE    public.t  id=1  tx 771:26  +5 ms
        00:00:02.000  TRUNCATE  public.t  tx 771:26  +5 ms
        "#);
    }
}
