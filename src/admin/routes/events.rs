//! Server-sent events: what changes on the board, and how fast it goes, once a second.
//!
//! ```text
//!  Board ──every second──▶ Watch::step ──▶ status, snapshot (what has changed), throughput
//! ```

use super::Route;
use crate::admin::answer::{Answer, Problem};
use crate::admin::board::{ConnectorStatus, Phase, now_us};
use crate::admin::lag::Lag;
use crate::admin::shared::Shared;
use crate::admin::{codes, job, status};
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, StreamExt};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::{MissedTickBehavior, interval};
use walbrook_core::error::Error;

/// Clients at a time.
pub(in crate::admin) const LISTENERS: usize = 16;
const EVERY: Duration = Duration::from_secs(1);
const HEARTBEAT: Duration = Duration::from_secs(10);

pub(super) fn routes() -> Vec<Route> {
    let route = Route::get("/events", events)
        .about("Server-sent events: `status` and `snapshot` when they change, `throughput` every second")
        .text(200, "text/event-stream");
    vec![route]
}

async fn events(State(shared): State<Shared>) -> Answer<Response> {
    let place = Arc::clone(&shared.listeners).try_acquire_owned().map_err(|_| {
        let message = format!("{LISTENERS} clients listen to events already.");
        let error = Error::transient(codes::LISTENERS, message)
            .fix("Close one of them, or ask for the status from time to time.");
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, error)
    })?;
    let mut ended = shared.ended.clone();
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let state = (shared, Watch::default(), ticks, place);
    let steps = stream::unfold(state, |(shared, mut watch, mut ticks, place)| async move {
        ticks.tick().await;
        let told = watch.step(&shared.board().all(), &shared.worker, Instant::now());
        Some((stream::iter(told), (shared, watch, ticks, place)))
    });
    let event = |(name, data): (&'static str, Value)| {
        Ok::<_, Infallible>(Event::default().event(name).data(data.to_string()))
    };
    let events = steps.flatten().map(event).take_until(async move {
        let _ = ended.wait_for(|ended| *ended).await;
    });
    let events = Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT));
    // A proxy that collects the answer would show nothing for long.
    let unbuffered =
        [(header::CACHE_CONTROL, "no-store"), (HeaderName::from_static("x-accel-buffering"), "no")];
    Ok((unbuffered, events).into_response())
}

/// What one client has been told.
#[derive(Debug, Default)]
struct Watch {
    told: BTreeMap<String, Told>,
    at: Option<Instant>,
}

#[derive(Debug)]
struct Told {
    state: (Phase, Option<&'static str>, Option<String>, Option<u64>),
    snapshot: Value,
    counts: [u64; 3],
}

impl Watch {
    /// What a client is told now.
    fn step(
        &mut self,
        all: &[ConnectorStatus],
        worker: &str,
        now: Instant,
    ) -> Vec<(&'static str, Value)> {
        let elapsed = self.at.replace(now).map(|before| (now - before).as_secs_f64());
        let mut events = Vec::new();
        let mut throughput = Map::new();
        for one in all {
            let error = one.error.as_ref().map(ToString::to_string);
            let state = (one.phase, one.waiting, error, one.generation);
            let jobs: Vec<Value> = one.resnapshots.iter().map(job::shown).collect();
            let snapshot = json!({
                "name": one.name, "snapshot": one.snapshot, "eta_seconds": status::eta(one), "snapshots": jobs,
            });
            let counts = [one.records, one.transactions, one.bytes];
            let before = self.told.get(&one.name);
            if before.is_none_or(|before| before.state != state) {
                events.push(("status", status::status(one, worker)));
            }
            let begun = !one.snapshot.is_empty() || !jobs.is_empty();
            if begun && before.is_none_or(|before| before.snapshot != snapshot) {
                events.push(("snapshot", snapshot.clone()));
            }
            let rates = rates(before.map(|before| before.counts), counts, elapsed);
            throughput.insert(one.name.clone(), flow(one, rates));
            self.told.insert(one.name.clone(), Told { state, snapshot, counts });
        }
        let at_ms = now_us().div_euclid(1000);
        events.push(("throughput", json!({ "at_ms": at_ms, "connectors": throughput })));
        events
    }
}

fn flow(one: &ConnectorStatus, [records, transactions, bytes]: [f64; 3]) -> Value {
    let lag = Lag::of(one, now_us());
    json!({
        "phase": one.phase,
        "records_per_second": records,
        "transactions_per_second": transactions,
        "bytes_per_second": bytes,
        "lag_bytes": lag.bytes,
        "lag_seconds": lag.seconds,
        "retained_bytes": lag.retained,
    })
}

/// How fast the counts have grown; 0 where nothing is known from before.
fn rates(before: Option<[u64; 3]>, now: [u64; 3], elapsed: Option<f64>) -> [f64; 3] {
    let (Some(before), Some(elapsed)) = (before, elapsed.filter(|elapsed| *elapsed > 0.0)) else {
        return [0.0; 3];
    };
    let mut rates = [0.0; 3];
    for (rate, (now, before)) in rates.iter_mut().zip(now.into_iter().zip(before)) {
        *rate = (now.saturating_sub(before) as f64 / elapsed * 10.0).round() / 10.0;
    }
    rates
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::board::{Board, Delivered};

    #[test]
    fn changes_are_told_once_and_throughput_every_time() {
        let board = Board::new();
        let entry = board.add("shop", "postgresql", BTreeMap::new());
        let mut watch = Watch::default();
        let begin = Instant::now();
        let mut second = 0;
        let mut step = || {
            second += 1;
            let told = watch.step(&board.all(), "w", begin + Duration::from_secs(second));
            let names: Vec<_> = told.iter().map(|(name, _)| *name).collect();
            (names, told.last().unwrap().1["connectors"]["shop"].clone())
        };
        assert_eq!(step().0, ["status", "throughput"]);
        assert_eq!(step().0, ["throughput"]);
        entry.phase(Phase::Streaming);
        entry.delivered(Delivered { records: 30, transactions: 3, bytes: 5, commit_us: None });
        let (names, flow) = step();
        assert_eq!(names, ["status", "throughput"]);
        assert_eq!(
            (&flow["records_per_second"], &flow["phase"]),
            (&json!(30.0), &json!("streaming"))
        );
        assert_eq!(step().1["records_per_second"], 0.0);
        let table = "s.t".to_owned();
        entry.progress(walbrook_core::source::Progress {
            table,
            rows: 1,
            rows_estimated: None,
            bytes: 1,
            bytes_total: 2,
            done: false,
        });
        assert_eq!(step().0, ["snapshot", "throughput"]);
        assert_eq!(step().0, ["throughput"]);
    }
}
