//! Logs and metrics.

pub mod names;

mod delivered;
mod levels;
mod logs;
mod meter;
mod process;
mod recorder;

pub use delivered::Delivered;
pub use levels::{Change, Logger, logger, loggers, set_level};
pub use logs::{Format, install as install_logs};
pub use meter::Meter;
pub use recorder::{Metrics, install as install_metrics};
