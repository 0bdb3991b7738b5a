//! One event as one line of text.

use super::semantic;
use super::shown::{Cell, Row, Shown, What};

/// How much of a value is shown.
const VALUE: usize = 60;
/// The longest name of a table that others are aligned with.
const OF: usize = 32;

/// How a piece of a line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    Plain,
    Dim,
    Strong,
    Colour(&'static str),
}

impl Look {
    fn escape(self) -> &'static str {
        match self {
            Look::Plain => "",
            Look::Dim => "\x1b[2m",
            Look::Strong => "\x1b[1m",
            Look::Colour(escape) => escape,
        }
    }
}

/// Writes lines that are aligned with each other.
#[derive(Debug, Default)]
pub struct Lines {
    /// Whether escape sequences for colours are written.
    pub colours: bool,
    /// Where a line is cut, in characters.
    pub width: Option<usize>,
    /// Width of the longest table name so far.
    of: usize,
}

impl Lines {
    /// Lines that look as asked for.
    pub fn new(colours: bool, width: Option<usize>) -> Self {
        Self { colours, width, of: 0 }
    }

    /// The line of `shown`, without its end.
    pub fn line(&mut self, shown: &Shown) -> String {
        self.of = self.of.max(shown.of.chars().count()).min(OF);
        let mut pieces = vec![
            (Look::Dim, shown.time_us.map_or_else(|| " ".repeat(12), semantic::clock) + "  "),
            (look(shown.what), format!("{:<9} ", shown.what.word())),
            (Look::Strong, format!("{:<width$}", shown.of, width = self.of)),
        ];
        for (name, cell) in &shown.key {
            pieces.push((Look::Strong, format!("  {name}={}", cut(&cell.text()))));
        }
        match (&shown.before, &shown.after) {
            (Some(before), Some(after)) => changed(&mut pieces, shown, before, after),
            (Some(row), None) | (None, Some(row)) => known(&mut pieces, shown, row, Look::Plain),
            (None, None) => {}
        }
        if let Some(trouble) = &shown.trouble {
            pieces.push((Look::Colour("\x1b[31m"), format!("  {trouble}")));
        }
        if let Some(transaction) = &shown.transaction {
            pieces.push((Look::Dim, format!("  tx {transaction}")));
        }
        let lag = shown.lag_ms.map(|ms| format!("  +{}", span(ms)));
        self.join(pieces, lag.unwrap_or_default())
    }

    /// A remark between lines, under the words.
    pub fn aside(&self, text: &str) -> String {
        self.join(vec![(Look::Dim, format!("{:14}{text}", ""))], String::new())
    }

    /// Puts a line together; what does not fit is left out, the end stays.
    fn join(&self, pieces: Vec<(Look, String)>, end: String) -> String {
        let mut room =
            self.width.map_or(usize::MAX, |width| width.saturating_sub(end.chars().count()));
        let mut out = String::new();
        for (look, text) in pieces {
            let size = text.chars().count();
            if size > room {
                let short: String = text.chars().take(room.saturating_sub(1)).collect();
                self.push(&mut out, look, &(short + "…"));
                break;
            }
            room -= size;
            self.push(&mut out, look, &text);
        }
        self.push(&mut out, Look::Dim, &end);
        out.truncate(out.trim_end().len());
        out
    }

    fn push(&self, out: &mut String, look: Look, text: &str) {
        if self.colours && look != Look::Plain && !text.is_empty() {
            out.push_str(look.escape());
            out.push_str(text);
            out.push_str("\x1b[0m");
        } else {
            out.push_str(text);
        }
    }
}

fn look(what: What) -> Look {
    Look::Colour(match what {
        What::Read => "\x1b[36m",
        What::Insert | What::Message => "\x1b[32m",
        What::Update => "\x1b[33m",
        What::Delete | What::Truncate => "\x1b[31m",
        What::Tombstone | What::Begin | What::End | What::Record => return Look::Dim,
    })
}

/// The columns of an update: first what has changed, old → new, then the rest.
fn changed(pieces: &mut Vec<(Look, String)>, shown: &Shown, before: &Row, after: &Row) {
    let old = |name: &str| before.iter().find(|(n, _)| n == name).map(|(_, cell)| cell);
    let differs = |name: &str, new: &Cell| {
        old(name).filter(|old| *old != new && !old.is_unchanged() && !new.is_unchanged())
    };
    for (name, new) in after {
        if let Some(old) = differs(name, new) {
            let text = format!("  {name}: {} → {}", cut(&old.text()), cut(&new.text()));
            pieces.push((Look::Plain, text));
        }
    }
    let rest: Row = after.iter().filter(|(n, c)| differs(n, c).is_none()).cloned().collect();
    // Against a key-only old row nothing is known to be the same.
    let whole = before.len() >= after.len();
    known(pieces, shown, &rest, if whole { Look::Dim } else { Look::Plain });
}

