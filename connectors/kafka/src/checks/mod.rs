//! What `walbrook doctor` looks at in Kafka and in the registry. Nothing is written.
//!
//! ```text
//!  broker    reachable, version, how long transactions may be, copies
//!  topics    there or to be made, how set up; the checkpoint's above all
//!  registry  reachable, takes schemas, compatibility of what is there
//! ```

mod broker;
mod registry;
mod topics;

pub use broker::broker;
pub use registry::registry;
pub use topics::{Wanted, topics};
