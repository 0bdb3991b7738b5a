//! The phases of a connector, as people see them.

/// What a connector is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It connects and checks.
    Starting,
    /// It reads tables.
    Snapshotting,
    /// It follows the log.
    Streaming,
    /// It waits after a failure that may go away.
    Retrying,
    /// A person asked it to wait.
    Paused,
    /// It was asked to end.
    Stopped,
    /// Everything that was asked for is told.
    Finished,
    /// Another process owns it.
    Fenced,
    /// It needs a person.
    Failed,
}

impl Phase {
    /// Every phase.
    pub const ALL: [Phase; 9] = [
        Phase::Starting,
        Phase::Snapshotting,
        Phase::Streaming,
        Phase::Retrying,
        Phase::Paused,
        Phase::Stopped,
        Phase::Finished,
        Phase::Fenced,
        Phase::Failed,
    ];

    /// The word in status and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Phase::Starting => "starting",
            Phase::Snapshotting => "snapshotting",
            Phase::Streaming => "streaming",
            Phase::Retrying => "retrying",
            Phase::Paused => "paused",
            Phase::Stopped => "stopped",
            Phase::Finished => "finished",
            Phase::Fenced => "fenced",
            Phase::Failed => "failed",
        }
    }
}
