//! The Prometheus recorder, and the gauges that are read from the board when they are asked for.

use super::meter::Meter;
use super::names;
use crate::admin::board::{Board, Phase};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use walbrook_core::source::Progress;

/// Renders the metrics of the process.
#[derive(Clone)]
pub struct Metrics {
    handle: PrometheusHandle,
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Metrics")
    }
}

/// Makes this process record metrics. The error is for people.
pub fn install() -> Result<Metrics, String> {
    let latency = |name: &str| Matcher::Full(name.to_owned());
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(latency(names::COMMIT_LATENCY), names::LATENCY_BUCKETS)
        .and_then(|it| {
            it.set_buckets_for_metric(latency(names::DELIVERY_LATENCY), names::LATENCY_BUCKETS)
        })
        .map_err(|e| e.to_string())?;
    let handle = builder.install_recorder().map_err(|e| e.to_string())?;
    names::describe();
    Ok(Metrics { handle })
}

impl Metrics {
    /// The metrics in Prometheus' text form, gauges as `board` shows them now.
    pub fn render(&self, board: &Board) -> String {
        super::process::set();
        let commit = option_env!("WALBROOK_COMMIT").unwrap_or("unknown");
        metrics::gauge!(names::BUILD, "version" => env!("CARGO_PKG_VERSION"), "commit" => commit)
            .set(1.0);
        set_gauges(board);
        self.handle.render()
    }

    /// To be called every few seconds, so that histograms do not collect unread values.
    pub fn upkeep(&self) {
        self.handle.run_upkeep();
    }
}

fn set_gauges(board: &Board) {
    let now = crate::admin::board::now_us();
    for status in board.all() {
        let meter = Meter::new(&status.name, status.source);
        let lag = crate::admin::lag::Lag::of(&status, now);
        let set = |name: &'static str, value: f64| meter.gauge(name, &[]).set(value);
        if let Some(bytes) = lag.bytes {
            set(names::LAG_BYTES, bytes as f64);
        }
        set(names::LAG_SECONDS, lag.seconds);
        set(names::RETAINED_BYTES, lag.retained as f64);
        snapshot(&meter, &status.snapshot);
        if let Some(kept) = status.kept {
            if let Some(room) = kept.room_bytes {
                set(names::RETAINED_ROOM_BYTES, room as f64);
            }
            set(names::LOSS_SECONDS, kept.loss_seconds.map_or(f64::INFINITY, |s| s as f64));
            set(names::OVER_LIMIT, f64::from(u8::from(kept.over_limit)));
        }
        for phase in Phase::ALL {
            let value = f64::from(u8::from(phase == status.phase));
            meter.gauge(names::PHASE, &[("phase", phase.as_str())]).set(value);
        }
        for reason in names::REASONS {
            let value = f64::from(u8::from(status.waiting == Some(reason)));
            meter.gauge(names::WAITING, &[("reason", reason)]).set(value);
        }
    }
}

/// How far a snapshot is: the first tables by name, the others together.
fn snapshot(meter: &Meter, tables: &[Progress]) {
    if tables.is_empty() {
        return;
    }
    let left = tables.iter().filter(|table| !table.done).count();
    meter.gauge(names::SNAPSHOT_TABLES_LEFT, &[]).set(left as f64);
    for table in tables.iter().take(names::TABLES) {
        meter.gauge(names::SNAPSHOT_ROWS, &[("table", &table.table)]).set(table.rows as f64);
    }
    let others: u64 = tables.iter().skip(names::TABLES).map(|table| table.rows).sum();
    if tables.len() > names::TABLES {
        meter.gauge(names::SNAPSHOT_ROWS, &[("table", "other")]).set(others as f64);
    }
}
