//! Speed and peak memory of the container on a long stream.
//!
//! ```text
//! cargo run --release -p vortex-coder --example container_stream -- 1024 2 adaptive /tmp/x.vxc
//! ```
//! Arguments: MiB of synthetic records, threads, coder (`adaptive`, `adaptive-only`: without
//! trying zstd, `classic`: zstd or raw), a file to write and read back (it is removed). Peak memory
//! is that of the process so far, if the system reports it.

use std::error::Error;
use std::fs::File;
use std::io::Write;
use std::time::Instant;

use vortex_coder::container::{Coder, Reader, ReaderOptions, Writer, WriterOptions};
use vortex_coder::{DType, Field, Schema};

const RECORD_BYTES: usize = 16;
const MIB: f64 = (1 << 20) as f64;

/// Records of an id, two noisy numbers and a label: 1 MiB of them.
fn mebibyte(random: &mut u64, id: &mut u32, out: &mut Vec<u8>) {
    out.clear();
    while out.len() < 1 << 20 {
        *random ^= *random << 13;
        *random ^= *random >> 7;
        *random ^= *random << 17;
        let [a, b, c, d, e, f, g, _] = random.to_le_bytes();
        *id = id.wrapping_add(1);
        out.extend(id.to_le_bytes());
        out.extend([a, b, c & d, 0x41]);
        out.extend([d, e & 0xF0, f & g & e, 0xC2]);
        out.extend([g % 5, 0, 0, 1]);
    }
}

/// Peak memory in MiB.
fn peak() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<f64>().ok()? / 1024.0)
}

fn report(what: &str, mib: f64, start: Instant) {
    let seconds = start.elapsed().as_secs_f64();
    let peak = peak().map_or("unknown".to_owned(), |mib| format!("{mib:.1} MiB"));
    println!("{what}: {seconds:.1} s, {:.1} MiB/s, peak memory {peak}", mib / seconds);
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [mib, threads, coder, path] = arguments.as_slice() else {
        return Err(
            "usage: container_stream MIB THREADS adaptive|adaptive-only|classic FILE".into()
        );
    };
    let (mib, threads): (u32, usize) = (mib.parse()?, threads.parse()?);
    let fields = vec![
        Field::new("id", DType::U32, 0),
        Field::new("x", DType::F32, 4),
        Field::new("y", DType::F32, 8),
        Field::new("label", DType::U32, 12),
    ];
    let schema = Schema::new(RECORD_BYTES, fields)?;
    let mut options = match coder.as_str() {
        "adaptive" | "adaptive-only" => WriterOptions::new(Coder::adaptive(schema)),
        "classic" => WriterOptions::new(Coder::Classic(schema)),
        other => return Err(format!("{other:?}: adaptive, adaptive-only or classic").into()),
    };
    options.threads = threads;
    if coder == "adaptive-only" {
        options.zstd_level = None;
    }

    let start = Instant::now();
    let mut writer = Writer::new(File::create(path)?, options)?;
    let (mut random, mut id, mut piece) = (88_172_645_463_325_252, 0, Vec::new());
    for _ in 0..mib {
        mebibyte(&mut random, &mut id, &mut piece);
        writer.write_all(&piece)?;
    }
    let (mut file, summary) = writer.finish()?;
    file.flush()?;
    println!("{summary:?}");
    report("encoding", mib.into(), start);

    let start = Instant::now();
    let options = ReaderOptions { threads, ..ReaderOptions::default() };
    let mut reader = Reader::new(File::open(path)?, options);
    let read = reader.copy_to(&mut std::io::sink())?;
    report("decoding", read.original_bytes as f64 / MIB, start);
    std::fs::remove_file(path)?;
    Ok(())
}
