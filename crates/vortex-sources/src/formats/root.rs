//! The trees and RNTuples of ROOT files as tables.
//!
//! Each becomes a dataset of its name with a record for each entry: all columns with one item per
//! entry, and the counts of the jagged ones, as `counts(NAME)`. Jagged columns whose counts are the
//! same in every entry (the members of one collection) make a dataset together, named
//! `TREE/COLLECTION`, with a record for each item. So nothing is padded or clipped, and counts are
//! stored once.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use vortex_coder::schema::{DType, MAX_STRIDE, Schema};
use vortex_root::{Chunk, Column, ColumnReader, Content, Layout, RootError, RootFile, Tree};

use crate::error::{Error, Result};
use crate::fields::Fields;
use crate::formats::npy;
use crate::group_name::group_name;
use crate::source::{DatasetInfo, Sink, Source, Unread};
use crate::unique_names::UniqueNames;

/// Approximate number of bytes of records that are assembled at a time.
const PIECE_BYTES: usize = 1 << 20;
/// Largest record of a table in bytes; further columns go to another table.
const MAX_TABLE_STRIDE: usize = 16 << 10;

/// The trees of a file.
#[derive(Debug)]
pub struct RootSource {
    path: PathBuf,
    file: RootFile,
    tables: Vec<Table>,
    datasets: Vec<DatasetInfo>,
    names: UniqueNames,
    unread: Vec<Unread>,
    /// Damaged columns and trees.
    left_out: Vec<Unread>,
}

#[derive(Debug)]
struct Table {
    tree: String,
    parts: Vec<Part>,
}

/// A column in a table.
#[derive(Clone, Debug)]
struct Part {
    /// Its index in the tree.
    column: usize,
    name: String,
    what: What,
    /// Bytes per record.
    width: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// Its values: numbers of one type, and their count per record.
    Values(DType, usize),
    /// Items of each entry (0), or of each vector inside (1 and more).
    Counts(usize),
}

/// Jagged columns with the same counts.
struct Collection {
    /// Digest of the counts of all levels down to this one.
    key: blake3::Hash,
    items: u64,
    /// The collection whose items are counted; `None`: entries are counted.
    parent: Option<usize>,
    /// Column and level of the counts.
    counts: (usize, usize),
    /// Its name if it contains no column of numbers.
    fallback: String,
    parts: Vec<Part>,
}

impl RootSource {
    /// Lists the trees. Every column is read once, to name those that are damaged, and to find the
    /// jagged ones with the same counts.
    ///
    /// # Errors
    /// [`Error::Source`] for a file that is not a ROOT file or has a damaged directory.
    pub fn open(path: &Path) -> Result<Self> {
        let file = RootFile::open(path).map_err(|e| refused(path, &e))?;
        let mut source = Self {
            path: path.to_owned(),
            file,
            tables: Vec::new(),
            datasets: Vec::new(),
            names: UniqueNames::default(),
            unread: Vec::new(),
            left_out: Vec::new(),
        };
        let mut versions = HashMap::<&str, usize>::new();
        for object in source.file.objects() {
            *versions.entry(&object.path).or_default() += 1;
        }
        for object in source.file.objects() {
            if let Some(reason) = &object.unreadable {
                let mut name = object.path.clone();
                if versions.get(name.as_str()).is_some_and(|n| *n > 1) {
                    name = format!("{name};{}", object.cycle);
                }
                source.unread.push(Unread { name, reason: reason.clone() });
            }
        }
        let trees: Vec<String> = source.file.trees().iter().map(|t| (*t).to_owned()).collect();
        for tree in trees {
            if let Err(error) = source.list(&tree) {
                source.left_out.push(Unread { name: tree, reason: error.to_string() });
            }
        }
        Ok(source)
    }

