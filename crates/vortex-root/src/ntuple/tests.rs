//! RNTuples that the tests write themselves: forms that few files have, and lies with right
//! checksums.

use vortex_base::dtype::DType;

use super::*;
use crate::chunk::Chunk;
use crate::error::RootErrorKind;
use crate::layout::{Content, Origin};

/// The parts of a description, and the clusters.
#[derive(Clone, Default)]
struct Build {
    fields: Vec<Vec<u8>>,
    columns: Vec<Vec<u8>>,
    /// The number of fields and columns in the header; others are in the schema extension.
    in_header: Option<(usize, usize)>,
    clusters: Vec<(u64, Vec<Run>)>,
    features: u64,
    large: bool,
    /// A byte to change in one of the envelopes, before its checksum is computed.
    damage: Option<(usize, usize, u8)>,
}

/// Values, lengths of lists, lengths of inner lists.
type Lists = (Vec<i32>, Vec<u32>, Vec<Vec<u32>>);

/// `None`: suppressed. Else pages, each with its number of elements.
type Run = Option<Vec<(i32, Vec<u8>)>>;

fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u32).to_le_bytes()[..], text.as_bytes()].concat()
}

fn record(contents: &[u8]) -> Vec<u8> {
    [&(contents.len() as u64 + 8).to_le_bytes()[..], contents].concat()
}

fn list(items: &[Vec<u8>], after: &[u8]) -> Vec<u8> {
    let contents = [&items.concat()[..], after].concat();
    let size = -(contents.len() as i64 + 12);
    [&size.to_le_bytes()[..], &(items.len() as u32).to_le_bytes(), &contents].concat()
}

impl Build {
    fn field(mut self, parent: usize, role: u16, repetition: u64, name: &str) -> Self {
        let mut field = [0u8; 8].to_vec();
        field.extend((parent as u32).to_le_bytes());
        field.extend(role.to_le_bytes());
        field.extend(u16::from(repetition > 0).to_le_bytes());
        field.extend([text(name), text("T"), text(""), text("")].concat());
        if repetition > 0 {
            field.extend(repetition.to_le_bytes());
        }
        self.fields.push(record(&field));
        self
    }

    fn column(self, kind: u16, bits: u16, field: usize) -> Self {
        self.represented(kind, bits, field, 0, 0)
    }

    /// `first`: its first element, if it is not zero.
    fn represented(
        mut self,
        kind: u16,
        bits: u16,
        field: usize,
        representation: u16,
        first: i64,
    ) -> Self {
        let mut column = [kind.to_le_bytes(), bits.to_le_bytes()].concat();
        column.extend((field as u32).to_le_bytes());
        column.extend(u16::from(first != 0).to_le_bytes());
        column.extend(representation.to_le_bytes());
        if first != 0 {
            column.extend(first.to_le_bytes());
        }
        self.columns.push(record(&column));
        self
    }

    fn cluster(mut self, entries: u64, runs: &[Run]) -> Self {
        self.clusters.push((entries, runs.to_vec()));
        self
    }

    /// Appends an envelope to the file; returns its link.
    fn envelope(&self, file: &mut Vec<u8>, kind: usize, contents: &[u8]) -> (Vec<u8>, u64) {
        let len = (contents.len() + 16) as u64;
        let mut bytes = [&(kind as u64 | len << 16).to_le_bytes()[..], contents].concat();
        if let Some((_, at, change)) = self.damage.filter(|damage| damage.0 == kind)
            && let Some(byte) = bytes.get_mut(at)
        {
            *byte ^= change;
        }
        let checksum = xxhash_rust::xxh3::xxh3_64(&bytes);
        bytes.extend(checksum.to_le_bytes());
        let link = [&len.to_le_bytes()[..], &self.locator(file.len(), bytes.len())].concat();
        file.extend(bytes);
        (link, checksum)
    }

    fn locator(&self, offset: usize, size: usize) -> Vec<u8> {
        let offset = (offset as u64).to_le_bytes();
        if self.large {
            let head = -(20i32 | 1 << 24);
            [&head.to_le_bytes()[..], &(size as u64).to_le_bytes(), &offset].concat()
        } else {
            [&(size as u32).to_le_bytes()[..], &offset].concat()
        }
    }

