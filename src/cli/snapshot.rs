//! `walbrook snapshot start|stop|watch|list`: tables read again beside the log.

use super::api::{Client, Failure, part};
use super::arguments::{Snapshot, SnapshotStart};
use super::{FAILED, runtime};
use indicatif::{ProgressBar, ProgressStyle};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Duration;

/// How often a job is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// Starts, stops, lists or follows jobs.
pub(super) fn snapshot(arguments: &Snapshot) -> ExitCode {
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(code) => return code,
    };
    let done = runtime.block_on(async {
        match arguments {
            Snapshot::Start(start) => begin(start).await,
            Snapshot::Stop(job) => {
                let client = Client::new(&job.target.interface)?;
                let path = job.id.as_deref().map(|id| format!("/{}", part(id))).unwrap_or_default();
                let name = &job.target.name;
                let told =
                    client.of(Method::DELETE, name, &format!("/snapshot{path}"), None).await?;
                println!("{name}: {}", line(&told));
                Ok(ExitCode::SUCCESS)
            }
            Snapshot::Watch(job) => {
                let client = Client::new(&job.target.interface)?;
                let id = match &job.id {
                    Some(id) => id.clone(),
                    None => newest(&client, &job.target.name).await?,
                };
                follow(&client, &job.target.name, &id).await
            }
            Snapshot::List(one) => {
                let client = Client::new(&one.interface)?;
                for job in all(&client, &one.name).await? {
                    println!("{}", line(&job));
                }
                Ok(ExitCode::SUCCESS)
            }
        }
    });
    done.unwrap_or_else(|failure: Failure| failure.tell())
}

async fn begin(start: &SnapshotStart) -> Result<ExitCode, Failure> {
    let client = Client::new(&start.target.interface)?;
    let name = &start.target.name;
    let mut body = json!({ "tables": start.tables });
    for (key, value) in [("predicate", &start.only), ("id", &start.id)] {
        if let (Some(value), Some(body)) = (value, body.as_object_mut()) {
            body.insert(key.to_owned(), value.as_str().into());
        }
    }
    let job = client.of(Method::POST, name, "/snapshot", Some(&body)).await?;
    let id = text(&job, "id").to_owned();
    if start.watch {
        return follow(&client, name, &id).await;
    }
    println!("{name}: {}", line(&job));
    println!("`walbrook snapshot watch {name} {id}` follows it.");
    Ok(ExitCode::SUCCESS)
}

async fn all(client: &Client, name: &str) -> Result<Vec<Value>, Failure> {
    let answer = client.of(Method::GET, name, "/snapshot", None).await?;
    Ok(answer.get("snapshots").and_then(Value::as_array).cloned().unwrap_or_default())
}

async fn newest(client: &Client, name: &str) -> Result<String, Failure> {
    let jobs = all(client, name).await?;
    jobs.last().map(|job| text(job, "id").to_owned()).ok_or_else(|| {
        let message = format!("Nothing of {name} is read again.");
        let fix = format!("`walbrook snapshot start {name} TABLE` begins.");
        Failure::Refused { status: 404, code: String::new(), message, fix }
    })
}

/// Follows a job to its end: a bar for each table on a terminal, a line of JSON for each change
/// elsewhere.
async fn follow(client: &Client, name: &str, id: &str) -> Result<ExitCode, Failure> {
    let terminal = std::io::stdout().is_terminal();
    let bars = indicatif::MultiProgress::new();
    let mut known: BTreeMap<String, ProgressBar> = BTreeMap::new();
    let mut told = Value::Null;
    loop {
        let job = client.of(Method::GET, name, &format!("/snapshot/{}", part(id)), None).await?;
        if terminal {
            for table in tables(&job) {
                let bar = known.entry(text(table, "table").to_owned()).or_insert_with(|| {
                    bars.add(bar_of(text(table, "table"), number(table, "rows_estimated")))
                });
                bar.set_position(number(table, "rows").unwrap_or(0));
                if table.get("done") == Some(&Value::Bool(true)) && !bar.is_finished() {
                    bar.set_length(number(table, "rows").unwrap_or(0));
                    bar.finish();
                }
            }
        } else if job != told {
            println!("{job}");
            told = job.clone();
        }
        match text(&job, "state") {
            "waiting" | "running" => {}
            state => {
                if terminal {
                    println!("{name}: {}", line(&job));
                }
                return Ok(ExitCode::from(if state == "done" { 0 } else { FAILED }));
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn bar_of(table: &str, rows: Option<u64>) -> ProgressBar {
    let template = "{prefix:30!} {bar:30} {percent:>3} %  {human_pos} of {human_len} rows, {per_sec}, {eta} left";
    let style = ProgressStyle::with_template(template);
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("━╸─");
    let bar = ProgressBar::new(rows.unwrap_or(0)).with_style(style);
    bar.with_prefix(table.to_owned())
}

/// A job in one line.
fn line(job: &Value) -> String {
    let patterns: Vec<&str> = job
        .get("patterns")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let done = tables(job).filter(|table| table.get("done") == Some(&Value::Bool(true))).count();
    let error = job.pointer("/error/message").and_then(Value::as_str);
    format!(
        "{} {}: {}, {done} of {} tables, {} rows{}",
        text(job, "id"),
        text(job, "state"),
        patterns.join(", "),
        tables(job).count(),
        number(job, "rows").unwrap_or(0),
        error.map(|error| format!(": {error}")).unwrap_or_default()
    )
}

fn tables(job: &Value) -> impl Iterator<Item = &Value> {
    job.get("tables").and_then(Value::as_array).into_iter().flatten()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn number(value: &Value, key: &str) -> Option<u64> {
    value.get(key).and_then(Value::as_u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_one_line() {
        let job = json!({ "id": "a", "state": "failed", "patterns": ["s.*"], "rows": 12,
            "tables": [{ "table": "s.t", "done": true }, { "table": "s.u", "done": false }],
            "error": { "message": "The table s.u is gone." } });
        assert_eq!(line(&job), "a failed: s.*, 1 of 2 tables, 12 rows: The table s.u is gone.");
    }
}
