//! Small ROOT files that uproot wrote (`assets/make.py`), with a tree and with an RNTuple: their
//! values, and the results of damage.

#![allow(clippy::unwrap_used)] // helpers of tests

use std::path::Path;
use std::time::{Duration, Instant};

use vortex_root::DType;
use vortex_root::{Chunk, Column, Content, RootError, RootErrorKind, RootFile, Tree};

const TREE: &str = "sub/deep/events";

fn asset(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets").join(name);
    std::fs::read(path).expect("a file of this repository")
}

fn bytes() -> Vec<u8> {
    asset("columns.root")
}

/// Little-endian values and counts of entries `0..30`, as `make.py` makes them.
fn expected(name: &str) -> (DType, Vec<usize>, Vec<u8>, Vec<u32>) {
    let entries = 0..30u64;
    fn all<const N: usize>(values: impl Iterator<Item = [u8; N]>) -> Vec<u8> {
        values.flatten().collect()
    }
    let i = entries.clone();
    let (dtype, shape, values) = match name {
        "flag" => (DType::Bool, vec![], all(i.map(|i| [u8::from(i % 3 == 0)]))),
        "small" => (DType::I8, vec![], all(i.map(|i| (i as i8 - 10).to_le_bytes()))),
        "word" => (DType::U16, vec![], all(i.map(|i| (i as u16 * 1000).to_le_bytes()))),
        "number" => (DType::I32, vec![], all(i.map(|i| (i as i32 * -70_000).to_le_bytes()))),
        "big" => (DType::U64, vec![], all(i.map(|i| (i << 40).to_le_bytes()))),
        "x" => (DType::F32, vec![], all(i.map(|i| (i as f32 * 0.5).to_le_bytes()))),
        "y" => (DType::F64, vec![], all(i.map(|i| (1.0 / (i as f64 + 1.0)).to_le_bytes()))),
        "matrix" => (DType::I16, vec![2, 3], all((0..6 * 30i16).map(i16::to_le_bytes))),
        "nhit" => (DType::I32, vec![], all(i.map(|i| (i as i32 % 4).to_le_bytes()))),
        "hit" => {
            let items = i.flat_map(|i| (0..i % 4).map(move |k| (k + 10 * i) as f32));
            (DType::F32, vec![], all(items.map(f32::to_le_bytes)))
        }
        other => panic!("{other} is not of this file"),
    };
    let counts = if name == "hit" { entries.map(|i| (i % 4) as u32).collect() } else { vec![] };
    (dtype, shape, values, counts)
}

#[test]
fn values_of_every_type() {
    let file = RootFile::from_bytes("columns.root", bytes()).unwrap();
    assert_eq!(file.trees(), [TREE]);
    let title = file.objects().iter().find(|object| object.path == "title").unwrap();
    assert!(title.unreadable.as_ref().unwrap().contains("TObjString"), "{title:?}");
    let tree = file.tree(TREE).unwrap();
    assert_eq!((tree.entries(), tree.columns().len()), (30, 10));
    for column in tree.columns() {
        check(&tree, column, &column.name);
    }
}

#[test]
fn an_rntuple_has_the_same_values() {
    let file = RootFile::from_bytes("ntuple.root", asset("ntuple.root")).unwrap();
    assert_eq!(file.trees(), ["events"]);
    let tree = file.tree("events").unwrap();
    let mut n = 0;
    for column in tree.columns().iter().filter(|column| !MORE.contains(&column.path.as_str())) {
        // The size of "hit" is stored with its items.
        check(&tree, column, &column.name);
        n += 1;
    }
    assert_eq!(n, 9);
}

/// The columns of `more` in `make.py`.
const MORE: [&str; 7] =
    ["text", "nested", "point.x", "point.steps", "perhaps", "either._0", "either._1"];

