//! The limits that a job's process sets on itself before it reads anything, and what it used.

use std::os::fd::AsFd;

use rustix::process::{Resource, Rlimit, nice, setrlimit};
use trader_rpc::ErrorDetail;

use super::trouble;

/// How much more patient than others it is with the processor.
const NICE: i32 = 10;

/// Limits memory to so many MB, leaves no core behind, and lets others go first.
pub(super) fn keep(memory_mb: u32) -> Result<(), ErrorDetail> {
    let failed = |error: rustix::io::Errno| {
        trouble(
            "no work was done",
            format!("the job's limits cannot be set: {error}"),
            "look at the limits of the daemon's unit: LimitDATA and LimitCORE",
        )
    };
    // A process that may not be nicer works all the same.
    let _ = nice(NICE);
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none).map_err(failed)?;
    let bytes = u64::from(memory_mb).saturating_mul(1 << 20);
    let most = Rlimit {
        current: Some(bytes),
        maximum: Some(bytes),
    };
    setrlimit(Resource::Data, most).map_err(failed)
}

/// Whether the end of this input says something: a file has one from the start.
pub(super) fn hangs_up(input: &impl AsFd) -> bool {
    rustix::fs::fstat(input)
        .is_ok_and(|stat| !rustix::fs::FileType::from_raw_mode(stat.st_mode).is_file())
}

/// The most memory that this process has held, in MB, rounded up.
pub(crate) fn peak_memory_mb() -> Option<u32> {
    peak_of(&std::fs::read_to_string("/proc/self/status").ok()?)
}

fn peak_of(status: &str) -> Option<u32> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u32 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes.div_ceil(1_024))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_told_in_whole_megabytes() {
        let status = "Name:\tx\nVmPeak:\t  9999 kB\nVmHWM:\t    2049 kB\nVmRSS:\t 5 kB\n";
        assert_eq!(peak_of(status), Some(3));
        assert_eq!(peak_of("Name:\tx\n"), None);
        assert!(peak_memory_mb().unwrap() > 0);
    }

    #[test]
    fn only_a_file_has_an_end_that_says_nothing() {
        let file = tempfile::tempfile().unwrap();
        assert!(!hangs_up(&file));
        let (reader, _writer) = std::io::pipe().unwrap();
        assert!(hangs_up(&reader));
        let (socket, _other) = std::os::unix::net::UnixStream::pair().unwrap();
        assert!(hangs_up(&socket));
    }
}
