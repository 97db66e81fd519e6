//! Whether an execution computes what the CPU does, and how fast: the trial of a device.

use std::time::{Duration, Instant};

use vortex_coder::schema::{DType, Field, Schema};
use vortex_coder::{BlockPayload, BlockRecords, Model};

use crate::random::{self, Sizes, network};
use crate::spec::MemoryShape;
use crate::{Error, Execution, Instructions, IntModel, Network, Result};

/// One network that was tested.
#[derive(Clone, Debug)]
pub struct Trial {
    /// What it is.
    pub name: &'static str,
    /// Bytes that were coded each way.
    pub bytes: usize,
    /// Loading the model: the compilation of the kernel, and the model's own test.
    pub load: Duration,
    /// Encoding.
    pub encode: Duration,
    /// Decoding.
    pub decode: Duration,
}

/// A device that passed.
#[derive(Clone, Debug)]
pub struct Report {
    /// The device and what it is called.
    pub device: String,
    /// What it was compared with.
    pub reference: Instructions,
    /// Its trials.
    pub trials: Vec<Trial>,
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let reference = self.reference.name();
        writeln!(f, "{}: equal to the CPU ({reference}) in every byte, both ways", self.device)?;
        for trial in &self.trials {
            let speed = |time: Duration| trial.bytes as f64 / time.as_secs_f64().max(1e-9) / 1e6;
            writeln!(
                f,
                "  {}: {} bytes, loaded in {:.1} s, encoded at {:.3} MB/s, decoded at {:.3} MB/s",
                trial.name,
                trial.bytes,
                trial.load.as_secs_f64(),
                speed(trial.encode),
                speed(trial.decode)
            )?;
        }
        Ok(())
    }
}

/// Codes about `bytes` bytes with random networks of the small sizes on an execution, both ways, and compares every byte
/// with the CPU and `reference`. The model's own test, which the definition makes, runs too.
///
/// # Errors
/// [`Error::Unavailable`] if the device fails, [`Error::SelfTest`] if it computes other numbers.
pub fn selftest(
    execution: &dyn Execution,
    reference: Instructions,
    bytes: usize,
) -> Result<Report> {
    let memory = Some(MemoryShape { rate: 4, slots: 16, kernel: 3 });
    let small = Sizes { d_ff: 160, ..Sizes::default() };
    let networks = [
        ("the small model", small_network(small, 1), bytes),
        (
            "a network with memory",
            small_network(Sizes { memory, d_ff: 40, window: 16, ..small }, 2),
            bytes / 16,
        ),
    ];
    let trials = networks
        .into_iter()
        .map(|(name, network, bytes)| trial(execution, reference, name, &network, bytes));
    Ok(Report { device: execution.name(), reference, trials: trials.collect::<Result<_>>()? })
}

fn small_network(sizes: Sizes, seed: u64) -> Network {
    let fields = (0..4).map(|i| Field::new(format!("f{i}"), DType::F32, 4 * i)).collect();
    let schema = Schema::new(16, fields).expect("four fields without gaps");
    network(schema, sizes, seed)
}

fn trial(
    execution: &dyn Execution,
    reference: Instructions,
    name: &'static str,
    network: &Network,
    bytes: usize,
) -> Result<Trial> {
    let file = network.to_bytes()?;
    let cpu = IntModel::from_bytes(&file, reference)?;
    let start = Instant::now();
    let model = IntModel::load(&file, execution)?;
    let load = start.elapsed();
    let failed = |error: vortex_coder::Error| Error::Unavailable {
        execution: model.execution().to_owned(),
        reason: error.message,
    };
    let wrong = || Error::SelfTest { execution: model.execution().to_owned() };
    // At least four blocks, of up to 1 MiB as in files, the last one shorter, of bytes that the network finds likely.
    let stride = cpu.layout().stride();
    let block = (bytes / 4).clamp(1024, 1 << 20) / stride * stride;
    let lanes = cpu.lanes(block);
    let noise: Vec<u8> = random::symbols(cpu.layout(), block / stride + 1, 5);
    let mut lengths = vec![block; (bytes / block).max(4)];
    *lengths.last_mut().expect("four or more") -= block / 4 / stride * stride;
    let mut blocks: Vec<Vec<u8>> = lengths.iter().map(|&n| vec![0; n]).collect();
    for (i, out) in blocks.iter_mut().enumerate() {
        // More noise than it needs is an error that does not matter.
        let payload = &noise[i % stride..];
        let _ = cpu.coder().decode(&mut [BlockPayload { payload, lanes, out }]);
    }
    let group: Vec<BlockRecords<'_>> =
        blocks.iter().map(|bytes| BlockRecords { bytes, lanes }).collect();
    let right = cpu.coder().encode(&group).map_err(failed)?;
    let start = Instant::now();
    let payloads = model.coder().encode(&group).map_err(failed)?;
    let encode = start.elapsed();
    if payloads != right {
        return Err(wrong());
    }
    let mut found: Vec<Vec<u8>> = lengths.iter().map(|&n| vec![0; n]).collect();
    let mut jobs: Vec<BlockPayload<'_>> = right
        .iter()
        .zip(&mut found)
        .map(|(payload, out)| BlockPayload { payload, lanes, out })
        .collect();
    let start = Instant::now();
    let results = model.coder().decode(&mut jobs);
    let decode = start.elapsed();
    results.into_iter().collect::<std::result::Result<(), _>>().map_err(failed)?;
    if found != blocks {
        return Err(wrong());
    }
    Ok(Trial { name, bytes: lengths.iter().sum(), load, encode, decode })
}
