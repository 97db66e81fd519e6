//! Lists the objects and columns of ROOT files, reads every column and prints the speed.
//!
//!     cargo run --release -p vortex-root --example root_list -- [--quiet | --digests] FILE...
//!
//! `--digests` prints a line per column with the SHA-256 of its values and of its offsets (64-bit,
//! from zero), and of the 32-bit lengths of inner lists, for comparison with another reader; `--quiet` prints only the sums.

use std::path::Path;
use std::time::Instant;

use sha2::{Digest, Sha256};
use vortex_root::{Chunk, Content, RootFile, Tree};

#[derive(Default)]
struct Sums {
    readable: usize,
    groups: usize,
    unreadable: usize,
    failed: usize,
    bytes: u64,
}

#[derive(Clone, Copy, PartialEq)]
enum Show {
    Columns,
    Digests,
    Sums,
}

fn main() {
    let mut show = Show::Columns;
    let mut paths = Vec::new();
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--quiet" => show = Show::Sums,
            "--digests" => show = Show::Digests,
            _ => paths.push(argument),
        }
    }
    if paths.is_empty() {
        eprintln!("usage: root_list [--quiet | --digests] FILE...");
        std::process::exit(2);
    }
    for path in paths {
        if let Err(e) = list(Path::new(&path), show) {
            println!("ERROR {e}");
        }
    }
}

fn list(path: &Path, show: Show) -> Result<(), vortex_root::RootError> {
    let start = Instant::now();
    let file = RootFile::open(path)?;
    for object in file.objects() {
        if let (Some(reason), Show::Columns) = (&object.unreadable, show) {
            println!("{};{}: not read: {reason}", object.path, object.cycle);
        }
    }
    let mut sums = Sums::default();
    for tree in file.trees() {
        match file.tree(tree) {
            Ok(tree) => read(&tree, show, &mut sums, path),
            Err(e) => println!("ERROR {e}"),
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    let megabytes = sums.bytes as f64 / 1e6;
    println!(
        "{}: {} columns read, {} groups, {} not readable, {} failed; {megabytes:.1} MB in {seconds:.3} s, {:.0} MB/s",
        path.display(),
        sums.readable,
        sums.groups,
        sums.unreadable,
        sums.failed,
        megabytes / seconds
    );
    Ok(())
}

fn read(tree: &Tree<'_>, show: Show, sums: &mut Sums, path: &Path) {
    if show == Show::Columns {
        println!(
            "tree {}: {} entries, {} columns",
            tree.path(),
            tree.entries(),
            tree.columns().len()
        );
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut chunk = Chunk::default();
    for column in tree.columns() {
        let layout = match &column.content {
            Content::Values(layout) => layout,
            Content::Unreadable(reason) => {
                sums.unreadable += 1;
                match show {
                    Show::Columns => println!("  {}: not read: {reason}", column.path),
                    Show::Digests => {
                        println!("NO\t{name}\t{}\t{}\t{reason}", tree.path(), column.path)
                    }
                    Show::Sums => {}
                }
                continue;
            }
            _ => {
                sums.groups += 1;
                continue;
            }
        };
        let mut digest = (Sha256::new(), Sha256::new());
        let mut inner = vec![Sha256::new(); layout.inner_levels];
        let mut offset = 0i64;
        digest.1.update(offset.to_le_bytes());
        let mut outcome = tree.read(column);
        let mut n_chunks = 0;
        while let Ok(reader) = &mut outcome {
            match reader.next_chunk(&mut chunk) {
                Ok(true) => {}
                Ok(false) => break,
                Err(e) => {
                    outcome = Err(e);
                    break;
                }
            }
            n_chunks += 1;
            sums.bytes += (chunk.values.len() + 4 * chunk.counts.len()) as u64;
            if show == Show::Digests {
                digest.0.update(&chunk.values);
                for n in &chunk.counts {
                    offset += i64::from(*n);
                    digest.1.update(offset.to_le_bytes());
                }
                for (digest, counts) in inner.iter_mut().zip(&chunk.inner_counts) {
                    counts.iter().for_each(|n| digest.update(n.to_le_bytes()));
                }
            }
        }
        if let Err(e) = &outcome {
            sums.failed += 1;
            println!("FAILED {e}");
            continue;
        }
        sums.readable += 1;
        let dims: String = layout.shape.iter().map(|n| format!("[{n}]")).collect();
        let (dtype, jagged) = (layout.dtype, if layout.jagged { "[n]" } else { "" });
        match show {
            Show::Columns => {
                println!("  {}: {dtype}{jagged}{dims}, {n_chunks} parts", column.path)
            }
            Show::Digests => {
                let (values, offsets) = (hex(digest.0), hex(digest.1));
                let offsets = if layout.jagged { offsets } else { String::new() };
                let (tree, path) = (tree.path(), &column.path);
                let inner: Vec<_> = inner.into_iter().map(hex).collect();
                let inner = inner.join(",");
                println!(
                    "OK\t{name}\t{tree}\t{path}\t{dtype}\t{dims}\t{values}\t{offsets}\t{inner}"
                );
            }
            Show::Sums => {}
        }
    }
}

fn hex(digest: Sha256) -> String {
    vortex_base::hex::encode(&digest.finalize())
}
