//! The page of the metrics, the alerts and the dashboard are about metrics that exist.

use super::*;
use std::fmt::Write;
use std::path::Path;

const PAGE: &str = "docs/metrics.md";
const HEAD: &str = "# Metrics

`GET /metrics` in Prometheus' text form. Base units, counters end in `_total`. Every metric of a connector has the labels
`connector` and `source` (`postgresql`, `mysql`, `mariadb`); at most 200 tables of a connector have a label `table` of their own, the
others are counted as `other`. [config/monitoring/grafana.json](../config/monitoring/grafana.json) is a dashboard,
[config/monitoring/alerts.yml](../config/monitoring/alerts.yml) has alerts, each with [a page](runbooks/README.md).

| metric | kind | further labels | what it says |
| --- | --- | --- | --- |
";
const TAIL: &str = "
The process itself: `walbrook_build_info{version, commit}`, `process_cpu_seconds_total`, `process_resident_memory_bytes`,
`process_threads`, `process_open_fds`, `process_start_time_seconds`.

Prometheus reads it so:

    scrape_configs:
      - job_name: walbrook
        static_configs: [{ targets: [\"127.0.0.1:8083\"] }]
";

#[test]
fn the_page_of_metrics_is_of_today() {
    let mut page = HEAD.to_owned();
    for Metric { name, kind, labels, meaning } in ALL {
        let kind = format!("{kind:?}").to_lowercase();
        let _ = writeln!(page, "| `{name}` | {kind} | {labels} | {meaning} |");
    }
    page.push_str(TAIL);
    if std::env::var_os("WALBROOK_UPDATE_DOCS").is_some() {
        std::fs::write(PAGE, &page).unwrap();
    }
    let stored = std::fs::read_to_string(PAGE).unwrap_or_default();
    assert!(stored == page, "{PAGE} is old: WALBROOK_UPDATE_DOCS=1 make unit writes it");
}

#[test]
fn names_have_base_units_and_counters_end_in_total() {
    for metric in ALL {
        assert!(metric.name.starts_with("walbrook_"), "{}", metric.name);
        let total = metric.name.ends_with("_total");
        assert_eq!(total, metric.kind == Kind::Counter, "{}", metric.name);
        assert!(!["_ms", "_millis", "_kb", "_mb"].iter().any(|unit| metric.name.ends_with(unit)));
    }
}

/// The names of metrics in a text.
fn named(text: &str) -> Vec<&str> {
    let word = |c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    text.split(word).filter(|word| word.starts_with("walbrook_")).collect()
}

#[test]
fn alerts_dashboard_and_pages_are_about_metrics_that_exist() {
    let mut texts =
        vec!["config/monitoring/alerts.yml".into(), "config/monitoring/grafana.json".into()];
    texts.extend(pages());
    let (mut seen, parts) = (0, ["_bucket", "_sum", "_count"]);
    for path in texts {
        let text = std::fs::read_to_string(&path).unwrap();
        for name in named(&text) {
            let base = parts.iter().find_map(|part| name.strip_suffix(part)).unwrap_or(name);
            let known = ALL.iter().any(|it| it.name == name || it.name == base);
            assert!(known || name == BUILD, "{name} in {} is no metric", path.display());
            seen += 1;
        }
    }
    assert!(seen > 40, "{seen}");
}

fn pages() -> Vec<std::path::PathBuf> {
    let files = std::fs::read_dir("docs/runbooks").unwrap();
    files.map(|file| file.unwrap().path()).collect()
}

#[test]
fn every_alert_has_a_page_and_every_page_an_alert() {
    let alerts = std::fs::read_to_string("config/monitoring/alerts.yml").unwrap();
    let after = |word: &str| -> Vec<String> {
        let lines = alerts
            .lines()
            .filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix(word));
        lines.map(|rest| rest.trim().to_owned()).collect()
    };
    let (names, runbooks) = (after("alert:"), after("runbook:"));
    assert!(names.len() >= 10 && names.len() == runbooks.len());
    for (name, runbook) in names.iter().zip(&runbooks) {
        let page = std::fs::read_to_string(runbook).unwrap();
        assert!(page.starts_with(&format!("# {name}\n")), "{runbook} is not about {name}");
        assert!(page.contains("## Likely causes") && page.contains("## What to do"), "{runbook}");
    }
    for page in pages().iter().filter(|page| !page.ends_with("README.md")) {
        assert!(runbooks.iter().any(|it| Path::new(it) == page), "{} has no alert", page.display());
    }
}
