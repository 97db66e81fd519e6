//! Prepares files and restores them again, with the speed of both:
//! `cargo run --release -p vortex-sources --example prepare -- OUT INPUT...`

use std::path::{Path, PathBuf};
use std::time::Instant;

use vortex_sources::prepare::{Layout, LayoutRule, PrepareOptions, prepare, restore};

fn main() -> vortex_sources::Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let Some(out) = arguments.next() else {
        eprintln!("usage: prepare OUT INPUT...");
        return Ok(());
    };
    let inputs: Vec<PathBuf> = arguments.collect();
    let layouts = [
        ("row", LayoutRule::Fixed(Layout::Row)),
        ("column", LayoutRule::Fixed(Layout::Column)),
        ("auto", LayoutRule::Training),
    ];
    for (name, layout) in layouts {
        let folder = out.join(name);
        let options = PrepareOptions { layout, ..PrepareOptions::default() };
        let mut bytes = 0;
        let start = Instant::now();
        let manifest = prepare(&inputs, &folder, &options, &mut |n| bytes += n)?;
        say(&format!("prepare, {name} layout"), bytes, start);
        let back = out.join(format!("{name}-back"));
        bytes = 0;
        let start = Instant::now();
        restore(&manifest, &folder, Path::new(&back), &mut |n| bytes += n)?;
        say("restore", bytes, start);
    }
    Ok(())
}

fn say(what: &str, bytes: u64, start: Instant) {
    let seconds = start.elapsed().as_secs_f64();
    let speed = bytes as f64 / 1e6 / seconds;
    println!("{what}: {bytes} bytes in {seconds:.2} s, {speed:.0} MB/s");
}
