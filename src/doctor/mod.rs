//! `walbrook doctor`: everything that can be looked at before a connector is trusted. Nothing is
//! written anywhere.
//!
//! ```text
//!  configuration ─▶ each connector: its database ─▶ the tables ─▶ their topics and subjects
//!                   Kafka, registry, the admin interface's address
//! ```

mod acls;
mod address;
pub mod report;

use crate::config::{Config, Connector};
use crate::{codes, shape, wiring};
use futures_util::future::join_all;
use std::time::Duration;
use walbrook_core::error::Error;
use walbrook_core::finding::{Examined, Finding, Severity};
use walbrook_kafka::checks::Wanted;

/// A place that does not answer in this time is told so, and the others are not kept waiting.
const PATIENCE: Duration = Duration::from_secs(30);

/// What was looked at in one place.
#[derive(Clone, Debug)]
pub struct Section {
    /// `configuration`, `kafka`, `registry`, `admin`, or the connector's name.
    pub area: String,
    /// What was found there to be looked at.
    pub title: String,
    /// Every check, good and bad.
    pub findings: Vec<Finding>,
}

/// Everything that was looked at.
#[derive(Clone, Debug, Default)]
pub struct Diagnosis {
    /// Place by place.
    pub sections: Vec<Section>,
    /// The least that each connector needs, by its name: SQL, with Kafka's commands as comments.
    pub grants: Vec<(String, String)>,
}

impl Diagnosis {
    /// How many checks have ended so.
    pub fn count(&self, severity: Severity) -> usize {
        let all = self.sections.iter().flat_map(|section| &section.findings);
        all.filter(|finding| finding.severity == severity).count()
    }
}

/// Looks at everything that `config` names; only at `only`, if that is given.
pub async fn examine(config: &Config, only: Option<&str>) -> Diagnosis {
    let chosen: Vec<&Connector> = config
        .connectors
        .values()
        .filter(|connector| only.is_none_or(|name| connector.name == name))
        .collect();
    let databases = join_all(chosen.iter().map(|connector| database(config, connector)));
    let (databases, broker, admin) =
        tokio::join!(databases, within(wiring::examine_broker(config)), address::check(config));
    let mut diagnosis = Diagnosis::default();
    let kafka_answers = broker.iter().all(|finding| finding.severity != Severity::Error);
    let mut subjects = Vec::new();
    diagnosis.sections.push(section("configuration", "", about(config)));
    for (connector, examined) in chosen.iter().zip(databases) {
        let topics = topics(connector, &examined);
        subjects.extend(topics.iter().map(|wanted| format!("{}-value", wanted.topic)));
        let mut findings = examined.findings;
        if kafka_answers {
            findings.extend(within(wiring::examine_topics(config, connector, &topics)).await);
        }
        let grants = format!("{}{}", examined.grants, acls::script(config, connector));
        diagnosis.grants.push((connector.name.clone(), grants));
        diagnosis.sections.push(section(&connector.name, &examined.server, findings));
    }
    let registry = within(wiring::examine_registry(config, &subjects)).await;
    diagnosis.sections.push(section("kafka", &config.kafka.brokers, broker));
    diagnosis.sections.push(section("registry", &config.registry.url.join(", "), registry));
    diagnosis.sections.push(section("admin", &config.admin.listen.to_string(), admin));
    diagnosis
}

fn section(area: &str, title: &str, findings: Vec<Finding>) -> Section {
    Section { area: area.to_owned(), title: title.to_owned(), findings }
}

async fn database(config: &Config, connector: &Connector) -> Examined {
    let looking = wiring::examine(config, connector);
    tokio::time::timeout(PATIENCE, looking)
        .await
        .unwrap_or_else(|_| Examined { findings: vec![silent()], ..Examined::default() })
}

async fn within(looking: impl Future<Output = Vec<Finding>>) -> Vec<Finding> {
    tokio::time::timeout(PATIENCE, looking).await.unwrap_or_else(|_| vec![silent()])
}

fn silent() -> Finding {
    let message = format!("No answer came within {} s.", PATIENCE.as_secs());
    let error = Error::definite(codes::DOCTOR_SILENT, message);
    error.fix("Look whether the address is right and a firewall lets us through.").into()
}

fn about(config: &Config) -> Vec<Finding> {
    let told = |problem: &crate::config::Problem| {
        let place = format!("{}:{}", problem.file, problem.line);
        Finding::warning(
            problem.code,
            format!("{} ({place})", problem.message),
            problem.fix.clone(),
        )
    };
    let mut findings: Vec<Finding> = config.warnings.iter().map(told).collect();
    let number = config.connectors.len();
    let plural = if number == 1 { "" } else { "s" };
    let text = format!("The configuration can be used: {number} connector{plural}.");
    findings.insert(0, Finding::ok(codes::SYNTAX, text));
    findings
}

/// Where records of the captured tables will go.
fn topics(connector: &Connector, examined: &Examined) -> Vec<Wanted> {
    let wanted = |(table, keyed): &(walbrook_core::layout::Table, bool)| {
        let name = table.to_string();
        let chosen = connector.keys.iter().any(|key| key.table.matches(&name));
        Wanted {
            topic: shape::names::table_topic(&connector.topic_prefix, table),
            keyed: *keyed || chosen,
        }
    };
    examined.tables.iter().map(wanted).collect()
}