#[test]
fn lists_texts_and_variants_of_an_rntuple() {
    let file = RootFile::from_bytes("ntuple.root", asset("ntuple.root")).unwrap();
    let tree = file.tree("events").unwrap();
    let i = || 0..30u32;
    let whole = |path: &str| {
        let mut chunk = Chunk::default();
        let mut reader = tree.read(tree.column(path).unwrap()).unwrap();
        reader.read_entries(0..30, &mut chunk).unwrap();
        chunk
    };
    let i64s = |values: Vec<i64>| values.into_iter().flat_map(i64::to_le_bytes).collect::<Vec<_>>();

    let text = whole("text");
    assert_eq!(text.counts, i().map(|i| 2 * (i % 3)).collect::<Vec<_>>());
    assert_eq!(text.values, b"ab".repeat(30));
    let nested = whole("nested");
    assert_eq!(nested.counts, i().map(|i| i % 4).collect::<Vec<_>>());
    let lists = i().flat_map(|i| (0..i % 4).map(|k| k % 3));
    assert_eq!(nested.inner_counts, [lists.clone().collect::<Vec<_>>()]);
    let items = lists.flat_map(|k| (0..k).map(move |_| f64::from(k))).flat_map(f64::to_le_bytes);
    assert_eq!(nested.values, items.collect::<Vec<_>>());
    assert_eq!(whole("point.x").values, i64s((0..30).collect()));
    let steps = whole("point.steps");
    assert_eq!(steps.counts, i().map(|i| i % 2).collect::<Vec<_>>());
    assert_eq!(steps.values, i64s((0..30).filter(|i| i % 2 == 1).collect()));
    let perhaps = whole("perhaps");
    assert_eq!(perhaps.counts, i().map(|i| u32::from(i % 3 > 0)).collect::<Vec<_>>());
    assert_eq!(perhaps.values, i64s((0..30).filter(|i| i % 3 > 0).collect()));
    // "odd" cut to i % 3 letters if i is even, else i.
    let (texts, numbers) = (whole("either._0"), whole("either._1"));
    assert_eq!(texts.counts, i().map(|i| u32::from(i % 2 == 0)).collect::<Vec<_>>());
    assert_eq!(texts.inner_counts, [i().step_by(2).map(|i| i % 3).collect::<Vec<_>>()]);
    let letters = i().step_by(2).flat_map(|i| b"odd"[..(i % 3) as usize].to_vec());
    assert_eq!(texts.values, letters.collect::<Vec<_>>());
    assert_eq!(numbers.counts, i().map(|i| i % 2).collect::<Vec<_>>());
    assert_eq!(numbers.values, i64s((0..30).filter(|i| i % 2 == 1).collect()));
}

/// A column has the values that `expected` computes, as a whole and in parts.
fn check(tree: &Tree<'_>, column: &Column, name: &str) {
    let (dtype, shape, values, counts) = expected(name);
    let layout = column.layout().unwrap();
    assert_eq!((layout.dtype, &layout.shape), (dtype, &shape), "{name}");
    assert_eq!(layout.jagged, !counts.is_empty());
    let mut reader = tree.read(column).unwrap();
    let (mut chunk, mut whole) = (Chunk::default(), Chunk::default());
    let mut n_chunks = 0;
    while reader.next_chunk(&mut chunk).unwrap() {
        n_chunks += 1;
        assert_eq!(chunk.first_entry, whole.n_entries as u64);
        whole.n_entries += chunk.n_entries;
        whole.values.extend(&chunk.values);
        whole.counts.extend(&chunk.counts);
    }
    assert_eq!(n_chunks, 2, "{name}: one for each time that entries were written");
    assert_eq!((whole.n_entries, &whole.values, &whole.counts), (30, &values, &counts));
    // Any range of entries is that part of the whole.
    let width = layout.bytes_per_item();
    for (start, end) in [(0, 30), (0, 0), (30, 30), (3, 4), (19, 21), (18, 30), (20, 20)] {
        reader.read_entries(start..end, &mut chunk).unwrap();
        let part = start as usize..end as usize;
        let items = if layout.jagged {
            assert_eq!(chunk.counts, counts[part.clone()]);
            let sum = |counts: &[u32]| counts.iter().sum::<u32>() as usize;
            let before = sum(&counts[..part.start]);
            before..before + sum(&counts[part])
        } else {
            part
        };
        assert_eq!(chunk.values, values[items.start * width..items.end * width]);
        assert_eq!((chunk.first_entry, chunk.n_entries as u64), (start, end - start));
    }
    assert!(reader.read_entries(0..31, &mut chunk).is_err());
}

#[test]
fn refusals_name_the_file_and_the_object() {
    let open = |bytes: &[u8]| RootFile::from_bytes("some.root", bytes.to_vec());
    let error = open(b"PK\x03\x04").unwrap_err();
    assert_eq!(error.kind, RootErrorKind::Corrupt);
    assert!(error.to_string().starts_with("some.root: header"), "{error}");
    let bytes = bytes();
    let error = open(&bytes[..bytes.len() - 1]).unwrap_err();
    assert!(error.to_string().contains("truncated"), "{error}");
    let file = open(&bytes).unwrap();
    let error = file.tree("Events").unwrap_err();
    assert!(error.to_string().contains(TREE), "{error}");
    let missing = RootFile::open(Path::new("no/such/file.root")).unwrap_err();
    assert_eq!(missing.kind, RootErrorKind::Io);
}

