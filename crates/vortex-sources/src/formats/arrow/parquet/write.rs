//! Writing a file again: its schema, row groups, compression and values.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use parquet::basic::{BrotliLevel, Compression, GzipLevel, ZstdLevel};
use parquet::column::page::{CompressedPage, PageWriteSpec, PageWriter};
use parquet::column::writer::{ColumnCloseResult, ColumnWriter, get_column_writer};
use parquet::data_type::{ByteArray, FixedLenByteArray, Int96};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesPtr};
use parquet::file::writer::{SerializedFileWriter, SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;
use vortex_base::hex;

use super::categories::{PAGE_ROWS, Values};
use super::levels::Levels;
use super::schema::{self, Columns};
use crate::formats::arrow::gather::{Gather, rows_of};
use crate::formats::arrow::shape::{Kind, Shape};
use crate::formats::arrow::structure::{Dictionary, FileForm, Node, Structure};
use crate::source::Origin;
use crate::stored::{OnBytes, Stored};

/// Approximate number of bytes of all tables, and most rows, that are in memory at a time.
const BATCH_BYTES: u64 = 64 << 20;
const MAX_BATCH_ROWS: u64 = 1 << 16;

/// The names of all kinds of compression.
const CODECS: [&str; 7] = ["none", "snappy", "gzip", "brotli", "lz4", "zstd", "lzo"];

/// The name of a compression in manifests. The two ways to write LZ4 are one.
pub(super) fn codec_name(codec: Compression) -> &'static str {
    match codec {
        Compression::UNCOMPRESSED => CODECS[0],
        Compression::SNAPPY => CODECS[1],
        Compression::GZIP(_) => CODECS[2],
        Compression::BROTLI(_) => CODECS[3],
        Compression::LZ4 | Compression::LZ4_RAW => CODECS[4],
        Compression::ZSTD(_) => CODECS[5],
        Compression::LZO => CODECS[6],
    }
}

fn codec(name: &str) -> Option<Compression> {
    Some(match CODECS.iter().position(|known| *known == name)? {
        0 => Compression::UNCOMPRESSED,
        1 => Compression::SNAPPY,
        2 => Compression::GZIP(GzipLevel::default()),
        3 => Compression::BROTLI(BrotliLevel::default()),
        4 => Compression::LZ4_RAW,
        5 => Compression::ZSTD(ZstdLevel::default()),
        // Not written.
        _ => Compression::UNCOMPRESSED,
    })
}

