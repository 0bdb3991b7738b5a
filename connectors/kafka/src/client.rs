//! What all clients of Kafka have in common: they remember what went wrong, and say it in our words.

use crate::codes;
use rdkafka::ClientConfig;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Message};
use rdkafka::producer::ProducerContext;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use walbrook_core::error::{Error, Result};

/// A context that remembers the first failed delivery and the last error of the client.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    delivery: Mutex<Option<Failed>>,
    last: Mutex<Option<(RDKafkaErrorCode, String)>>,
}

/// What a client last reported by itself.
pub(crate) type Last = Option<(RDKafkaErrorCode, String)>;

/// A delivery that failed.
#[derive(Clone, Debug)]
pub(crate) struct Failed {
    /// Why.
    pub(crate) code: RDKafkaErrorCode,
    /// Where to, and how large it was.
    pub(crate) place: String,
}

impl Watch {
    /// The first delivery that failed since [`Watch::forget`].
    pub(crate) fn failed(&self) -> Option<Failed> {
        self.delivery.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A transaction begins: what failed before is settled.
    pub(crate) fn forget(&self) {
        *self.delivery.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn remember(&self, code: RDKafkaErrorCode, text: &str) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        // "All brokers down" says less than the refused connection before it.
        if code != RDKafkaErrorCode::AllBrokersDown || last.is_none() {
            *last = Some((code, text.to_owned()));
        }
    }

    /// The last error that the client reported by itself, such as a refused connection.
    pub(crate) fn last(&self) -> Last {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ClientContext for Watch {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        // The log says why a connection failed, the error event only that it did.
        if facility == "FAIL" {
            let text = message.split_once("]: ").map_or(message, |(_, text)| text);
            let code = match text.contains("SASL authentication error") {
                true => RDKafkaErrorCode::Authentication,
                false => RDKafkaErrorCode::BrokerTransportFailure,
            };
            self.remember(code, text);
        }
        match level {
            RDKafkaLogLevel::Debug | RDKafkaLogLevel::Info => {
                tracing::trace!(target: "librdkafka", facility, "{message}");
            }
            _ => tracing::debug!(target: "librdkafka", facility, "{message}"),
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(target: "librdkafka", %error, "{reason}");
        if let Some(code) = code_of(&error) {
            self.remember(code, reason);
        }
    }
}

impl ConsumerContext for Watch {}

impl ProducerContext for Watch {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        let Err((error, message)) = result else { return };
        let code = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown);
        if matches!(code, RDKafkaErrorCode::PurgeQueue | RDKafkaErrorCode::PurgeInflight) {
            return;
        }
        let size = message.payload_len() + message.key_len();
        let place = format!("topic \"{}\", {size} bytes", message.topic());
        let mut first = self.delivery.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert(Failed { code, place });
    }
}

/// Why the brokers do not answer. Asks with a client of its own for up to two seconds: the admin
/// client has nobody who reads what it reports.
pub(crate) fn reason(config: &ClientConfig, watch: Watch) -> Last {
    let client: BaseConsumer<Watch> = config.create_with_context(watch).ok()?;
    (0..20).find_map(|_| {
        client.poll(Duration::from_millis(100));
        client.context().last()
    })
}

/// Whether the brokers refuse the user: waiting will not help.
pub(crate) fn denied(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode as C;
    matches!(
        code,
        C::Authentication
            | C::SaslAuthenticationFailed
            | C::UnsupportedSASLMechanism
            | C::TopicAuthorizationFailed
            | C::GroupAuthorizationFailed
            | C::ClusterAuthorizationFailed
            | C::TransactionalIdAuthorizationFailed
    )
}

/// Whether the request itself is wrong: the same will always be refused.
pub(crate) fn refused(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode as C;
    matches!(
        code,
        C::InvalidTopic
            | C::InvalidPartitions
            | C::InvalidReplicationFactor
            | C::InvalidReplicaAssignment
            | C::InvalidConfig
            | C::InvalidRequest
            | C::PolicyViolation
            | C::InvalidTransactionTimeout
            | C::UnsupportedVersion
            | C::InvalidArgument
    )
}

/// Our words for `code`, met while `doing` something ("reading the topic x") at `brokers`.
pub(crate) fn trouble(code: RDKafkaErrorCode, last: Last, brokers: &str, doing: &str) -> Error {
    // A request that only timed out failed for a reason that the client told apart from it.
    let told = last.filter(|_| !denied(code) && !refused(code));
    let (code, reason) = match told {
        Some((code, reason)) => (code, reason),
        None => (code, code.to_string()),
    };
    if denied(code) {
        let text = format!("Kafka at {brokers} refuses this user while {doing}: {reason}.");
        return Error::definite(codes::DENIED, text)
            .fix("Check [kafka.client] (security.protocol, sasl.*) and the ACLs of this user.");
    }
    if refused(code) {
        let text = format!("Kafka at {brokers} refused a request while {doing}: {reason}.");
        return Error::definite(codes::REFUSED, text)
            .fix("Correct the setting that the broker names.");
    }
    let text = format!("Kafka at {brokers} does not answer while {doing}: {reason}.");
    Error::transient(codes::UNREACHABLE, text)
}

/// The code of a failure; the library leaves out those of its admin client.
pub(crate) fn code_of(error: &KafkaError) -> Option<RDKafkaErrorCode> {
    match error {
        KafkaError::AdminOp(code) => Some(*code),
        other => other.rdkafka_error_code(),
    }
}

/// Our words for any failure of the client library.
pub(crate) fn told(error: &KafkaError, watch: &Watch, brokers: &str, doing: &str) -> Error {
    match code_of(error) {
        Some(code) => trouble(code, watch.last(), brokers, doing),
        None => Error::transient(
            codes::UNREACHABLE,
            format!("Kafka at {brokers} failed while {doing}: {error}."),
        ),
    }
}

/// A client could not be made: a setting is wrong. Its value may be a secret and is not repeated.
pub(crate) fn made<T>(client: std::result::Result<T, KafkaError>) -> Result<T> {
    client.map_err(|error| {
        let text = match &error {
            KafkaError::ClientConfig(_, text, name, value) => {
                let text = if value.is_empty() { text.clone() } else { text.replace(value, "***") };
                format!("The Kafka client refuses the setting \"{name}\": {text}.")
            }
            other => format!("The Kafka client cannot be made: {other}."),
        };
        Error::definite(codes::SETTING, text).fix("Correct [kafka] or [kafka.client].")
    })
}