    /// The file, and the object of its anchor.
    fn bytes(&self) -> (Vec<u8>, Vec<u8>) {
        let mut file = b"pages".to_vec();
        let (fields, columns) = self.in_header.unwrap_or((self.fields.len(), self.columns.len()));
        let none = || list(&[], &[]);
        let schema = |fields: &[Vec<u8>], columns: &[Vec<u8>]| {
            [list(fields, &[]), list(columns, &[]), none(), none()].concat()
        };
        let header = [
            self.features.to_le_bytes().to_vec(),
            [text("n"), text(""), text("test")].concat(),
            schema(&self.fields[..fields], &self.columns[..columns]),
        ];
        let (_, checksum) = self.envelope(&mut file, 1, &header.concat());
        let header = (5, file.len() - 5);
        let (mut first, mut groups) = (0u64, Vec::new());
        for (entries, runs) in &self.clusters {
            let runs: Vec<Vec<u8>> = runs
                .iter()
                .map(|run| {
                    let pages = run.as_deref().unwrap_or_default().iter().map(|(n, page)| {
                        let locator = self.locator(file.len(), page.len());
                        file.extend(page);
                        file.extend(xxhash_rust::xxh3::xxh3_64(page).to_le_bytes());
                        [&(-n).to_le_bytes()[..], &locator].concat()
                    });
                    let pages: Vec<_> = pages.collect();
                    match run {
                        Some(_) => list(&pages, &[0; 12]),
                        None => list(&pages, &i64::MIN.to_le_bytes()),
                    }
                })
                .collect();
            let summary = record(&[first.to_le_bytes(), entries.to_le_bytes()].concat());
            let pages = [
                checksum.to_le_bytes().to_vec(),
                list(&[summary], &[]),
                list(&[list(&runs, &[])], &[]),
            ];
            let (link, _) = self.envelope(&mut file, 3, &pages.concat());
            let head = [first.to_le_bytes(), entries.to_le_bytes()].concat();
            groups.push(record(&[head, 1u32.to_le_bytes().to_vec(), link].concat()));
            first += entries & (u64::MAX >> 8);
        }
        let footer = [
            [0u64.to_le_bytes(), checksum.to_le_bytes()].concat(),
            record(&schema(&self.fields[fields..], &self.columns[columns..])),
            list(&groups, &[]),
        ];
        let start = file.len();
        self.envelope(&mut file, 2, &footer.concat());
        let mut anchor = vec![0, 1, 0, 0, 0, 0, 0, 0];
        let footer = (start, file.len() - start);
        for (seek, len) in [header, footer] {
            for n in [seek, len, len] {
                anchor.extend((n as u64).to_be_bytes());
            }
        }
        anchor.extend((1u64 << 30).to_be_bytes());
        let checksum = xxhash_rust::xxh3::xxh3_64(&anchor).to_be_bytes();
        (file, [&[0; 6][..], &anchor, &checksum].concat())
    }

    fn open(&self) -> Outcome<(FileBytes, Ntuple, Vec<Column>)> {
        let (file, anchor) = self.bytes();
        let file = FileBytes::memory(file);
        let (ntuple, columns) = Ntuple::open(&file, &anchor)?;
        Ok((file, ntuple, columns))
    }

    /// All columns, each in one chunk.
    fn read(&self) -> Outcome<Vec<(String, Result<Chunk, String>)>> {
        let (file, ntuple, columns) = self.open()?;
        columns
            .iter()
            .map(|column| {
                let whole = match (&column.content, column.origin) {
                    (Content::Values(layout), Origin::Plan(plan)) => {
                        Ok(whole(&file, &ntuple, plan, layout.inner_levels)?)
                    }
                    (Content::Unreadable(reason), _) => Err(reason.clone()),
                    other => unreachable!("{other:?}"),
                };
                Ok((column.path.clone(), whole))
            })
            .collect()
    }

    /// The one column, of numbers of four bytes.
    fn one(&self) -> Outcome<Lists> {
        let mut columns = self.read()?;
        assert_eq!(columns.len(), 1);
        let chunk = columns.remove(0).1.unwrap();
        let values = chunk.values.as_chunks().0.iter().map(|value| i32::from_le_bytes(*value));
        Ok((values.collect(), chunk.counts, chunk.inner_counts))
    }
}

fn whole(file: &FileBytes, ntuple: &Ntuple, plan: usize, inner: usize) -> Outcome<Chunk> {
    let mut pages = Pages::new(ntuple, file, plan)?;
    let mut chunk = Chunk { inner_counts: vec![vec![]; inner], ..Chunk::default() };
    let mut whole = chunk.clone();
    while pages.next_chunk(&mut chunk)? {
        assert_eq!(chunk.first_entry, whole.n_entries as u64);
        whole.n_entries += chunk.n_entries;
        whole.values.extend(&chunk.values);
        whole.counts.extend(&chunk.counts);
        for (whole, part) in whole.inner_counts.iter_mut().zip(&chunk.inner_counts) {
            whole.extend(part);
        }
    }
    assert_eq!(whole.n_entries as u64, ntuple.entries());
    Ok(whole)
}

