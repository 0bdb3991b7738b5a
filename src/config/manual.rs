//! The page of every setting, made of the settings themselves: what they are by default as the
//! readers show it, and what they mean as `config/reference.toml` says it.
//!
//! ```text
//!  smallest configuration ──▶ readers ──▶ key, default ──┐
//!  config/reference.toml ───▶ comments of each key ──────┴──▶ docs/configuration.md
//! ```
//!
//! `WALBROOK_UPDATE_DOCS=1 make unit` writes the page; without it the test says that it is old.

use super::load::{Loaded, load_text};
use std::collections::BTreeMap;
use std::fmt::Write;

const PAGE: &str = "docs/configuration.md";
const HEAD: &str = "# Configuration

One TOML file, several (`--config` repeats), or a folder: `walbrook.toml` and `connectors.d/*.toml`. Flags (`--set
SECTION.KEY=VALUE`) win over the environment (`WALBROOK__SECTION__KEY`, lists separated by commas), that over the last file that
says it, that over `[defaults]`, that over the defaults below. `walbrook validate --print` shows what is in force and where each
value comes from. Secrets are written as `{ env = \"NAME\" }`, `{ file = \"PATH\" }`, `{ command = [\"…\"] }` or
`{ credential = \"NAME\" }`, and are read anew at each connection.

This page is generated from the settings; [config/reference.toml](../config/reference.toml) shows them all in one file.
";

const TAIL: &str = "
## Tables whose keys are not ours

| table | what it holds |
| --- | --- |
| `[kafka.client]` | librdkafka's own properties, passed on: TLS and SASL of the brokers among them; secrets as everywhere |
| `[kafka.topic]` | configuration of new data topics, such as `\"cleanup.policy\" = \"compact\"` |
| `[registry.compatibility]` | level of new subjects by glob: `\"shop.*-value\" = \"FULL\"`; the longest glob decides |
| `[connectors.NAME.snapshot_rows]` | what the first reading takes of a table, by its name: a condition, or a SELECT ([snapshot.md](snapshot.md)) |
| `[defaults]` | any setting of a connector, for all of them |
";

/// What is needed at least.
const SMALLEST: &str = "[kafka]
brokers = \"127.0.0.1:9092\"
[registry]
url = \"http://127.0.0.1:8081\"
[connectors.shop]
topic_prefix = \"shop\"
";

/// The same of an outbox.
const OUTBOX: &str = "[connectors.shop.outbox]
table = \"public.outbox\"
";

/// Stands where the reference says nothing, which it must.
const UNSAID: &str = "(not said in config/reference.toml)";

/// What a setting means, by its key, for each section of the reference.
type Meanings = BTreeMap<(String, String), String>;

/// Reads the comments of `config/reference.toml`: behind a value, on the lines below it that hold
/// nothing else, or right above it.
fn meanings(reference: &str) -> Meanings {
    let mut out = Meanings::new();
    let (mut section, mut last, mut above) = (String::new(), None::<String>, String::new());
    for line in reference.lines() {
        let bare = line.trim_start_matches("# ").trim();
        if let Some(name) = line.strip_prefix('[') {
            section = name.split(']').next().unwrap_or_default().replace("connectors.shop", "");
            (last, above) = (None, String::new());
        } else if let Some((key, rest)) = setting(bare) {
            let (_, said) = split_comment(rest);
            let text = [above.as_str(), said].join(" ").trim().to_owned();
            out.insert((section.clone(), key.to_owned()), text);
            (last, above) = (Some(key.to_owned()), String::new());
        } else if line.starts_with(' ') && bare.starts_with('#') {
            let said = bare.trim_start_matches('#').trim();
            if let Some(key) = &last {
                let text = out.entry((section.clone(), key.clone())).or_default();
                *text = format!("{text} {said}");
            }
        } else if let Some(said) = line.strip_prefix('#') {
            if !["PostgreSQL only", "MySQL and MariaDB only"].contains(&said.trim()) {
                above = format!("{above} {}", said.trim());
            }
            last = None;
        } else if bare.is_empty() {
            (last, above) = (None, String::new());
        }
    }
    out
}

/// A line `key = value`, also one that is commented out.
fn setting(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(" = ")?;
    let bare = key.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit());
    (bare && !key.is_empty()).then_some((key, value))
}

/// Cuts a line at the `#` that begins its comment, which stands outside quotes.
fn split_comment(line: &str) -> (&str, &str) {
    let mut quote = None;
    for (place, c) in line.char_indices() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (None, '#') => return (line[..place].trim(), line[place + 1..].trim()),
            _ => {}
        }
    }
    (line.trim(), "")
}

/// The settings of the smallest configuration, section by section: key and default.
fn defaults(url: &str) -> Vec<(String, Vec<(String, String)>)> {
    printed(&format!("{SMALLEST}url = \"{url}\"\n"))
}