/// Columns outside the key.
fn known(pieces: &mut Vec<(Look, String)>, shown: &Shown, row: &Row, look: Look) {
    for (name, cell) in row {
        if shown.key.iter().any(|(key, _)| key == name) {
            continue;
        }
        if cell.is_unchanged() {
            pieces.push((Look::Dim, format!("  {name}=(unchanged)")));
        } else {
            pieces.push((look, format!("  {name}={}", cut(&cell.text()))));
        }
    }
}

/// A value's text, cut where it is long.
fn cut(text: &str) -> String {
    if text.chars().count() <= VALUE {
        return text.to_owned();
    }
    text.chars().take(VALUE - 1).chain(['…']).collect()
}

/// A length of time as people say it.
fn span(ms: i64) -> String {
    match ms {
        ..10_000 => format!("{ms} ms"),
        10_000..600_000 => format!("{} s", ms / 1000),
        600_000..36_000_000 => format!("{} min", ms / 60_000),
        _ => format!("{} h", ms / 3_600_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn row(value: serde_json::Value) -> Row {
        let object = value.as_object().unwrap().clone();
        object.into_iter().map(|(name, value)| (name, Cell::plain(value))).collect()
    }

    fn update() -> Shown {
        let mut shown = Shown::new(What::Update, "public.orders");
        shown.time_us = Some(45_296_789_000);
        shown.key = row(json!({"id": 42}));
        let old = json!({"id": 42, "status": "new", "note": null, "memo": "x".repeat(99)});
        let new = json!({"id": 42, "status": "paid", "note": "a\nb", "memo": "x".repeat(99)});
        shown.before = Some(row(old));
        let mut after = row(new);
        after.push(("total".into(), Cell::bare("12.50")));
        shown.after = Some(after);
        shown.transaction = Some("771:26".into());
        shown.lag_ms = Some(4);
        shown
    }

    fn all() -> Vec<Shown> {
        let mut read = Shown::new(What::Read, "public.a_table_with_a_long_name");
        read.after = Some(row(json!({"id": 1, "tags": ["a", null]})));
        let mut delete = Shown::new(What::Delete, "public.orders");
        delete.key = row(json!({"id": 42}));
        delete.before = Some(row(json!({"id": 42})));
        let mut toast = update();
        toast.before = Some(row(json!({"id": 42})));
        toast.after = Some(row(json!({"id": 42, "n": 1, "big": super::super::shown::PLACEHOLDER})));
        toast.lag_ms = Some(3_700_000);
        let mut trouble = Shown::new(What::Record, "shop.other");
        trouble.trouble = Some("The schema is not Avro.".into());
        vec![update(), toast, delete, Shown::new(What::Truncate, "public.t"), read, trouble]
    }

    #[test]
    fn lines_without_a_terminal() {
        let mut lines = Lines::new(false, None);
        let text: Vec<_> = all().iter().map(|shown| lines.line(shown)).collect();
        insta::assert_snapshot!(text.join("\n"), @r#"
        12:34:56.789  UPDATE    public.orders  id=42  status: "new" → "paid"  note: NULL → "a\nb"  memo="xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…  total=12.50  tx 771:26  +4 ms
        12:34:56.789  UPDATE    public.orders  id=42  n=1  big=(unchanged)  tx 771:26  +61 min
                      DELETE    public.orders  id=42
                      TRUNCATE  public.t
                      READ      public.a_table_with_a_long_name  id=1  tags=["a",null]
                      RECORD    shop.other                       The schema is not Avro.
        "#);
    }

    #[test]
    fn lines_on_a_terminal_are_coloured_and_cut() {
        let line = Lines::new(true, Some(70)).line(&update());
        insta::assert_snapshot!(line.replace('\x1b', "^"), @r#"^[2m12:34:56.789  ^[0m^[33mUPDATE    ^[0m^[1mpublic.orders^[0m^[1m  id=42^[0m  status: "new" → …^[2m  +4 ms^[0m"#);
        let plain = Lines::new(false, Some(70)).line(&update());
        assert_eq!(plain.chars().count(), 70);
        assert!(plain.ends_with("  +4 ms"), "{plain}");
    }

    #[test]
    fn json_has_everything() {
        let mut shown = update();
        for row in [&mut shown.before, &mut shown.after] {
            row.iter_mut().for_each(|row| row.retain(|(name, _)| name != "memo"));
        }
        insta::assert_snapshot!(shown.json(), @r#"{"what":"UPDATE","op":"u","table":"public.orders","time":"1970-01-01T12:34:56.789Z","key":{"id":42},"before":{"id":42,"status":"new","note":null},"after":{"id":42,"status":"paid","note":"a\nb","total":"12.50"},"transaction":"771:26","source":null,"lag_ms":4}"#);
    }
}
