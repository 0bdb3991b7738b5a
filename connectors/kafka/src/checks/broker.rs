//! The brokers.

use crate::codes;
use crate::settings::Settings;
use crate::topics::{Cluster, Topics};
use std::time::Duration;
use walbrook_core::finding::{Finding, complete};

/// The oldest protocol with all that transactions need: fencing by epochs (KIP-360).
const OLDEST: (u32, u32) = (2, 5);

/// Looks at the brokers that `settings` name.
pub async fn broker(settings: &Settings) -> Vec<Finding> {
    let cluster = match Topics::new(settings) {
        Ok(topics) => topics.cluster().await,
        Err(error) => return vec![error.into()],
    };
    match cluster {
        Ok(cluster) => about(settings, &cluster),
        Err(error) => vec![error.into()],
    }
}

fn about(settings: &Settings, cluster: &Cluster) -> Vec<Finding> {
    let found = [version(cluster), timeout(settings, cluster), copies(settings, cluster)];
    let number = cluster.brokers;
    let brokers = if number == 1 { "1 broker".to_owned() } else { format!("{number} brokers") };
    let mut good = vec![Finding::ok(
        codes::UNREACHABLE,
        format!("Kafka answers at {}: {brokers}.", settings.brokers),
    )];
    if cluster.config.is_empty() {
        good.push(Finding::ok(
            codes::TRANSACTION_TIMEOUT,
            "The brokers do not show their configuration to this user; it is not needed.",
        ));
    } else {
        good.push(Finding::ok(codes::BROKER_VERSION, "The brokers' version is supported."));
        let ours = settings.transaction_timeout.as_secs();
        let text =
            format!("The brokers allow transactions of {ours} s (transaction.max.timeout.ms).");
        good.push(Finding::ok(codes::TRANSACTION_TIMEOUT, text));
        good.push(Finding::ok(
            codes::REPLICAS,
            "There are brokers for every copy that is asked for.",
        ));
    }
    complete(found.into_iter().flatten().collect(), good)
}

/// Kafka 4 has no such setting any more: a broker that does not show it is new enough.
fn version(cluster: &Cluster) -> Option<Finding> {
    let text = cluster.config.get("inter.broker.protocol.version")?;
    let mut parts = text.split(['.', '-']).map_while(|part| part.parse::<u32>().ok());
    let (major, minor) = (parts.next()?, parts.next().unwrap_or(0));
    ((major, minor) < OLDEST).then(|| {
        let message = format!(
            "The brokers speak version {text} among themselves; 2.5 is the oldest known to work."
        );
        Finding::warning(
            codes::BROKER_VERSION,
            message,
            "Upgrade the brokers, then inter.broker.protocol.version.",
        )
    })
}

fn timeout(settings: &Settings, cluster: &Cluster) -> Option<Finding> {
    let allowed: u64 = cluster.config.get("transaction.max.timeout.ms")?.parse().ok()?;
    let ours = settings.transaction_timeout;
    (ours > Duration::from_millis(allowed)).then(|| {
        let message = format!(
            "Transactions of {} ms are asked for, and the brokers allow {allowed} ms.",
            ours.as_millis()
        );
        let fix = format!(
            "Set \"transaction.timeout.ms\" = \"{allowed}\" in [kafka.client], or raise \
             transaction.max.timeout.ms of the brokers."
        );
        Finding::error(codes::TRANSACTION_TIMEOUT, message, fix)
    })
}

fn copies(settings: &Settings, cluster: &Cluster) -> Option<Finding> {
    let number = |name: &str| cluster.config.get(name).and_then(|text| text.parse::<i64>().ok());
    let brokers = i64::try_from(cluster.brokers).unwrap_or(i64::MAX);
    let wanted = match settings.replication {
        -1 => number("default.replication.factor").unwrap_or(1),
        wanted => wanted.into(),
    };
    let state = number("transaction.state.log.replication.factor").unwrap_or(1);
    if wanted > brokers {
        let message =
            format!("New topics are to have {wanted} replicas, and there are {brokers} brokers.");
        let fix = format!("Set replication = {brokers} in [kafka].");
        return Some(Finding::error(codes::REPLICAS, message, fix));
    }
    if state > brokers {
        let message = format!(
            "The brokers want {state} replicas of their transactions' log, and there are {brokers} \
             brokers: no transaction can begin."
        );
        let fix = "Set transaction.state.log.replication.factor and transaction.state.log.min.isr of \
                   the brokers to what there is, and restart them.";
        return Some(Finding::error(codes::REPLICAS, message, fix));
    }
    (wanted == 1 && brokers > 1).then(|| {
        let message = "New topics get one replica: a lost disk loses records and the checkpoint.";
        Finding::warning(codes::REPLICAS, message, "Set replication = 3 in [kafka].")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster(brokers: usize, config: &[(&str, &str)]) -> Cluster {
        let config = config.iter().map(|&(k, v)| (k.to_owned(), v.to_owned())).collect();
        Cluster { brokers, config, ..Cluster::default() }
    }

    #[test]
    fn each_fault_is_found() {
        let settings = Settings::new("b:9092", "walbrook", "shop");
        let bad = |cluster: &Cluster| -> Vec<_> {
            let all = about(&settings, cluster).into_iter();
            all.filter(|it| !it.fix.is_empty()).map(|it| it.code).collect()
        };
        assert_eq!(bad(&cluster(1, &[])), []);
        assert_eq!(
            bad(&cluster(1, &[("transaction.max.timeout.ms", "30000")])),
            [codes::TRANSACTION_TIMEOUT]
        );
        assert_eq!(bad(&cluster(3, &[("default.replication.factor", "1")])), [codes::REPLICAS]);
        assert_eq!(bad(&cluster(1, &[("default.replication.factor", "3")])), [codes::REPLICAS]);
        assert_eq!(
            bad(&cluster(1, &[("transaction.state.log.replication.factor", "3")])),
            [codes::REPLICAS]
        );
        assert_eq!(
            bad(&cluster(1, &[("inter.broker.protocol.version", "2.1-IV2")])),
            [codes::BROKER_VERSION]
        );
        assert_eq!(bad(&cluster(1, &[("inter.broker.protocol.version", "3.9-IV0")])), []);
    }
}
