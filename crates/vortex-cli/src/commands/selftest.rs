//! `vortex selftest`

use std::io::Write;

use clap::Args;
use vortex_codec::gpu::{Found, devices};
use vortex_codec::infer::{Cpu, selftest};
use vortex_codec::{Device, Error, Instructions};

use crate::arguments::{Common, OnDevice, size};
use crate::failure::Failure;
use crate::stdout::stdout;

/// Bytes that the CPU codes with plain Rust, which is slow, for each instruction set.
const ON_CPU: usize = 256 << 10;
/// Bytes for a GPU, and for a driver of GPUs that runs on the processor.
const ON_GPU: usize = 64 << 20;
const ON_SOFTWARE: usize = 64 << 10;

/// Test a device: the first thing to run on a new machine or card.
///
/// Codes with random networks in both directions, compares every byte with the CPU, and prints speeds. On the CPU, every
/// instruction set is compared with plain Rust. It also lists the GPUs that this build can use.
#[derive(Debug, Args)]
pub struct SelfTest {
    #[command(flatten)]
    on: OnDevice,
    /// Bytes to code; the default is 256 KiB on the CPU, 64 MiB on a GPU, and 64 KiB on a driver that
    /// runs on the processor
    #[arg(long, value_name = "SIZE", value_parser = size)]
    bytes: Option<usize>,
}

impl SelfTest {
    pub fn run(self, common: &Common) -> Result<(), Failure> {
        let found = devices();
        for gpu in &found {
            let note = if gpu.is_cpu { ", which is the processor" } else { "" };
            writeln!(stdout(), "found {}: {}{note}", gpu.device, gpu.name)?;
        }
        let best = common.instructions.chosen();
        match &self.on.device {
            Device::Cpu => {
                for instructions in Instructions::ALL.into_iter().filter(|set| set.is_available()) {
                    let bytes = self.bytes.unwrap_or(ON_CPU);
                    let report = selftest(&Cpu { instructions }, Instructions::Portable, bytes);
                    write!(stdout(), "{}", report.map_err(Error::from)?)?;
                }
            }
            Device::Several(gpus) => {
                for gpu in gpus {
                    self.test(&Device::Gpu(*gpu), &found, best)?;
                }
            }
            device => self.test(device, &found, best)?,
        }
        Ok(())
    }
    /// Tests one device, which is not the CPU.
    fn test(&self, device: &Device, found: &[Found], best: Instructions) -> Result<(), Failure> {
        let execution = device.execution(best, Some(u64::MAX))?;
        let is_cpu = |gpu| found.iter().any(|found| found.device == gpu && found.is_cpu);
        let bytes = match device {
            Device::Gpu(gpu) if is_cpu(*gpu) => ON_SOFTWARE,
            _ => ON_GPU,
        };
        let bytes = self.bytes.unwrap_or(bytes);
        write!(stdout(), "{}", selftest(&*execution, best, bytes).map_err(Error::from)?)?;
        Ok(())
    }
}
