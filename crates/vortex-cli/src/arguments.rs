//! Arguments of all commands, or of several.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use vortex_codec::Device;

/// Arguments of every command.
#[derive(Clone, Debug, Args)]
pub struct Common {
    /// Number of worker threads; 0 means one per core. It does not change the results
    #[arg(short = 'T', long, value_name = "N", default_value_t = 0, global = true)]
    pub threads: usize,
    /// Instruction set for running models. It does not change the results
    #[arg(long, alias = "level", value_enum, default_value_t = Instructions::Auto, global = true)]
    pub instructions: Instructions,
    /// Print errors only
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Print more
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// The whole command line, for reports.
    #[arg(skip)]
    pub line: String,
}

impl Common {
    /// The number of threads; 0 means one per core.
    pub fn threads(&self) -> usize {
        self.threads.min(vortex_codec::coder::threads::MAX_THREADS)
    }
}

/// Instruction sets for running models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Instructions {
    /// The best set of this processor.
    Auto,
    /// Plain Rust.
    Portable,
    /// x86-64 with AVX2.
    Avx2,
    /// x86-64 with AVX-512 VNNI.
    Avx512,
    /// AArch64.
    Neon,
}

impl Instructions {
    /// The instruction set of the library.
    pub fn chosen(self) -> vortex_codec::Instructions {
        match self {
            Self::Auto => vortex_codec::Instructions::detect(),
            Self::Portable => vortex_codec::Instructions::Portable,
            Self::Avx2 => vortex_codec::Instructions::Avx2,
            Self::Avx512 => vortex_codec::Instructions::Avx512,
            Self::Neon => vortex_codec::Instructions::Neon,
        }
    }
}

/// The device that codes with a network.
#[derive(Clone, Debug, Default, Args)]
pub struct OnDevice {
    /// Where the network of a model runs: cpu, cuda:N, rocm:N, vulkan:N, several GPUs
    /// (cuda:0,cuda:1), or auto (a GPU for files of 64 MiB and more, if one works). Any device
    /// decodes the files of any other. On a GPU, compress mixes contexts in only with --mix
    #[arg(long, value_name = "DEVICE", default_value_t = Device::Cpu)]
    pub device: Device,
}

/// Where outputs go and how.
#[derive(Clone, Debug, Default, Args)]
pub struct OutputArguments {
    /// Output file; `-` is standard output; with several FILEs, an existing folder
    #[arg(short, long, value_name = "OUT")]
    pub output: Option<PathBuf>,
    /// Replace existing outputs; if an output is a link, its target is replaced
    #[arg(short, long)]
    pub force: bool,
    /// Keep the inputs (they are always kept; the option exists for compatibility)
    #[arg(short, long)]
    pub keep: bool,
}

/// How much work compression without a model does: `-1` to `-9`, as in zstd and xz.
#[derive(Clone, Copy, Debug, Default, Args)]
#[group(multiple = false)]
pub struct Effort {
    /// -1 (fastest) to -9 (smallest); the default is 5. Levels 1 to 3 code columns with pcodec and
    /// zstd, at tens of MB/s on a core; levels 4 to 8 mix an increasing number of contexts, in larger
    /// blocks; compress -9 also trains a network on the file. With a model, the level is that of the
    /// contexts beside it
    #[arg(short = '1', help_heading = "Effort")]
    one: bool,
    #[arg(short = '2', hide = true)]
    two: bool,
    #[arg(short = '3', hide = true)]
    three: bool,
    #[arg(short = '4', hide = true)]
    four: bool,
    #[arg(short = '5', hide = true)]
    five: bool,
    #[arg(short = '6', hide = true)]
    six: bool,
    #[arg(short = '7', hide = true)]
    seven: bool,
    #[arg(short = '8', hide = true)]
    eight: bool,
    #[arg(short = '9', hide = true)]
    nine: bool,
}

impl Effort {
    /// The level that was chosen.
    pub fn level(self) -> vortex_codec::Level {
        let Self { one, two, three, four, five, six, seven, eight, nine } = self;
        let chosen = [one, two, three, four, five, six, seven, eight, nine];
        let number = (1..).zip(chosen).find_map(|(number, chosen)| chosen.then_some(number));
        number.map_or(vortex_codec::Level::DEFAULT, |number| {
            vortex_codec::Level::new(number).expect("1 to 9")
        })
    }
}

/// Reads sizes such as `64KiB`, `1MiB`, `1M` or `65536` (K, M, G are powers of 1024).
pub fn size(text: &str) -> Result<usize, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: usize = number.parse().map_err(|_| "not a size; write 65536, 64KiB or 1MiB")?;
    let shift = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "ki" | "kib" => 10,
        "m" | "mi" | "mib" => 20,
        "g" | "gi" | "gib" => 30,
        _ => return Err("unknown unit; use KiB, MiB or GiB".into()),
    };
    number.checked_mul(1 << shift).ok_or_else(|| "too large".into())
}

/// Reads the length of blocks of a `.vxc` file.
pub fn block_size(text: &str) -> Result<u32, String> {
    use vortex_codec::coder::container::constants::{MAX_BLOCK_BYTES, MIN_BLOCK_BYTES};
    // The value is at most the upper bound, which fits.
    size_within(text, MIN_BLOCK_BYTES as usize, MAX_BLOCK_BYTES as usize).map(|bytes| bytes as u32)
}

/// Reads the length of chunks of a `.vxw` file.
pub fn chunk_size(text: &str) -> Result<usize, String> {
    size_within(
        text,
        vortex_codec::weights::MIN_CHUNK_BYTES,
        vortex_codec::weights::MAX_CHUNK_BYTES,
    )
}

fn size_within(text: &str, low: usize, high: usize) -> Result<usize, String> {
    let bytes = size(text)?;
    if (low..=high).contains(&bytes) {
        return Ok(bytes);
    }
    let (low, high) = (low >> 10, high >> 20);
    Err(format!("{bytes} bytes; {low}KiB to {high}MiB are possible"))
}

/// Reads a duration in seconds.
pub fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds > 0.0 && seconds.is_finite() => Ok(seconds),
        _ => Err("not a number of seconds above 0, such as 110".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_within_bounds_and_seconds() {
        assert_eq!(block_size("1KiB"), Ok(1 << 10));
        assert_eq!(block_size("64MiB"), Ok(64 << 20));
        let refused = block_size("8G").unwrap_err();
        assert_eq!(refused, "8589934592 bytes; 1KiB to 64MiB are possible");
        assert!(block_size("1023").is_err() && block_size("67108865").is_err());
        assert!(chunk_size("64KiB").is_ok() && chunk_size("63KiB").is_err());
        assert_eq!(seconds("0.5"), Ok(0.5));
        for bad in ["0", "-1", "nan", "inf", "x", ""] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn sizes() {
        assert_eq!(size("1MiB"), Ok(1 << 20));
        assert_eq!(size("64k"), Ok(65536));
        assert_eq!(size("123"), Ok(123));
        assert!(size("MiB").is_err() && size("1XB").is_err() && size("99999999999999G").is_err());
    }
}
