//! What the screen shows, from what the daemon answers: rates come from differences of counters.

use crate::cli::status::{ours, phase, size};
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// Rates are those of the last seconds.
const WINDOW: Duration = Duration::from_secs(8);
/// Phases in which records flow.
pub(super) const FLOWS: [&str; 2] = ["streaming", "snapshotting"];
/// Samples that the curves show.
const CURVE: usize = 60;

/// Counters of one connector at one moment.
#[derive(Clone, Debug, Default)]
struct Sample {
    at: Duration,
    records: u64,
    bytes: u64,
    rows: BTreeMap<String, u64>,
}

/// What was seen of one connector.
#[derive(Debug, Default)]
struct Past {
    samples: VecDeque<Sample>,
    curve: VecDeque<u64>,
}

/// What was seen of all of them.
#[derive(Debug, Default)]
pub(super) struct Model {
    past: BTreeMap<String, Past>,
    /// The connectors as they are now.
    pub(super) now: Vec<View>,
}

/// One connector as it is shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct View {
    pub(super) name: String,
    pub(super) phase: String,
    pub(super) source: String,
    pub(super) behind: String,
    pub(super) lag: String,
    pub(super) retained: String,
    pub(super) delivered: u64,
    pub(super) records: f64,
    pub(super) bytes: f64,
    pub(super) curve: Vec<u64>,
    pub(super) bars: Vec<Bar>,
    /// Code and sentence, then the fix.
    pub(super) error: Option<(String, String)>,
}

/// A table that is being read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bar {
    pub(super) table: String,
    pub(super) share: f64,
    pub(super) say: String,
}

impl Model {
    /// Takes the answer to `/connectors?expand=status&expand=info` that came at `at`.
    pub(super) fn take(&mut self, answer: &Value, only: Option<&str>, at: Duration) {
        let all = answer.as_object().into_iter().flatten();
        let chosen = all.filter(|(name, _)| only.is_none_or(|only| only == *name));
        self.now = chosen
            .map(|(name, one)| view(self.past.entry(name.clone()).or_default(), name, one, at))
            .collect();
    }
}

fn view(past: &mut Past, name: &str, one: &Value, at: Duration) -> View {
    let status = one.get("status").unwrap_or(&Value::Null);
    let number = |key: &str| ours(status, key).as_u64().unwrap_or(0);
    let tables = reading(status);
    let rows = tables.iter().map(|table| (table.name.clone(), table.rows)).collect();
    let sample = Sample { at, records: number("records"), bytes: number("bytes"), rows };
    past.samples.push_back(sample);
    while past.samples.front().is_some_and(|first| first.at + WINDOW < at) && past.samples.len() > 2
    {
        past.samples.pop_front();
    }
    let phase = phase(status).to_owned();
    // Of one that waits the last seconds say nothing: what flows now is nothing.
    let (streams, flows) = (phase == "streaming", FLOWS.contains(&phase.as_str()));
    let rate = |read: fn(&Sample) -> u64| if flows { past.rate(read) } else { 0.0 };
    let (records, bytes) = (rate(|sample| sample.records), rate(|sample| sample.bytes));
    past.curve.push_back(records as u64);
    if past.curve.len() > CURVE {
        past.curve.pop_front();
    }
    let seconds = ours(status, "lag_seconds").as_f64().unwrap_or(0.0);
    let text = |value: &Value, key: &str| {
        value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let error = ours(status, "error");
    let sentence = format!("{} {}", text(error, "code"), text(error, "message"));
    View {
        name: name.to_owned(),
        phase,
        source: source(one.pointer("/info/config/url").and_then(Value::as_str)),
        behind: match streams {
            true if seconds > 0.0 => format!("{seconds:.1} s"),
            true => "in time".to_owned(),
            false => "-".to_owned(),
        },
        lag: ours(status, "lag_bytes").as_u64().map_or_else(|| "-".to_owned(), size),
        retained: ours(status, "retained_bytes")
            .as_u64()
            .filter(|bytes| streams || *bytes > 0)
            .map_or_else(|| "-".to_owned(), size),
        delivered: number("records"),
        records,
        bytes,
        curve: past.curve.iter().copied().collect(),
        bars: tables.iter().map(|table| table.bar(past)).collect(),
        error: error.is_object().then(|| (sentence, text(error, "fix"))),
    }
}

/// A table that is read, first or again.
struct Reading {
    name: String,
    rows: u64,
    total: Option<u64>,
}

/// Tables of the first reading, and of jobs that are not over.
fn reading(status: &Value) -> Vec<Reading> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let running = |job: &Value| {
        job.get("state")
            .and_then(Value::as_str)
            .is_some_and(|it| ["waiting", "running"].contains(&it))
    };
    let jobs = list(ours(status, "resnapshots"));
    let again = jobs
        .iter()
        .filter(|job| running(job))
        .flat_map(|job| list(job.get("tables").unwrap_or(&Value::Null)));
    let open = |table: &Value| table.get("done") != Some(&Value::Bool(true));
    let tables = list(ours(status, "snapshot")).into_iter().chain(again).filter(open);
    let read = |table: Value| {
        let number = |key: &str| table.get(key).and_then(Value::as_u64);
        Reading {
            name: table.get("table").and_then(Value::as_str).unwrap_or_default().to_owned(),
            rows: number("rows").unwrap_or(0),
            total: number("rows_estimated").filter(|total| *total > 0),
        }
    };
    tables.map(read).collect()
}