    fn list(&mut self, path: &str) -> std::result::Result<(), RootError> {
        let tree = self.file.tree(path)?;
        let (mut flat, mut collections) = (Vec::new(), Vec::<Collection>::new());
        let (mut unread, mut left_out) = (Vec::new(), Vec::new());
        for (number, column) in tree.columns().iter().enumerate() {
            let layout = match &column.content {
                Content::Values(layout) => layout,
                Content::Unreadable(reason) => {
                    let name = format!("{path}/{}", column.path);
                    unread.push(Unread { name, reason: reason.clone() });
                    continue;
                }
                _ => continue,
            };
            let part = match values_of(number, column, layout) {
                Ok(part) => part,
                Err(reason) => {
                    left_out.push(Unread { name: format!("{path}/{}", column.path), reason });
                    continue;
                }
            };
            // A column with damage anywhere is not read at all.
            match counts_of(&tree, column) {
                Ok(_) if !layout.jagged => flat.push(part),
                Ok(levels) => {
                    let mut parent = None;
                    for (level, (key, items)) in levels.into_iter().enumerate() {
                        let known = collections.iter().position(|c| c.key == key);
                        parent = known.or_else(|| {
                            let fallback = format!("{}#{level}", part.name);
                            let (counts, parts) = ((number, level), Vec::new());
                            collections.push(Collection {
                                key,
                                items,
                                parent,
                                counts,
                                fallback,
                                parts,
                            });
                            Some(collections.len() - 1)
                        });
                    }
                    if let Some(collection) = parent {
                        collections[collection].parts.push(part);
                    }
                }
                Err(error) => {
                    let name = format!("{path}/{}", column.path);
                    left_out.push(Unread { name, reason: error.to_string() });
                }
            }
        }
        let names: Vec<String> = collections.iter().map(Collection::name).collect();
        for number in 0..collections.len() {
            let Collection { parent, counts: (column, level), .. } = collections[number];
            let name = format!("counts({})", names[number]);
            let part = Part { name, what: What::Counts(level), width: 4, column };
            match parent {
                Some(parent) => collections[parent].parts.push(part),
                None => flat.push(part),
            }
        }
        let entries = tree.entries();
        drop(tree);
        self.unread.append(&mut unread);
        self.left_out.append(&mut left_out);
        self.add(path, path, entries, flat);
        for (collection, name) in collections.into_iter().zip(names) {
            let name = format!("{path}/{name}");
            self.add(path, &name, collection.items, collection.parts);
        }
        Ok(())
    }

    /// Adds a table, or several tables if records would be too long.
    fn add(&mut self, tree: &str, name: &str, n_records: u64, parts: Vec<Part>) {
        let mut rest = parts.as_slice();
        while !rest.is_empty() {
            let mut stride = 0;
            let n = rest.iter().take_while(|part| {
                stride += part.width;
                stride <= MAX_TABLE_STRIDE
            });
            let (now, later) = rest.split_at(n.count().max(1));
            rest = later;
            let schema = schema_of(now);
            let descr = descr_of(&schema);
            self.datasets.push(DatasetInfo {
                name: self.names.take(name, |n| format!("{name}#{n}")),
                schema,
                n_records,
                records_per_event: 1,
                shape: vec![n_records],
                origin: npy::Described { descr, fortran_order: false }.origin(),
            });
            self.tables.push(Table { tree: tree.to_owned(), parts: now.to_vec() });
        }
    }
}

impl Collection {
    /// The common prefix of the names of its columns up to a `_` or `.`; without one, the first
    /// name.
    fn name(&self) -> String {
        let names = self.parts.iter().map(|part| part.name.as_str());
        group_name(names).unwrap_or(&self.fallback).to_owned()
    }
}

fn values_of(
    column: usize,
    described: &Column,
    layout: &Layout,
) -> std::result::Result<Part, String> {
    let width = layout.bytes_per_item();
    if width == 0 || width > MAX_STRIDE as usize {
        return Err(format!("items of {width} bytes; 1 to {MAX_STRIDE} are possible"));
    }
    let what = What::Values(layout.dtype, layout.values_per_item());
    Ok(Part { column, name: described.path.clone(), what, width })
}

/// Reads a column. For each level of the lists of a jagged one, the digest of its counts and of all
/// above, and the sum of its counts.
fn counts_of(
    tree: &Tree<'_>,
    column: &Column,
) -> std::result::Result<Vec<(blake3::Hash, u64)>, RootError> {
    let mut reader = tree.read(column)?;
    let n_levels = 1 + reader.layout().inner_levels;
    let mut levels = vec![(blake3::Hasher::new(), 0u64); n_levels];
    let (mut chunk, mut bytes) = (Chunk::default(), Vec::new());
    while reader.next_chunk(&mut chunk)? {
        for (level, (digest, items)) in levels.iter_mut().enumerate() {
            let counts = counts_at(&chunk, level);
            bytes.clear();
            bytes.extend(counts.iter().flat_map(|n| n.to_le_bytes()));
            digest.update(&bytes);
            *items += counts.iter().map(|n| u64::from(*n)).sum::<u64>();
        }
    }
    let mut above = blake3::Hasher::new();
    let keys = levels.into_iter().map(|(digest, items)| {
        above.update(digest.finalize().as_bytes());
        (above.finalize(), items)
    });
    Ok(keys.collect())
}