/// Writes a file with the columns whose tables are all there.
pub(in crate::formats) fn write(
    mut out: BufWriter<&File>,
    structure: Option<&Origin>,
    datasets: &mut [&mut dyn Stored],
    on_bytes: &mut OnBytes<'_>,
) -> io::Result<()> {
    let other = || io::Error::other("the structure is not one of Parquet");
    let structure = Structure::of(structure, other)?;
    let FileForm::Parquet { schema, codecs } = &structure.file else { return Err(other()) };
    let footer = hex::decode(schema).ok_or_else(other)?;
    let empty = empty_footer(&footer).map_err(io::Error::other)?;
    let (root, metadata) =
        (empty.file_metadata().schema(), empty.file_metadata().key_value_metadata());

    let all = Columns::of(root);
    if all.columns.len() != structure.columns.len() {
        return Err(other());
    }
    let datasets: Vec<&dyn Stored> = datasets.iter().map(|dataset| &**dataset).collect();
    let there = datasets.iter().map(|dataset| dataset.name()).collect();
    let (mut keep, mut columns) = (Vec::new(), Vec::new());
    for ((_, shape), node) in all.columns.into_iter().zip(&structure.columns) {
        let shape = shape.map_err(io::Error::other)?;
        let found = match dictionary_of(node, &structure).map_err(io::Error::other)? {
            Some(dictionary) => &dictionary.values,
            None => node,
        };
        matches(&shape, found).map_err(io::Error::other)?;
        if node.valid.is_some() && !shape.nullable {
            return Err(io::Error::other(format!("{} has no nulls in the schema", shape.name)));
        }
        keep.push(structure.has_all(node, &there));
        columns.push((shape, node));
    }
    let leaves = empty.file_metadata().schema_descr();
    let (root, metadata) = schema::without(root, metadata, &keep).map_err(io::Error::other)?;
    let mut properties = WriterProperties::builder()
        .set_key_value_metadata(Some(metadata).filter(|metadata| !metadata.is_empty()));
    for (leaf, name) in leaves.columns().iter().zip(codecs) {
        let codec = codec(name).ok_or_else(other)?;
        properties = properties.set_column_compression(leaf.path().clone(), codec);
    }
    let fixed = properties.clone();
    let properties: WriterPropertiesPtr = Arc::new(properties.build());
    let fixed: WriterPropertiesPtr = Arc::new(
        fixed
            .set_write_batch_size(PAGE_ROWS)
            .set_data_page_row_count_limit(PAGE_ROWS)
            .set_dictionary_page_size_limit(usize::MAX)
            .set_statistics_enabled(EnabledStatistics::None)
            .build(),
    );

    let kept: Vec<usize> = (0..keep.len()).filter(|number| keep[*number]).collect();
    let nodes: Vec<&Node> = kept.iter().map(|number| columns[*number].1).collect();
    let step = rows_of(BATCH_BYTES, &structure, &nodes, &datasets)?.min(MAX_BATCH_ROWS);
    let used = nodes.iter().flat_map(|node| node.dictionaries());
    let used: Vec<&Dictionary> =
        used.filter_map(|d| structure.dictionaries.get(d as usize)).collect();
    let mut needed = nodes.clone();
    needed.extend(used.iter().map(|dictionary| &dictionary.values));
    let mut gather = Gather::new(&structure, &needed, &datasets)?;
    let mut dictionaries = Vec::new();
    for number in &kept {
        let dictionary = columns[*number].1.dictionaries().first().copied();
        let dictionary = dictionary.and_then(|d| structure.dictionaries.get(d as usize));
        dictionaries.push(match dictionary {
            Some(dictionary) => Some(Values::read(dictionary, &mut gather, on_bytes)?),
            None => None,
        });
    }
    let mut file = SerializedFileWriter::new(&mut out, root, Arc::clone(&properties))?;
    for (group, rows) in structure.groups.iter().enumerate() {
        let mut writers: Vec<Leaf> = Vec::new();
        for (number, leaf) in leaves.columns().iter().enumerate() {
            let column = leaves.get_column_root_idx(number);
            if let Ok(column) = kept.binary_search(&column) {
                let values = dictionaries[column].as_ref();
                let values = values.map(|values| values.of_group(group as u64));
                let values = values.transpose().map_err(io::Error::other)?;
                writers.push(Leaf::new(leaf, &properties, &fixed, values)?);
            }
        }
        let mut left = *rows;
        while left > 0 {
            let n = left.min(step);
            gather.begin();
            let mut next = writers.iter_mut();
            for (number, dictionary) in kept.iter().zip(&dictionaries) {
                let (shape, node) = &columns[*number];
                let mut slots = gather.slots(node, n, on_bytes)?;
                if let Some(dictionary) = dictionary {
                    slots = dictionary.look_up(group as u64, slots).map_err(io::Error::other)?;
                }
                Levels::each_leaf(shape, &slots, &mut |levels| {
                    let leaf = next.next().ok_or("a column too many")?;
                    leaf.write(levels).map_err(|e| e.to_string())
                })
                .map_err(io::Error::other)?;
            }
            left -= n;
        }
        let mut group = file.next_row_group()?;
        for leaf in writers {
            let (bytes, closed) = leaf.close()?;
            group.append_column(&bytes, closed)?;
        }
        group.close()?;
    }
    file.close()?;
    gather.finish()?;
    out.flush()
}