#[test]
fn a_directory_inside_itself_is_named() {
    let mut bytes = bytes();
    // The first of each is in a list of keys; the place of its object is two four-byte fields
    // before the class.
    let place = |bytes: &[u8], name: &[u8]| {
        let names: Vec<u8> = [b"\x0aTDirectory", name].concat();
        let at = bytes.windows(names.len()).position(|window| window == names).unwrap();
        at - 8
    };
    let outer = place(&bytes, b"\x03sub");
    let inner = place(&bytes, b"\x04deep");
    let seek = u32::from_be_bytes(bytes[outer..outer + 4].try_into().unwrap());
    // Name and title of the inner key are a byte longer than those of the outer one.
    bytes[inner..inner + 4].copy_from_slice(&(seek - 2).to_be_bytes());
    let file = RootFile::from_bytes("cycle.root", bytes).unwrap();
    let cycle = file.objects().iter().find(|object| object.path == "sub/deep").unwrap();
    assert!(cycle.unreadable.as_ref().unwrap().contains("contains itself"), "{cycle:?}");
    assert!(file.trees().is_empty());
}

/// Opens a file and reads every column; returns the values, or the first error.
fn read_all(bytes: Vec<u8>) -> Result<Vec<Vec<u8>>, RootError> {
    let file = RootFile::from_bytes("damaged", bytes)?;
    let mut all = Vec::new();
    let mut chunk = Chunk::default();
    for path in file.trees() {
        let tree = file.tree(path)?;
        for column in tree.columns() {
            if !matches!(column.content, Content::Values(_)) {
                continue;
            }
            let mut reader = tree.read(column)?;
            let mut values = Vec::new();
            while reader.next_chunk(&mut chunk)? {
                values.extend(&chunk.values);
            }
            all.push(values);
        }
    }
    Ok(all)
}

#[test]
fn no_truncation_is_read() {
    for (name, step) in [("columns.root", 17), ("ntuple.root", 1)] {
        let bytes = asset(name);
        for len in (0..bytes.len()).step_by(step).chain(bytes.len() - 40..bytes.len()) {
            assert!(read_all(bytes[..len].to_vec()).is_err(), "{name}: {len} bytes");
            // And where the header says that this is the whole file.
            let mut shorter = bytes[..len].to_vec();
            if let Some(end) = shorter.get_mut(12..16) {
                end.copy_from_slice(&(len as u32).to_be_bytes());
            }
            let _ = read_all(shorter);
        }
    }
}

#[test]
fn damaged_files_end_in_time() {
    for (name, step, least) in [("columns.root", 2, 20), ("ntuple.root", 1, 2)] {
        let bytes = asset(name);
        let mut refused = 0;
        let mut n = 0;
        for position in (0..bytes.len()).step_by(step) {
            // Large values of lengths and counts, lengths of zero, single bits.
            for change in [0x80u8, 0xff, 1 << (position % 7)] {
                if position % 5 != 0 && change != 0xff {
                    continue;
                }
                let mut damaged = bytes.clone();
                damaged[position] ^= change;
                let start = Instant::now();
                refused += usize::from(read_all(damaged).is_err());
                n += 1;
                let elapsed = start.elapsed();
                let place = format!("{name}: byte {position} ^ {change}: {elapsed:?}");
                assert!(elapsed < Duration::from_secs(30), "{place}");
            }
        }
        println!("{name}: {refused} of {n} damaged files were refused");
        assert!(refused > n / least);
    }
}

#[test]
fn lying_numbers_take_no_memory() {
    for name in ["columns.root", "ntuple.root"] {
        let bytes = asset(name);
        for position in 0..bytes.len() - 4 {
            for lie in [0x7fff_ffffu32, 0x4000_0000] {
                if (position + lie as usize).is_multiple_of(3) {
                    let mut damaged = bytes.clone();
                    damaged[position..position + 4].copy_from_slice(&lie.to_be_bytes());
                    let _ = read_all(damaged);
                }
            }
        }
    }
    if let Some(peak) = peak_memory() {
        println!("{peak} kB at most");
        assert!(peak < 1 << 20, "{peak} kB");
    }
}

/// Peak resident memory of this process in kB, if the system reports it.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
