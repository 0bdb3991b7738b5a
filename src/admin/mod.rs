//! The admin interface: Kafka Connect's own shapes, and ours beside them.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`board`] | what the connectors tell about themselves |
//! | [`lag`] | how far behind one of them is |
//! | [`status`] | Connect's picture of one of them |
//! | [`server`] | the routes |

pub mod board;
pub mod lag;
pub mod server;
pub mod status;