fn counts_at(chunk: &Chunk, level: usize) -> &[u32] {
    match level.checked_sub(1) {
        None => &chunk.counts,
        Some(inner) => chunk.inner_counts.get(inner).map_or(&[], Vec::as_slice),
    }
}

fn schema_of(parts: &[Part]) -> Schema {
    let mut fields = Fields::default();
    let mut offset = 0;
    for part in parts {
        match part.what {
            What::Values(dtype, 1) => fields.push(&part.name, dtype, false, offset),
            What::Values(dtype, n) => {
                for i in 0..n {
                    let at = offset + (i * dtype.size()) as u64;
                    fields.push(&format!("{}[{i}]", part.name), dtype, false, at);
                }
            }
            What::Counts(_) => fields.push(&part.name, DType::U32, false, offset),
        }
        offset += part.width as u64;
    }
    fields.schema(offset)
}

/// The dtype of such records for numpy.
fn descr_of(schema: &Schema) -> String {
    let mut descr = String::from("[");
    for (number, field) in schema.fields().iter().enumerate() {
        if number > 0 {
            descr.push_str(", ");
        }
        let name = field.name.replace('\\', "\\\\").replace('\'', "\\'");
        descr.push_str(&format!("('{name}', '{}')", field.dtype.numpy(false)));
    }
    descr.push(']');
    descr
}

fn refused(path: &Path, error: &RootError) -> Error {
    let place = error.offset.map(|at| format!(" (byte {at})")).unwrap_or_default();
    Error::source(path, error.object.clone(), format!("{}{place}", error.message))
}

/// A column whose values are written into records.
struct Pump<'t> {
    reader: ColumnReader<'t>,
    what: What,
    width: usize,
    chunk: Chunk,
    /// The bytes of the chunk that are not yet in a record.
    bytes: Vec<u8>,
    at: usize,
}

impl Pump<'_> {
    /// Writes the next values into `records`, at `offset` bytes from the start of each.
    fn fill(
        &mut self,
        records: &mut [u8],
        stride: usize,
        offset: usize,
    ) -> std::result::Result<bool, RootError> {
        for record in records.chunks_exact_mut(stride) {
            while self.bytes.len() - self.at < self.width {
                // A basket may have no items; an item never continues in the next basket.
                if !self.reader.next_chunk(&mut self.chunk)? {
                    return Ok(false);
                }
                self.at = 0;
                match self.what {
                    What::Counts(level) => {
                        let counts = counts_at(&self.chunk, level);
                        self.bytes.clear();
                        self.bytes.extend(counts.iter().flat_map(|n| n.to_le_bytes()));
                    }
                    What::Values(..) => std::mem::swap(&mut self.bytes, &mut self.chunk.values),
                }
            }
            let value = &self.bytes[self.at..self.at + self.width];
            record[offset..offset + self.width].copy_from_slice(value);
            self.at += self.width;
        }
        Ok(true)
    }
}

impl Source for RootSource {
    fn datasets(&self) -> &[DatasetInfo] {
        &self.datasets
    }

    fn unread(&self) -> &[Unread] {
        &self.unread
    }

    fn left_out(&self) -> &[Unread] {
        &self.left_out
    }

    fn stream(&self, dataset: usize, sink: &mut Sink<'_>) -> Result<()> {
        let (Some(info), Some(table)) = (self.datasets.get(dataset), self.tables.get(dataset))
        else {
            return Ok(());
        };
        let refuse = |e: RootError| refused(&self.path, &e);
        let tree = self.file.tree(&table.tree).map_err(refuse)?;
        let stride = info.schema.stride();
        let mut pumps = Vec::new();
        for part in &table.parts {
            let reader = tree.read(&tree.columns()[part.column]).map_err(refuse)?;
            let Part { what, width, .. } = *part;
            let (chunk, bytes) = (Chunk::default(), Vec::new());
            pumps.push(Pump { reader, what, width, chunk, bytes, at: 0 });
        }
        let step = (PIECE_BYTES / stride).max(1) as u64;
        let mut piece = Vec::new();
        let mut left = info.n_records;
        while left > 0 {
            let n = left.min(step);
            piece.resize(n as usize * stride, 0);
            let mut offset = 0;
            for (pump, part) in pumps.iter_mut().zip(&table.parts) {
                if !pump.fill(&mut piece, stride, offset).map_err(refuse)? {
                    let what = format!("{} ends before {} records", part.name, info.n_records);
                    return Err(Error::source(&self.path, &info.name, what));
                }
                offset += part.width;
            }
            if sink(&piece)? == ControlFlow::Break(()) {
                return Ok(());
            }
            left -= n;
        }
        Ok(())
    }
}
