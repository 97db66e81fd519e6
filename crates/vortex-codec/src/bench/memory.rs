//! Memory of this process, as Linux tells it.

/// Bytes in memory now.
pub(super) fn now() -> Option<u64> {
    line("VmRSS:")
}

/// Makes the peak the present; nothing where the system does not allow it.
pub(super) fn forget_peak() {
    // man 5 proc: 5 resets the peak of the resident set.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// Most bytes in memory since the last [`forget_peak`], or since the process began.
pub(super) fn peak() -> Option<u64> {
    line("VmHWM:")
}

fn line(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_not_below_the_present() {
        let bytes = vec![1u8; 4 << 20];
        let (now, peak) = (now().unwrap(), peak().unwrap());
        assert!(now > bytes.len() as u64 && peak >= now, "{now} {peak}");
    }
}