/// What is in force under the configuration `text`, section by section.
fn printed(text: &str) -> Vec<(String, Vec<(String, String)>)> {
    let Loaded { printed, problems, .. } = load_text("smallest.toml", text);
    assert!(problems.is_empty(), "{problems:?}");
    let mut out: Vec<(String, Vec<(String, String)>)> = Vec::new();
    for line in printed.lines() {
        if let Some(name) = line.strip_prefix('[') {
            out.push((name.trim_end_matches(']').to_owned(), Vec::new()));
            continue;
        }
        let unset = line.strip_prefix("# ").and_then(|rest| rest.split_once(" ="));
        let given = split_comment(line).0.split_once(" = ");
        let (key, value) = match (unset, given) {
            (Some((key, _)), _) => (key, String::new()),
            (None, Some((key, value))) => (key, format!("`{}`", value.trim())),
            _ => continue,
        };
        if let Some((_, settings)) = out.last_mut() {
            settings.push((key.trim_matches('"').to_owned(), value));
        }
    }
    out
}

fn table(out: &mut String, section: &str, settings: &[(String, String)], meanings: &Meanings) {
    let _ = writeln!(out, "\n| setting | default | what it is |\n| --- | --- | --- |");
    for (key, default) in settings {
        let meaning = meanings.get(&(section.to_owned(), key.clone()));
        let meaning = meaning.map(String::as_str).unwrap_or_default().replace('|', "\\|");
        let meaning = if meaning.is_empty() { UNSAID.to_owned() } else { meaning };
        let needed = ["brokers", "url", "topic_prefix", "table"].contains(&key.as_str());
        let default = if needed { "needed".to_owned() } else { default.replace('|', "\\|") };
        let _ = writeln!(out, "| `{key}` | {default} | {meaning} |");
    }
}

/// The page.
fn page(reference: &str) -> String {
    let meanings = meanings(reference);
    let postgres = defaults("postgres://walbrook@127.0.0.1/shop");
    let mysql = defaults("mysql://walbrook@127.0.0.1/shop");
    let of = |all: &[(String, Vec<(String, String)>)], name: &str| {
        all.iter()
            .find(|(section, _)| section == name)
            .map(|(_, it)| it.clone())
            .unwrap_or_default()
    };
    let (own, other) = (of(&postgres, "connectors.shop"), of(&mysql, "connectors.shop"));
    let has = |all: &[(String, String)], key: &str| all.iter().any(|(known, _)| known == key);
    let mut out = HEAD.to_owned();
    for (section, settings) in postgres.iter().filter(|(name, _)| !name.starts_with("connectors")) {
        let mut settings = settings.clone();
        let shown = |key: &str| has(&settings, key) || key.contains('.');
        let further = meanings.keys().filter(|(of, key)| of == section && !shown(key));
        let further: Vec<_> = further.map(|(_, key)| (key.clone(), String::new())).collect();
        settings.extend(further);
        let _ = writeln!(out, "\n## [{section}]");
        table(&mut out, section, &settings, &meanings);
    }
    let parts = [
        ("[connectors.NAME]", own.iter().filter(|(key, _)| has(&other, key)).cloned().collect()),
        (
            "[connectors.NAME], PostgreSQL",
            own.iter().filter(|(key, _)| !has(&other, key)).cloned().collect(),
        ),
        (
            "[connectors.NAME], MySQL and MariaDB",
            other.iter().filter(|(key, _)| !has(&own, key)).cloned().collect::<Vec<_>>(),
        ),
    ];
    let shown = |key: &str| has(&own, key) || has(&other, key);
    let further = meanings.keys().filter(|(section, key)| section.is_empty() && !shown(key));
    let further: Vec<_> = further.map(|(_, key)| (key.clone(), String::new())).collect();
    for (title, mut settings) in parts {
        if title == "[connectors.NAME]" {
            settings.extend(further.iter().cloned());
        }
        let _ = writeln!(out, "\n## {title}");
        table(&mut out, "", &settings, &meanings);
    }
    let outbox = format!("{SMALLEST}url = \"postgres://u@127.0.0.1/shop\"\n{OUTBOX}");
    let _ = writeln!(out, "\n## [connectors.NAME.outbox]");
    table(&mut out, ".outbox", &of(&printed(&outbox), "connectors.shop.outbox"), &meanings);
    out.push_str(TAIL);
    out
}

#[test]
fn the_page_of_settings_is_of_today() {
    let reference = std::fs::read_to_string("config/reference.toml").unwrap();
    let page = page(&reference);
    if std::env::var_os("WALBROOK_UPDATE_DOCS").is_some() {
        std::fs::write(PAGE, &page).unwrap();
    }
    assert!(!page.contains(UNSAID), "config/reference.toml says nothing of some setting: {PAGE}");
    let stored = std::fs::read_to_string(PAGE).unwrap_or_default();
    assert!(stored == page, "{PAGE} is old: WALBROOK_UPDATE_DOCS=1 make unit writes it");
}
