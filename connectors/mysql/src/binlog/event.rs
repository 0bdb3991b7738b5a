//! One event of the log.

use super::Body;

/// An event and where it lies; borrowed from the reader until the next one is asked for.
#[derive(Debug)]
pub struct Event<'a> {
    /// File of the log; empty before the first `ROTATE`, which every dump begins with.
    pub file: &'a str,
    /// Where it begins in the file. An event that is in no file (heartbeats, the first events of a
    /// dump) begins and ends where the log is; one of a compressed transaction where that begins.
    pub start: u64,
    /// Where it ends in the file, beyond 4 GiB too; of a compressed transaction where that ends.
    pub end: u64,
    /// When its statement began, in seconds since 1970.
    pub timestamp: u32,
    /// Server that wrote it first.
    pub server_id: u32,
    /// Its size in bytes, inflated where it comes from a compressed transaction.
    pub size: u32,
    /// What it says.
    pub body: Body<'a>,
}