/// The metadata of a file without rows.
fn empty_footer(file: &[u8]) -> Result<parquet::file::metadata::ParquetMetaData, String> {
    let len = file.len().checked_sub(8).ok_or("the schema is too short")?;
    let stated = file[len..len + 4].try_into().map(u32::from_le_bytes).unwrap_or_default();
    let start = len.checked_sub(stated as usize).ok_or("the schema is too short")?;
    super::parse(&file[start..len])
}

/// The dictionary whose numbers a column has. Parts of columns have none.
fn dictionary_of<'a>(
    node: &Node,
    structure: &'a Structure,
) -> Result<Option<&'a Dictionary>, String> {
    use crate::formats::arrow::structure::Is;
    let Is::Fixed { width: 4, dictionary: Some(number), .. } = node.is else { return Ok(None) };
    let dictionary = structure.dictionaries.get(number as usize);
    let dictionary = dictionary.filter(|dictionary| dictionary.values.valid.is_none());
    dictionary.map(Some).ok_or_else(|| format!("dictionary {number} is not there, or has nulls"))
}

/// Checks that a column of the schema and where it is are of one form.
fn matches(shape: &Shape, node: &Node) -> Result<(), String> {
    use crate::formats::arrow::structure::Is;
    let same = match (&shape.kind, &node.is) {
        (Kind::Fixed(numbers), Is::Fixed { width, dictionary: None, .. }) => {
            numbers.iter().map(|n| n.bytes()).sum::<usize>() == *width as usize
        }
        (Kind::Bytes, Is::Bytes { .. }) => true,
        (Kind::List(shape), Is::List { items, .. }) => return matches(shape, items),
        (Kind::Struct(shapes), Is::Struct(nodes)) if shapes.len() == nodes.len() => {
            return shapes.iter().zip(nodes).try_for_each(|(shape, node)| matches(shape, node));
        }
        _ => false,
    };
    match same && (shape.nullable || node.valid.is_none()) {
        true => Ok(()),
        false => Err(format!("{} is not as in the schema", shape.name)),
    }
}

/// The bytes of a column chunk, while all columns of a row group grow.
#[derive(Clone)]
struct Chunk(Arc<Mutex<Sink>>);

struct Sink {
    out: TrackedWrite<Vec<u8>>,
    /// Values of the first pages, which are not written.
    skip: u64,
}

impl PageWriter for Chunk {
    fn write_page(&mut self, page: CompressedPage) -> ParquetResult<PageWriteSpec> {
        let mut sink = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if sink.skip == 0 || !page.compressed_page().is_data_page() {
            return SerializedPageWriter::new(&mut sink.out).write_page(page);
        }
        let left = sink.skip.checked_sub(page.num_values().into());
        sink.skip = left.ok_or_else(|| ParquetError::General("a page too long".into()))?;
        let mut spec = PageWriteSpec::new();
        spec.page_type = page.page_type();
        spec.offset = sink.out.bytes_written() as u64;
        Ok(spec)
    }

    fn close(&mut self) -> ParquetResult<()> {
        Ok(())
    }
}

/// A leaf of a row group.
struct Leaf {
    column: ColumnDescPtr,
    chunk: Chunk,
    writer: ColumnWriter<'static>,
    /// Values that were written only to be in the dictionary.
    before: u64,
}

impl Leaf {
    /// A leaf; with a dictionary, this will be that of the file. The writer makes a dictionary of
    /// the values in the order in which they come, so pages with its values come first, and are not
    /// written.
    fn new(
        column: &ColumnDescPtr,
        properties: &WriterPropertiesPtr,
        fixed: &WriterPropertiesPtr,
        dictionary: Option<Levels>,
    ) -> ParquetResult<Self> {
        let dictionary = dictionary.filter(|values| !values.def.is_empty());
        let before = dictionary.as_ref().map_or(0, |values| values.def.len() as u64);
        let properties = if before > 0 { fixed } else { properties };
        let sink = Sink { out: TrackedWrite::new(Vec::new()), skip: before };
        let chunk = Chunk(Arc::new(Mutex::new(sink)));
        let (column, pages) = (Arc::clone(column), Box::new(chunk.clone()));
        let writer = get_column_writer(Arc::clone(&column), Arc::clone(properties), pages);
        let mut leaf = Self { column, chunk, writer, before };
        if let Some(mut values) = dictionary {
            values.def.fill(leaf.column.max_def_level());
            leaf.write(&values)?;
        }
        Ok(leaf)
    }