impl Reading {
    fn bar(&self, past: &Past) -> Bar {
        let rate = past.rate(|sample| sample.rows.get(&self.name).copied().unwrap_or(0));
        let share = self.total.map_or(0.0, |total| (self.rows as f64 / total as f64).min(0.99));
        let mut say = match self.total {
            Some(total) => format!("{:.0} %  {} of {total} rows", share * 100.0, self.rows),
            None => format!("{} rows", self.rows),
        };
        if let Some(left) =
            self.total.map(|total| total.saturating_sub(self.rows)).filter(|_| rate > 0.0)
        {
            say.push_str(&format!(", {} left", span(left as f64 / rate)));
        }
        Bar { table: self.name.clone(), share, say }
    }
}

impl Past {
    /// Growth a second; a counter that begins anew has not grown.
    fn rate(&self, read: impl Fn(&Sample) -> u64) -> f64 {
        let (Some(first), Some(last)) = (self.samples.front(), self.samples.back()) else {
            return 0.0;
        };
        let elapsed = last.at.saturating_sub(first.at).as_secs_f64();
        if elapsed > 0.0 { read(last).saturating_sub(read(first)) as f64 / elapsed } else { 0.0 }
    }
}

fn span(seconds: f64) -> String {
    match seconds {
        s if s < 120.0 => format!("{s:.0} s"),
        s if s < 7200.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.0} h", s / 3600.0),
    }
}

/// `postgres://walbrook@db:5432/shop` → `PostgreSQL db:5432/shop`.
fn source(url: Option<&str>) -> String {
    let Some((scheme, rest)) = url.and_then(|url| url.split_once("://")) else {
        return "Database".to_owned();
    };
    let kind = match scheme {
        "mysql" => "MySQL",
        "mariadb" => "MariaDB",
        _ => "PostgreSQL",
    };
    let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
    format!("{kind} {place}")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use serde_json::json;

    /// An answer with a connector that streams, reads a table again, and has sent `records`.
    pub(crate) fn answer(records: u64, rows: u64) -> Value {
        json!({ "shop": {
            "info": { "config": { "url": "postgres://walbrook@db:5432/shop" } },
            "status": { "name": "shop", "walbrook": {
                "phase": "streaming", "lag_bytes": 2048, "lag_seconds": 0.4, "retained_bytes": 16_777_216,
                "records": records, "bytes": records * 100, "error": null, "snapshot": [],
                "resnapshots": [{ "state": "running", "tables": [
                    { "table": "public.orders", "rows": rows, "rows_estimated": 1000, "done": false },
                    { "table": "public.items", "rows": 5, "rows_estimated": 5, "done": true }] }] } } },
            "crm": { "status": { "name": "crm", "walbrook": { "phase": "failed", "records": 3,
                "error": { "code": "WB-PG-014", "message": "The slot is lost.", "fix": "Take a new snapshot." } } } } })
    }

    #[test]
    fn rates_and_times_follow_from_counters() {
        let mut model = Model::default();
        model.take(&answer(1000, 100), Some("shop"), Duration::from_secs(1));
        model.take(&answer(3000, 300), Some("shop"), Duration::from_secs(5));
        let [view] = model.now.as_slice() else { panic!("{:?}", model.now) };
        assert_eq!((view.records, view.bytes), (500.0, 50_000.0));
        assert_eq!(view.source, "PostgreSQL db:5432/shop");
        assert_eq!(view.bars.len(), 1, "what is done is not shown");
        assert_eq!(view.bars[0].say, "30 %  300 of 1000 rows, 14 s left");
        model.take(&answer(10, 0), Some("shop"), Duration::from_secs(6));
        assert_eq!(model.now[0].records, 0.0, "a daemon that began anew");
    }

    #[test]
    fn of_one_that_waits_no_flow_and_no_delay_is_told() {
        let mut model = Model::default();
        let paused = |records: u64| {
            let mut answer = answer(records, 100);
            answer["shop"]["status"]["walbrook"]["phase"] = "paused".into();
            answer["shop"]["status"]["walbrook"]["lag_bytes"] = Value::Null;
            answer
        };
        model.take(&answer(1000, 100), Some("shop"), Duration::from_secs(1));
        model.take(&paused(3000), Some("shop"), Duration::from_secs(2));
        let [view] = model.now.as_slice() else { panic!("{:?}", model.now) };
        assert_eq!((view.records, view.bytes), (0.0, 0.0));
        assert_eq!((view.behind.as_str(), view.lag.as_str()), ("-", "-"));
        assert_eq!(view.retained, "16.0 MiB", "its log grows, and that is to be seen");
    }
}
