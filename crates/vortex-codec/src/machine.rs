//! What figures were measured on.

use serde::Serialize;

/// The machine and the program of a measurement.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// Name of the processor, if the system tells it.
    pub cpu: Option<String>,
    /// Cores that this process may use.
    pub cores: usize,
    /// Bytes of memory, if the system tells them.
    pub memory: Option<u64>,
    /// Such as `linux x86_64`.
    pub system: String,
    /// Version of Vortex.
    pub version: &'static str,
    /// The commit that it was built from, if `VORTEX_COMMIT` named it during the build.
    pub commit: Option<&'static str>,
}

impl Machine {
    /// This machine.
    pub fn here() -> Self {
        Self {
            cpu: line("/proc/cpuinfo", "model name"),
            cores: std::thread::available_parallelism().map_or(1, Into::into),
            memory: memory(),
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            version: env!("CARGO_PKG_VERSION"),
            commit: option_env!("VORTEX_COMMIT").filter(|commit| !commit.is_empty()),
        }
    }
}

fn memory() -> Option<u64> {
    let kib: u64 = line("/proc/meminfo", "MemTotal")?.strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

/// What stands after the colon in the first line that begins with `name`, in a list of Linux.
fn line(list: &str, name: &str) -> Option<String> {
    let list = std::fs::read_to_string(list).ok()?;
    let line = list.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

impl std::fmt::Display for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let cpu = self.cpu.as_deref().unwrap_or("unknown processor");
        write!(f, "{cpu}, {} cores, {}, vortex {}", self.cores, self.system, self.version)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn linux_tells_its_memory() {
        assert!(Machine::here().memory.is_some_and(|bytes| bytes > 1 << 20));
    }
}
