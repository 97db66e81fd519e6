//! What figures were measured on.

use serde::Serialize;

/// The machine and the program of a measurement.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// Name of the processor, if the system tells it.
    pub cpu: Option<String>,
    /// Cores that this process may use.
    pub cores: usize,
    /// Such as `linux x86_64`.
    pub system: String,
    /// Version of Vortex.
    pub version: &'static str,
}

impl Machine {
    /// This machine.
    pub fn here() -> Self {
        Self {
            cpu: cpu(),
            cores: std::thread::available_parallelism().map_or(1, Into::into),
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}

/// The name of the first processor in Linux's list.
fn cpu() -> Option<String> {
    let list = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = list.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

impl std::fmt::Display for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let cpu = self.cpu.as_deref().unwrap_or("unknown processor");
        write!(f, "{cpu}, {} cores, {}, vortex {}", self.cores, self.system, self.version)
    }
}