fn i32s(values: &[i32]) -> (i32, Vec<u8>) {
    (values.len() as i32, values.iter().flat_map(|x| x.to_le_bytes()).collect())
}

fn ends(values: &[u64]) -> (i32, Vec<u8>) {
    (values.len() as i32, values.iter().flat_map(|x| x.to_le_bytes()).collect())
}

fn run(pages: &[(i32, Vec<u8>)]) -> Run {
    Some(pages.to_vec())
}

const LEAF: u16 = 0;
const COLLECTION: u16 = 1;
const VARIANT: u16 = 3;
const INT32: (u16, u16) = (7, 32);
const INDEX64: (u16, u16) = (0x0f, 64);

/// `vector<vector<int>>` in two clusters and several pages.
fn nested() -> Build {
    Build::default()
        .field(0, COLLECTION, 0, "v")
        .field(0, COLLECTION, 0, "_0")
        .field(1, LEAF, 0, "_0")
        .column(INDEX64.0, INDEX64.1, 0)
        .column(INDEX64.0, INDEX64.1, 1)
        .column(INT32.0, INT32.1, 2)
        .cluster(
            3,
            &[
                run(&[ends(&[2]), ends(&[2, 3])]),
                run(&[ends(&[1, 3]), ends(&[4])]),
                run(&[i32s(&[1, 2]), i32s(&[3, 4])]),
            ],
        )
        .cluster(1, &[run(&[ends(&[1])]), run(&[ends(&[2])]), run(&[i32s(&[5, 6])])])
}

#[test]
fn lists_of_lists() {
    for large in [false, true] {
        let build = Build { large, ..nested() };
        let (values, counts, inner) = build.one().unwrap();
        assert_eq!(values, [1, 2, 3, 4, 5, 6]);
        assert_eq!(counts, [2, 0, 1, 1]);
        assert_eq!(inner, [[1, 2, 1, 2]]);
    }
}

#[test]
fn lists_in_fixed_arrays() {
    // array<vector<int>, 2>, and array<array<int, 2>, 3>.
    let build = Build::default()
        .field(0, LEAF, 2, "a")
        .field(0, COLLECTION, 0, "_0")
        .field(1, LEAF, 0, "_0")
        .column(INDEX64.0, INDEX64.1, 1)
        .column(INT32.0, INT32.1, 2)
        .cluster(2, &[run(&[ends(&[1, 3, 3, 4])]), run(&[i32s(&[1, 2, 3, 4])])]);
    assert_eq!(build.one().unwrap(), (vec![1, 2, 3, 4], vec![2, 2], vec![vec![1, 2, 0, 1]]));
    let build = Build::default()
        .field(0, LEAF, 3, "a")
        .field(0, LEAF, 2, "_0")
        .field(1, LEAF, 0, "_0")
        .column(INT32.0, INT32.1, 2)
        .cluster(1, &[run(&[i32s(&[1, 2, 3, 4, 5, 6])])]);
    let (_, _, columns) = build.open().unwrap();
    assert_eq!(columns[0].layout().unwrap().shape, [3, 2]);
    assert_eq!(build.one().unwrap().0, [1, 2, 3, 4, 5, 6]);
    let short = build.clone().cluster(1, &[run(&[i32s(&[7])])]);
    assert!(short.one().unwrap_err().message.contains("1 elements"));
}

#[test]
fn columns_that_were_added_later() {
    // The second field begins at entry 3, in the middle of the second cluster.
    let mut build = Build::default()
        .field(0, LEAF, 0, "a")
        .column(INT32.0, INT32.1, 0)
        .field(1, LEAF, 0, "b")
        .represented(INT32.0, INT32.1, 1, 0, 3)
        .field(2, COLLECTION, 0, "v")
        .field(2, LEAF, 0, "_0")
        .represented(INDEX64.0, INDEX64.1, 2, 0, 3)
        .column(INT32.0, INT32.1, 3)
        .cluster(2, &[run(&[i32s(&[1, 2])])])
        .cluster(
            2,
            &[run(&[i32s(&[3, 4])]), run(&[i32s(&[40])]), run(&[ends(&[1])]), run(&[i32s(&[9])])],
        );
    build.in_header = Some((1, 1));
    let columns = build.read().unwrap();
    let values = |n: usize| &columns[n].1.as_ref().unwrap().values;
    assert_eq!(*values(0), i32s(&[1, 2, 3, 4]).1);
    assert_eq!(*values(1), i32s(&[0, 0, 0, 40]).1);
    assert_eq!(*values(2), i32s(&[9]).1);
    assert_eq!(columns[2].1.as_ref().unwrap().counts, [0, 0, 0, 1]);
}

