//! Named crash points: the places where tests cut the power.
//!
//! In a normal build [`point`] is nothing. With the feature `faults` a test installs a hook that
//! may end the process there (real servers) or drop the task (simulation).

/// Every crash point, in the order in which a first start meets them.
///
/// `tests/` asserts that each of them is hit in the simulator and on real servers.
pub const POINTS: &[&str] = &[
    "sink.after_init",
    "sink.after_owner",
    "pipeline.after_load",
    "source.after_intent",
    "source.after_slot",
    "source.after_snapshot_export",
    "snapshot.table_begun",
    "snapshot.mid_segment",
    "snapshot.segment_done",
    "snapshot.table_done",
    "snapshot.before_streaming",
    "resolve.schema",
    "resolve.topic",
    "stream.after_begin",
    "stream.mid_transaction",
    "stream.after_commit",
    "sink.before_produce",
    "sink.mid_produce",
    "sink.before_commit",
    "sink.after_checkpoint_produced",
    "sink.after_commit",
    "pipeline.before_confirm",
    "pipeline.after_confirm",
    "pipeline.split",
    "pipeline.stopping",
    "pipeline.held",
    "pipeline.wanted",
];

/// Crash points that are met only while tables are read again, or for the first time, beside the
/// log.
pub const RESNAPSHOT: &[&str] = &[
    "resnapshot.window_opened",
    "resnapshot.rows_read",
    "resnapshot.mid_chunk",
    "resnapshot.chunk_published",
];

/// Meets the crash point `name`; does nothing unless a test has installed a hook.
#[cfg(not(feature = "faults"))]
#[inline(always)]
pub fn point(_name: &'static str) {}

/// Meets the crash point `name`: calls the installed hook, if there is one.
#[cfg(feature = "faults")]
pub fn point(name: &'static str) {
    let known = POINTS.contains(&name) || RESNAPSHOT.contains(&name);
    debug_assert!(known, "crash point {name} is not in the list");
    let hook = HOOK.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
    if let Some(hook) = hook {
        hook(name);
    }
}

#[cfg(feature = "faults")]
type Hook = std::sync::Arc<dyn Fn(&'static str) + Send + Sync>;

#[cfg(feature = "faults")]
static HOOK: std::sync::Mutex<Option<Hook>> = std::sync::Mutex::new(None);

/// Installs what happens at every crash point from now on, in this process.
#[cfg(feature = "faults")]
pub fn install(hook: impl Fn(&'static str) + Send + Sync + 'static) {
    *HOOK.lock().unwrap_or_else(std::sync::PoisonError::into_inner) =
        Some(std::sync::Arc::new(hook));
}
