//! The `walbrook` command.

use std::process::ExitCode;

/// One allocator for Rust and C: librdkafka allocates on one thread and frees on another.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    #[cfg(feature = "faults")]
    fault::install();
    walbrook::cli::main()
}

/// The crash points of test builds, chosen by the environment.
#[cfg(feature = "faults")]
mod fault {
    use std::sync::atomic::{AtomicU64, Ordering};

    /// `WALBROOK_FAULT=point:N` ends the process, as kill -9 would, when it meets the point the
    /// N-th time.
    #[allow(clippy::disallowed_methods, reason = "a test's knob, not configuration")]
    pub(crate) fn install() {
        let Ok(plan) = std::env::var("WALBROOK_FAULT") else { return };
        let (point, nth) = plan.rsplit_once(':').unwrap_or((&plan, "1"));
        let (point, nth) = (point.to_owned(), nth.parse::<u64>().unwrap_or(1));
        let met = AtomicU64::new(0);
        walbrook_core::fault::install(move |name| {
            if name == point && met.fetch_add(1, Ordering::SeqCst) + 1 == nth {
                std::process::abort();
            }
        });
    }
}
