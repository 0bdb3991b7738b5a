//! Logs and metrics.

pub mod names;

mod logs;
mod meter;
mod recorder;

pub use logs::{Format, install as install_logs};
pub use meter::Meter;
pub use recorder::{Metrics, install as install_metrics};
