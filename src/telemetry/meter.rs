//! The metrics of one connector: whatever is counted carries its name and what it reads.

use metrics::{Counter, Gauge, Histogram, Label};

/// Gives out the counters, gauges and histograms of one connector.
#[derive(Clone, Debug)]
pub struct Meter {
    labels: [Label; 2],
}

impl Meter {
    /// The metrics of the connector called `connector`, whose database is a `source`
    /// (`postgresql`, `mysql`, `mariadb`).
    pub fn new(connector: &str, source: &'static str) -> Self {
        let connector = Label::new("connector", connector.to_owned());
        Self { labels: [connector, Label::from_static_parts("source", source)] }
    }

    fn labels(&self, more: &[(&'static str, &str)]) -> Vec<Label> {
        let more = more.iter().map(|(key, value)| Label::new(*key, (*value).to_owned()));
        self.labels.iter().cloned().chain(more).collect()
    }

    /// A counter; `more` are its labels besides the connector's.
    pub fn counter(&self, name: &'static str, more: &[(&'static str, &str)]) -> Counter {
        metrics::counter!(name, self.labels(more))
    }

    /// A gauge.
    pub fn gauge(&self, name: &'static str, more: &[(&'static str, &str)]) -> Gauge {
        metrics::gauge!(name, self.labels(more))
    }

    /// A histogram.
    pub fn histogram(&self, name: &'static str) -> Histogram {
        metrics::histogram!(name, self.labels(&[]))
    }
}