#[test]
fn several_representations() {
    // Numbers of two bytes, then of four, which were added after the first cluster.
    let mut build = Build::default()
        .field(0, LEAF, 0, "a")
        .column(5, 16, 0)
        .represented(INT32.0, INT32.1, 0, 1, -2)
        .cluster(2, &[run(&[(2, vec![1, 0, 0xfe, 0xff])])])
        .cluster(1, &[None, run(&[i32s(&[1 << 20])])])
        .cluster(1, &[run(&[(1, vec![3, 0])]), None]);
    build.in_header = Some((1, 1));
    assert_eq!(build.one().unwrap().0, [1, -2, 1 << 20, 3]);
    let both = build.clone().cluster(1, &[run(&[(1, vec![3, 0])]), run(&[i32s(&[4])])]);
    assert!(both.one().unwrap_err().message.contains("two representations"));
    let neither = build.clone().cluster(1, &[None, None]);
    assert!(neither.one().unwrap_err().message.contains("no representation"));
}

/// `variant<int, int>` with these indices and tags.
fn variant(switches: &[(u64, u32)], first: &[i32], second: &[i32]) -> Build {
    let switch = switches
        .iter()
        .flat_map(|(index, tag)| [&index.to_le_bytes()[..], &tag.to_le_bytes()].concat());
    let switch = (switches.len() as i32, switch.collect());
    Build::default()
        .field(0, VARIANT, 0, "v")
        .field(0, LEAF, 0, "_0")
        .field(0, LEAF, 0, "_1")
        .column(0x10, 96, 0)
        .column(INT32.0, INT32.1, 1)
        .column(INT32.0, INT32.1, 2)
        .cluster(
            switches.len() as u64,
            &[run(&[switch]), run(&[i32s(first)]), run(&[i32s(second)])],
        )
}

#[test]
fn variants() {
    let columns = variant(&[(0, 1), (0, 2), (0, 0), (1, 1)], &[5, 6], &[7]).read().unwrap();
    let column = |n: usize| (&*columns[n].0, columns[n].1.clone().unwrap());
    let (name, chunk) = column(0);
    assert_eq!((name, chunk.values, chunk.counts), ("v._0", i32s(&[5, 6]).1, vec![1, 0, 0, 1]));
    let (name, chunk) = column(1);
    assert_eq!((name, chunk.values, chunk.counts), ("v._1", i32s(&[7]).1, vec![0, 1, 0, 0]));
    for wrong in [[(0, 1), (2, 1)], [(0, 1), (0, 1)], [(1, 1), (0, 1)]] {
        assert!(variant(&wrong, &[5, 6], &[]).read().is_err(), "{wrong:?}");
    }
    assert!(variant(&[(0, 1)], &[5, 6], &[]).read().is_err(), "an item without a variant");
}

#[test]
fn lists_that_lie() {
    let build = |list: &[u64], items: &[i32]| {
        Build::default()
            .field(0, COLLECTION, 0, "v")
            .field(0, LEAF, 0, "_0")
            .column(INDEX64.0, INDEX64.1, 0)
            .column(INT32.0, INT32.1, 1)
            .cluster(2, &[run(&[ends(list)]), run(&[i32s(items)])])
            .one()
    };
    assert_eq!(build(&[1, 2], &[4, 5]).unwrap().0, [4, 5]);
    for wrong in [&[2, 1][..], &[1, 3], &[1, 1], &[1, u64::MAX], &[0, 1 << 32], &[1], &[1, 2, 2]] {
        let fault = build(wrong, &[4, 5]).unwrap_err();
        assert_eq!(fault.kind, RootErrorKind::Corrupt, "{wrong:?}: {}", fault.message);
    }
}

