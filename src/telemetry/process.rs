//! What the process itself uses, as Linux tells it in `/proc/self` (proc(5)).

/// How many ticks of `/proc/self/stat` are a second; the same on every architecture of Linux.
const TICKS: f64 = 100.0;
/// Bytes of a page of memory, in which the resident set is told.
const PAGE: f64 = 4096.0;

/// Sets the metrics of the process; on other systems they do not exist.
pub(super) fn set() {
    if let Ok(stat) = std::fs::read_to_string("/proc/self/stat")
        && let Some(used) = Used::of(&stat)
    {
        metrics::gauge!("process_cpu_seconds_total").set(used.cpu_seconds);
        metrics::gauge!("process_threads").set(used.threads);
        metrics::gauge!("process_resident_memory_bytes").set(used.resident_bytes);
        if let Some(boot) = std::fs::read_to_string("/proc/stat").ok().as_deref().and_then(boot) {
            metrics::gauge!("process_start_time_seconds").set(boot + used.start_seconds);
        }
    }
    if let Ok(files) = std::fs::read_dir("/proc/self/fd") {
        metrics::gauge!("process_open_fds").set(files.count() as f64);
    }
}

/// What one line of `/proc/self/stat` says.
#[derive(Debug, PartialEq)]
struct Used {
    cpu_seconds: f64,
    threads: f64,
    /// Start after the machine's.
    start_seconds: f64,
    resident_bytes: f64,
}

impl Used {
    /// Reads the line. The second field is a name in brackets that may hold anything; the others
    /// are numbers, counted from 1: 14 and 15 processor time, 20 threads, 22 start, 24 memory.
    fn of(stat: &str) -> Option<Self> {
        let (_, rest) = stat.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let field = |number: usize| fields.get(number - 3)?.parse::<f64>().ok();
        Some(Self {
            cpu_seconds: (field(14)? + field(15)?) / TICKS,
            threads: field(20)?,
            start_seconds: field(22)? / TICKS,
            resident_bytes: field(24)? * PAGE,
        })
    }
}

/// When the machine was started, seconds since 1970: the line `btime` of `/proc/stat`.
fn boot(stat: &str) -> Option<f64> {
    stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_a_process_with_an_odd_name() {
        let line = "7 (a) b) S 1 7 7 0 -1 4194560 0 0 0 0 150 50 0 0 20 0 9 0 2500 0 100 18446744073709551615";
        let used = Used::of(line).unwrap();
        assert_eq!((used.cpu_seconds, used.threads, used.start_seconds), (2.0, 9.0, 25.0));
        assert_eq!(used.resident_bytes, 409_600.0);
        assert_eq!(boot("cpu 1\nbtime 1700000000\n"), Some(1_700_000_000.0));
    }

    #[test]
    fn this_process_is_there() {
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
        let used = Used::of(&stat).unwrap();
        assert!(used.threads >= 1.0 && used.resident_bytes > 0.0);
    }
}
