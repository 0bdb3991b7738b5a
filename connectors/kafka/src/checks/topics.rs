//! The topics that records will go to, and the one that the checkpoint is in.

use crate::codes;
use crate::settings::Settings;
use crate::topics::{Cluster, Seen, Topics};
use walbrook_core::error::{Error, Result};
use walbrook_core::finding::Finding;

/// Records are larger than this now and then.
const SMALL: usize = 1_000_000;

/// A topic that records of a table will go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Its name.
    pub topic: String,
    /// Whether the records have keys.
    pub keyed: bool,
}

/// Looks at the topics of one connector.
pub async fn topics(settings: &Settings, wanted: &[Wanted]) -> Vec<Finding> {
    match look(settings, wanted).await {
        Ok(findings) => findings,
        Err(error) => vec![error.into()],
    }
}

async fn look(settings: &Settings, wanted: &[Wanted]) -> Result<Vec<Finding>> {
    let topics = Topics::new(settings)?;
    let cluster = topics.cluster().await?;
    let mut findings = vec![checkpoint(settings, &topics).await];
    let there = wanted.iter().filter(|it| cluster.topics.contains_key(&it.topic));
    for wanted in there.clone() {
        if let Some(seen) = topics.seen(&wanted.topic).await? {
            findings.extend(about(wanted, &seen));
        }
    }
    let good = findings.len() == 1;
    if good && there.clone().count() > 0 {
        let number = there.count();
        findings.push(Finding::ok(codes::TOPIC, format!("{number} topics exist and fit.")));
    }
    findings.extend(missing(settings, &topics, &cluster, wanted).await);
    Ok(findings)
}

async fn checkpoint(settings: &Settings, topics: &Topics) -> Finding {
    let name = settings.checkpoint_topic();
    let created = match topics.find(&name).await {
        Ok(Some(_)) => {
            let text =
                format!("The checkpoint topic \"{name}\" is compacted and has one partition.");
            return Finding::ok(codes::CHECKPOINT_TOPIC, text);
        }
        Ok(None) => topics.could_create(&name, 1).await,
        Err(error) => return error.into(),
    };
    match created {
        Ok(()) => {
            let text =
                format!("The checkpoint topic \"{name}\" does not exist yet and can be created.");
            Finding::ok(codes::CHECKPOINT_TOPIC, text)
        }
        Err(error) => error.into(),
    }
}

fn about(wanted: &Wanted, seen: &Seen) -> Vec<Finding> {
    let Wanted { topic, keyed } = wanted;
    let mut findings = Vec::new();
    let policy = seen.config.get("cleanup.policy").map_or("delete", String::as_str);
    if policy.contains("compact") && !keyed {
        let message = format!(
            "The topic \"{topic}\" is compacted (cleanup.policy={policy}), and its table has no key."
        );
        let fix = format!(
            "Run `kafka-configs.sh --bootstrap-server … --alter --entity-type topics --entity-name \
             {topic} --add-config cleanup.policy=delete`, or name key columns in `keys`."
        );
        findings.push(Finding::error(codes::TOPIC, message, fix));
    }
    let limit = seen.config.get("max.message.bytes").and_then(|text| text.parse::<usize>().ok());
    if let Some(limit) = limit.filter(|&limit| limit < SMALL) {
        let message = format!(
            "The topic \"{topic}\" takes records of {limit} bytes at most: a larger row halts the connector."
        );
        let fix = format!(
            "Run `kafka-configs.sh --bootstrap-server … --alter --entity-type topics --entity-name \
             {topic} --add-config max.message.bytes=10485760`."
        );
        findings.push(Finding::warning(codes::TOO_LARGE, message, fix));
    }
    if seen.partitions > 1 && !keyed {
        let message = format!(
            "The topic \"{topic}\" has {} partitions, and its table has no key: all records go to one.",
            seen.partitions
        );
        findings.push(Finding::warning(codes::TOPIC, message, "Name key columns in `keys`."));
    }
    findings
}

/// Topics that are not there: whether they will be made.
async fn missing(
    settings: &Settings,
    topics: &Topics,
    cluster: &Cluster,
    wanted: &[Wanted],
) -> Option<Finding> {
    let missing: Vec<&str> = wanted
        .iter()
        .map(|it| it.topic.as_str())
        .filter(|name| !cluster.topics.contains_key(*name))
        .collect();
    let first = missing.first()?;
    let number = missing.len();
    if !settings.create_topics {
        let message = format!(
            "{number} topics do not exist, \"{first}\" for one, and create_topics is false."
        );
        let fix = format!(
            "Run `kafka-topics.sh --bootstrap-server {} --create --topic {first} --partitions {}`, and \
             so for {}.",
            settings.brokers,
            settings.partitions,
            missing.get(1..).map_or(String::new(), |rest| match rest {
                [] => "nothing more".to_owned(),
                rest => rest.join(", "),
            })
        );
        return Some(Finding::error(codes::NO_TOPIC, message, fix));
    }
    Some(match topics.could_create(first, settings.partitions).await {
        Ok(()) => {
            let text = format!("{number} topics do not exist yet and can be created.");
            Finding::ok(codes::NO_TOPIC, text)
        }
        Err(error) => {
            let error: Error = error;
            error.into()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_a_topic_is_told() {
        let seen = |partitions, config: &[(&str, &str)]| Seen {
            partitions,
            config: config.iter().map(|&(k, v)| (k.to_owned(), v.to_owned())).collect(),
        };
        let wanted = |keyed| Wanted { topic: "shop.public.t".into(), keyed };
        let codes = |keyed, seen: &Seen| -> Vec<_> {
            about(&wanted(keyed), seen).into_iter().map(|it| it.code).collect()
        };
        assert_eq!(codes(true, &seen(6, &[("cleanup.policy", "compact")])), []);
        assert_eq!(codes(false, &seen(1, &[("cleanup.policy", "compact")])), [codes::TOPIC]);
        assert_eq!(codes(false, &seen(6, &[])), [codes::TOPIC]);
        assert_eq!(codes(true, &seen(1, &[("max.message.bytes", "20000")])), [codes::TOO_LARGE]);
    }
}
