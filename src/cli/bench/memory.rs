//! The most memory of this process that was resident since it was last asked, where the system
//! tells.

/// Bytes; none where the system does not say.
#[cfg(target_os = "linux")]
pub(super) fn peak_resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes << 10)
}

/// Forgets the peak: from now on it is that of what follows. Where the kernel does not allow it,
/// the peak is that of the process so far.
#[cfg(target_os = "linux")]
pub(super) fn forget_peak() {
    // 5 resets the peak of the resident set (proc(5), since Linux 4.0).
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

#[cfg(not(target_os = "linux"))]
pub(super) fn peak_resident_bytes() -> Option<u64> {
    None
}

#[cfg(not(target_os = "linux"))]
pub(super) fn forget_peak() {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn memory_that_was_touched_is_in_the_peak_and_forgotten_with_it() {
        const BYTES: usize = 256 << 20;
        let before = peak_resident_bytes().expect("Linux tells");
        let touched = std::hint::black_box(vec![1_u8; BYTES]);
        let with = peak_resident_bytes().expect("Linux tells");
        assert!(with >= before.max(BYTES as u64), "{before}, {with}");
        drop(touched);
        forget_peak();
        let after = peak_resident_bytes().expect("Linux tells");
        assert!(after < with, "{after} is not below {with}");
    }
}
