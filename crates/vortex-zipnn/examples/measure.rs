//! Sizes and speeds of one file in memory, on one thread: `measure FILE [DTYPE] [BASE] [best]`.
//!
//! Without DTYPE, or with `-`, FILE is a safetensors file, otherwise values of that type; BASE may
//! be `-` for none. The time is that of one call of `Codec::compress` or `Codec::decompress`, from
//! bytes to a new vector of bytes, checksums included, with the digest of the base if there is one.
//! Each time is that of the fastest round within one second. The decoded bytes are compared.

use std::error::Error;
use std::hint::black_box;
use std::io::Cursor;
use std::time::{Duration, Instant};

use vortex_zipnn::{Base, Codec, Contents, DType, Level, Options};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("measure FILE [DTYPE] [BASE]")?;
    let contents = match arguments.next().as_deref() {
        None | Some("-") => Contents::Safetensors,
        Some(name) => Contents::Raw(DType::parse(name).ok_or("no such type")?),
    };
    let base = arguments.next().filter(|base| base != "-").map(std::fs::read).transpose()?;
    let mut levels = vec![Level::Fast, Level::Default];
    if arguments.next().as_deref() == Some("best") {
        levels.push(Level::Best);
    }
    let bytes = std::fs::read(&file)?;
    let megabytes = bytes.len() as f64 / 1e6;
    let mut copy = Vec::new();
    let (_, memcpy) = quickest(|| {
        copy.clear();
        copy.extend_from_slice(black_box(&bytes));
        Ok(())
    })?;
    println!("memcpy: {:.0} MB/s", megabytes / memcpy.as_secs_f64());
    let open_base = || base.as_ref().map(|b| Base::open(Cursor::new(b))).transpose();
    for level in levels {
        let mut codec = Codec::new(Options { level, threads: 1, ..Options::default() })?;
        let (packed, packing) =
            quickest(|| Ok(codec.compress(&bytes, contents, open_base()?.as_mut())?))?;
        let (back, unpacking) = quickest(|| Ok(codec.decompress(&packed, open_base()?.as_mut())?))?;
        if back != bytes {
            return Err("decoded bytes differ".into());
        }
        println!(
            "{level:?}: {} -> {} bytes, {:.2} % smaller; {:.0} MB/s, back {:.0} MB/s",
            bytes.len(),
            packed.len(),
            100.0 - 100.0 * packed.len() as f64 / bytes.len() as f64,
            megabytes / packing.as_secs_f64(),
            megabytes / unpacking.as_secs_f64()
        );
    }
    Ok(())
}

/// The result of `work`, and the time of its quickest round in a second.
fn quickest<T>(
    mut work: impl FnMut() -> Result<T, Box<dyn Error>>,
) -> Result<(T, Duration), Box<dyn Error>> {
    let begin = Instant::now();
    let mut best = Duration::MAX;
    loop {
        let start = Instant::now();
        let result = work()?;
        best = best.min(start.elapsed());
        if begin.elapsed() > Duration::from_secs(1) {
            return Ok((result, best));
        }
    }
}
