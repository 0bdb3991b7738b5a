//! Answers shape's questions from Kafka and the registry.

use crate::registry::Registry;
use crate::settings::Settings;
use crate::topics::Topics;
use walbrook_core::error::Result;
use walbrook_core::fault;
use walbrook_core::resolve::{Answer, Resolver, Topic, TopicKind};

/// Topics and schema ids of one connector. It does not retry: that is the pipeline's.
#[derive(Debug)]
pub struct KafkaResolver {
    topics: Topics,
    registry: Registry,
    settings: Settings,
}

impl KafkaResolver {
    /// A resolver for the connector of `settings`.
    pub fn new(settings: &Settings, registry: Registry) -> Result<Self> {
        Ok(Self { topics: Topics::new(settings)?, registry, settings: settings.clone() })
    }

    /// The registry.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The topics.
    pub fn topics(&self) -> &Topics {
        &self.topics
    }
}

impl Resolver for KafkaResolver {
    fn schema<'a>(&'a self, subject: &'a str, text: &'a str) -> Answer<'a, u32> {
        Box::pin(async move {
            fault::point("resolve.schema");
            self.registry.register(subject, text).await
        })
    }

    fn topic<'a>(&'a self, name: &'a str, kind: TopicKind) -> Answer<'a, Topic> {
        Box::pin(async move {
            fault::point("resolve.topic");
            let topic = self.topics.ensure(name, kind).await?;
            // Known early, so that the next producer is made for it.
            self.settings.fit.topic(topic.max_bytes);
            Ok(topic)
        })
    }
}
