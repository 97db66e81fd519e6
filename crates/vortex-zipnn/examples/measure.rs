//! Sizes and speeds of one file at each level, on one thread: `measure FILE [DTYPE] [BASE]`.
//!
//! Without DTYPE, or with `-`, FILE is a safetensors file, otherwise values of that type. Each time is the
//! mean of several rounds, on Linux that of the processor, so that other programs do not count. The result of decoding is compared each time.

use std::error::Error;
use std::io::Cursor;
use std::time::{Duration, Instant};

use vortex_zipnn::{Base, Contents, DType, Level, Options, compress, decompress};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("measure FILE [DTYPE] [BASE]")?;
    let contents = match arguments.next().as_deref() {
        None | Some("-") => Contents::Safetensors,
        Some(name) => Contents::Raw(DType::parse(name).ok_or("no such type")?),
    };
    let base = arguments.next().map(std::fs::read).transpose()?;
    let bytes = std::fs::read(&file)?;
    let megabytes = bytes.len() as f64 / 1e6;
    let mut copy = Vec::new();
    let memcpy = time(|| {
        copy.clear();
        copy.extend_from_slice(&bytes);
        Ok(())
    })?;
    println!("memcpy: {:.0} MB/s", megabytes / memcpy.as_secs_f64());
    for level in [Level::Fast, Level::Default, Level::Best] {
        let options = Options { level, threads: 1, ..Options::default() };
        let mut packed = Vec::new();
        let packing = time(|| {
            packed.clear();
            let mut base = base.as_ref().map(|b| Base::open(Cursor::new(b))).transpose()?;
            compress(&bytes[..], &mut packed, contents, base.as_mut(), &options)?;
            Ok(())
        })?;
        let mut back = Vec::new();
        let unpacking = time(|| {
            back.clear();
            let mut base = base.as_ref().map(|b| Base::open(Cursor::new(b))).transpose()?;
            decompress(&packed[..], &mut back, base.as_mut(), 1)?;
            Ok(())
        })?;
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

/// Time of one round, from as many as fill half a second.
fn time(mut work: impl FnMut() -> Result<(), Box<dyn Error>>) -> Result<Duration, Box<dyn Error>> {
    work()?;
    let begin = Instant::now();
    let start = clock(begin);
    for rounds in 1.. {
        work()?;
        let spent = clock(begin).saturating_sub(start);
        if spent > Duration::from_millis(500) {
            return Ok(spent / rounds);
        }
    }
    Ok(Duration::MAX)
}

/// Time that this thread has run, or where that is not known, time since `begin`.
fn clock(begin: Instant) -> Duration {
    std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|text| text.split(' ').next()?.parse().ok())
        .map_or_else(|| begin.elapsed(), Duration::from_nanos)
}