    fn write(&mut self, levels: &Levels) -> ParquetResult<()> {
        let Levels { def, rep, values } = levels;
        let def = (self.column.max_def_level() > 0).then_some(def.as_slice());
        let rep = (self.column.max_rep_level() > 0).then_some(rep.as_slice());
        macro_rules! numbers {
            ($writer:expr, $type:ty) => {{
                let width = size_of::<$type>();
                let number = |bytes: &[u8]| bytes.try_into().map(<$type>::from_le_bytes);
                let numbers = values.fixed.chunks_exact(width).map(number);
                let numbers: Vec<$type> = numbers.map(Result::unwrap_or_default).collect();
                $writer.write_batch(&numbers, def, rep)
            }};
        }
        match &mut self.writer {
            ColumnWriter::BoolColumnWriter(w) => {
                let values: Vec<bool> = values.fixed.iter().map(|byte| *byte != 0).collect();
                w.write_batch(&values, def, rep)
            }
            ColumnWriter::Int32ColumnWriter(w) => numbers!(w, i32),
            ColumnWriter::Int64ColumnWriter(w) => numbers!(w, i64),
            ColumnWriter::FloatColumnWriter(w) => numbers!(w, f32),
            ColumnWriter::DoubleColumnWriter(w) => numbers!(w, f64),
            ColumnWriter::Int96ColumnWriter(w) => {
                let values = values.fixed.chunks_exact(12).map(|bytes| {
                    let word = |at: usize| {
                        bytes[at..at + 4].try_into().map(u32::from_le_bytes).unwrap_or_default()
                    };
                    let mut value = Int96::new();
                    value.set_data(word(0), word(4), word(8));
                    value
                });
                w.write_batch(&values.collect::<Vec<_>>(), def, rep)
            }
            ColumnWriter::FixedLenByteArrayColumnWriter(w) => {
                let width = schema::width(&self.column).max(1);
                let all = Bytes::from(values.fixed.clone());
                let value =
                    |at| FixedLenByteArray::from(ByteArray::from(all.slice(at..at + width)));
                let values = (0..all.len() / width).map(|number| value(number * width));
                w.write_batch(&values.collect::<Vec<_>>(), def, rep)
            }
            ColumnWriter::ByteArrayColumnWriter(w) => {
                let all = Bytes::from(values.fixed.clone());
                let mut at = 0;
                let values = values.lengths.iter().map(|len| {
                    let start = at;
                    at += *len as usize;
                    ByteArray::from(all.slice(start..at))
                });
                w.write_batch(&values.collect::<Vec<_>>(), def, rep)
            }
        }
        .map(|_| ())
    }

    fn close(self) -> ParquetResult<(Bytes, ColumnCloseResult)> {
        let mut closed = self.writer.close()?;
        let mut sink = self.chunk.0.lock().unwrap_or_else(PoisonError::into_inner);
        if self.before > 0 {
            if sink.skip > 0 {
                return Err(ParquetError::General("the values of a dictionary are left".into()));
            }
            // They have the pages that are not there.
            (closed.column_index, closed.offset_index) = (None, None);
            closed.metadata = closed.metadata.into_builder().clear_page_encoding_stats().build()?;
            closed.rows_written -= self.before;
        }
        let out = std::mem::replace(&mut sink.out, TrackedWrite::new(Vec::new()));
        Ok((out.into_inner()?.into(), closed))
    }
}