#[test]
fn what_is_not_known_is_named() {
    let cluster = |build: Build| build.cluster(1, &[run(&[i32s(&[1])]), run(&[(1, vec![0; 4])])]);
    let base = || Build::default().field(0, LEAF, 0, "a").column(INT32.0, INT32.1, 0);
    let reason = |build: Build| {
        let columns = cluster(build).read().unwrap();
        assert_eq!(columns[0].1.as_ref().unwrap().values, [1, 0, 0, 0], "others are read");
        columns[1].1.clone().unwrap_err()
    };
    assert!(reason(base().field(1, LEAF, 0, "b").column(0x40, 32, 1)).contains("0x40"));
    assert!(reason(base().field(1, 9, 0, "b").column(7, 32, 1)).contains("structure 0x0009"));
    assert!(reason(base().field(1, 4, 0, "b").column(7, 32, 1)).contains("streamer"));
    assert!(reason(base().field(1, LEAF, 0, "b")).contains("columns"));
    assert!(reason(base().field(1, LEAF, 1 << 40, "b").column(7, 32, 1)).contains("arrays"));
    assert!(reason(base().field(1, COLLECTION, 0, "b").column(7, 32, 1)).contains("otherwise"));
    assert!(reason(base().field(1, LEAF, 0, "b").column(0x0f, 64, 1)).contains("no numbers"));

    let many = (0..17).fold(base().field(1, LEAF, 0, "b"), |build, representation| {
        build.represented(7, 32, 1, representation, 0)
    });
    assert!(reason(many).contains("17 representations"));

    let features = cluster(Build { features: 2, ..base() }).open().unwrap_err();
    assert_eq!(features.kind, RootErrorKind::Unsupported);
    let sharded = base().cluster(1 | 1 << 56, &[run(&[i32s(&[1])])]).open().unwrap_err();
    assert!(sharded.message.contains("sharded"), "{}", sharded.message);
    let many = base().cluster(1 << 50, &[]).open().unwrap_err();
    assert_eq!(many.kind, RootErrorKind::Limit);
}

#[test]
fn long_lists_are_cut_into_chunks() {
    // 3,000 entries of 1,000 items, and one of 5,000,000.
    let mut list: Vec<u64> = (1..=3000).map(|i| i * 1000).collect();
    list.push(8_000_000);
    let items: Vec<i32> = (0..8_000_000).collect();
    let pages: Vec<_> = items.chunks(300_000).map(i32s).collect();
    let build = Build::default()
        .field(0, COLLECTION, 0, "v")
        .field(0, LEAF, 0, "_0")
        .column(INDEX64.0, INDEX64.1, 0)
        .column(INT32.0, INT32.1, 1)
        .cluster(3001, &[run(&[ends(&list[..7]), ends(&list[7..])]), run(&pages)]);
    let (file, ntuple, _) = build.open().unwrap();
    let chunk = whole(&file, &ntuple, 0, 0).unwrap();
    assert_eq!(chunk.values, i32s(&items).1);
    assert_eq!((chunk.counts[2999], chunk.counts[3000]), (1000, 5_000_000));
    let mut pages = Pages::new(&ntuple, &file, 0).unwrap();
    let mut chunk = Chunk::default();
    for entry in [3000, 17, 16, 2999] {
        pages.seek(entry);
        assert!(pages.next_chunk(&mut chunk).unwrap());
        assert!(chunk.values.len() <= 4 << 20 || chunk.n_entries == 1);
        let first = i32::from_le_bytes(*chunk.values.first_chunk().unwrap());
        assert_eq!((chunk.first_entry, first as u64), (entry, entry * 1000));
    }
}

#[test]
fn lies_with_right_checksums_end_in_time() {
    let examples = [nested(), variant(&[(0, 1), (0, 2), (1, 1)], &[5, 6], &[7])];
    let (mut refused, mut n) = (0, 0);
    for example in examples {
        for envelope in 1..=3 {
            for at in 0..400 {
                for change in [1, 0x10, 0x80, 0xff] {
                    let build = Build { damage: Some((envelope, at, change)), ..example.clone() };
                    let start = std::time::Instant::now();
                    refused += usize::from(build.read().is_err());
                    n += 1;
                    let elapsed = start.elapsed();
                    assert!(elapsed.as_secs() < 20, "{envelope} {at} {change}: {elapsed:?}");
                }
            }
        }
    }
    println!("{refused} of {n} were refused");
    assert!(refused > n / 10);
}

#[test]
fn every_changed_byte_of_a_page_is_found() {
    let (file, anchor) = nested().bytes();
    for at in 0..file.len() {
        let mut bytes = file.clone();
        bytes[at] ^= 4;
        let bytes = FileBytes::memory(bytes);
        let Ok((ntuple, _)) = Ntuple::open(&bytes, &anchor) else { continue };
        // Only "pages" at the start of the file is in no checksum.
        assert_eq!(whole(&bytes, &ntuple, 0, 1).is_ok(), at < 5, "byte {at}");
    }
    let dtype = nested().open().unwrap().2[0].layout().unwrap().dtype;
    assert_eq!(dtype, DType::I32);
}
