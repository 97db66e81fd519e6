//! Parquet files, read and written by the `parquet` crate, leaf by leaf: what is stored is kept, and
//! not what a reader makes of it.

mod categories;
mod delta;
mod dictionary;
mod footer;
mod header;
mod leaf;
mod levels;
mod pages;
mod schema;
mod thrift;
mod unpack;
mod write;

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::path::Path;
use std::sync::{Arc, Once};

use parquet::basic::Compression;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use parquet::schema::types::SchemaDescriptor;
use vortex_base::hex;
use vortex_coder::schema::DType;

use super::MAX_EXPANSION;
use super::columnar::Columnar;
use super::layout::Layout;
use super::positioned::Positioned;
use super::shape::{Feed, Kind, Numbers, Shape, What};
use super::structure::{self, FileForm, Structure};
use crate::error::{Error, Result};
use crate::formats::PARQUET;
use crate::pieces::open_with_length;
use crate::source::Unread;
use dictionary::{Dictionary, Known};
use leaf::Leaf;
use schema::{Columns, Step};

pub(in crate::formats) use write::write;

/// Largest footer.
const MAX_FOOTER_BYTES: u64 = 256 << 20;
/// Most row groups.
const MAX_GROUPS: usize = 1 << 20;

/// The tables of a file.
pub type ParquetSource = Columnar<Parquet>;

/// A file.
pub struct Parquet {
    file: Positioned,
    metadata: ParquetMetaData,
    steps: Vec<Step>,
    /// The dictionaries of leaves; as nodes, they follow the steps.
    dictionaries: Vec<(usize, Dictionary)>,
}

impl Columnar<Parquet> {
    /// Lists the tables. Every column is read once.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Source`] for a damaged footer.
    pub fn open(path: &Path) -> Result<Self> {
        let (file, len) = open_with_length(path)?;
        let file = Positioned { file: Arc::new(file), len };
        let refuse = |what: String| Error::source(path, "footer", what);
        let metadata = metadata(&file).map_err(refuse)?;
        let columns = Columns::of(metadata.file_metadata().schema());
        let rows = rows(&metadata, len).map_err(refuse)?;
        let mut file = Parquet { file, metadata, steps: columns.steps, dictionaries: Vec::new() };
        let mut unread = Vec::new();
        let with_dictionary = file.read_dictionaries(&columns.columns, &mut unread);
        let mut layout = Layout::new(&file, len);
        let root = layout.root("rows", rows.iter().sum());
        let mut dictionaries = Vec::new();
        for (number, values) in with_dictionary.iter().flatten().enumerate() {
            let (_, dictionary) = &file.dictionaries[number];
            let level = layout.root(&values.name, dictionary.len());
            if !layout.column(values, level) {
                return Err(refuse(format!("{} cannot be read", values.name)));
            }
            dictionaries.push(dictionary.states());
        }
        let mut next = 0u32;
        let (mut keep, mut refused) = (Vec::new(), Vec::new());
        for ((name, shape), values) in columns.columns.into_iter().zip(&with_dictionary) {
            keep.push(match shape {
                Ok(mut shape) => {
                    if values.is_some() {
                        shape.kind = Kind::Fixed(vec![Numbers::new(DType::U32, 1)]);
                        shape.dictionary = Some(next);
                        next += 1;
                    }
                    layout.column(&shape, root)
                }
                Err(reason) => {
                    refused.push(Unread { name, reason });
                    false
                }
            });
        }
        let laid = layout.finish();
        refused.extend(laid.left_out);
        let metadata = file.metadata.file_metadata();
        let kept = schema::without(metadata.schema(), metadata.key_value_metadata(), &keep);
        let empty = kept.and_then(|(root, metadata)| schema::empty_file(root, metadata));
        let codecs = codecs(&file.metadata, &keep);
        let mut nodes = laid.nodes.into_iter();
        let structure = Structure {
            file: FileForm::Parquet { schema: hex::encode(&empty.map_err(refuse)?), codecs },
            tables: laid.refs,
            dictionaries: dictionaries
                .into_iter()
                .zip(nodes.by_ref())
                .map(|(states, values)| structure::Dictionary { values, states })
                .collect(),
            columns: nodes.collect(),
            groups: rows,
        };
        Ok(Self::new(path, file, laid.tables, &structure, unread, refused))
    }
}

/// Reads the footer.
fn metadata(file: &Positioned) -> std::result::Result<ParquetMetaData, String> {
    let end = file.len.checked_sub(8).ok_or("the file is too short")?;
    let end = file.bytes(end, 8)?;
    if &end[4..] != PARQUET {
        return Err("the file does not end as one of Parquet: is it complete?".into());
    }
    let len: u64 = u32::from_le_bytes([end[0], end[1], end[2], end[3]]).into();
    if len > MAX_FOOTER_BYTES || len + 12 > file.len {
        let most = MAX_FOOTER_BYTES.min(file.len.saturating_sub(12));
        return Err(format!("a footer of {len} bytes; {most} are possible"));
    }
    parse(&file.bytes(file.len - len - 8, len)?)
}

/// Parses a footer.
fn parse(bytes: &[u8]) -> std::result::Result<ParquetMetaData, String> {
    footer::check(bytes)?;
    guarded(|| ParquetMetaDataReader::decode_metadata(bytes))
}

/// Rows of each row group, of which all column chunks have room in the file.
fn rows(metadata: &ParquetMetaData, len: u64) -> std::result::Result<Vec<u64>, String> {
    let groups = metadata.row_groups();
    if groups.len() > MAX_GROUPS {
        return Err(format!("{} row groups; {MAX_GROUPS} are allowed", groups.len()));
    }
    let leaves = metadata.file_metadata().schema_descr().num_columns();
    let (mut rows, mut bytes, mut total) = (Vec::new(), 0u64, 0u64);
    for group in groups {
        let n = u64::try_from(group.num_rows()).map_err(|e| e.to_string())?;
        if group.num_columns() != leaves {
            return Err(format!(
                "a row group of {} columns; the schema has {leaves}",
                group.num_columns()
            ));
        }
        for chunk in group.columns() {
            bytes = bytes.saturating_add(chunk.compressed_size().max(0) as u64);
        }
        total = total.saturating_add(n);
        rows.push(n);
    }
    if bytes > len {
        return Err(format!("columns of {bytes} bytes in a file of {len}"));
    }
    if total > len.saturating_mul(MAX_EXPANSION) {
        let most = len.saturating_mul(MAX_EXPANSION);
        return Err(format!("{total} rows; a file of {len} bytes may have {most}"));
    }
    Ok(rows)
}

/// The compression of each leaf that is kept, from the first row group.
fn codecs(metadata: &ParquetMetaData, keep: &[bool]) -> Vec<String> {
    let schema = metadata.file_metadata().schema_descr();
    let kept = (0..schema.num_columns())
        .filter(|leaf| keep.get(schema.get_column_root_idx(*leaf)).copied().unwrap_or_default());
    let codec = |leaf| {
        let group = metadata.row_groups().first();
        group.map_or(Compression::UNCOMPRESSED, |group| group.column(leaf).compression())
    };
    kept.map(|leaf| write::codec_name(codec(leaf)).to_owned()).collect()
}

thread_local! {
    /// Whether a panic of this thread will be caught, and need not be printed.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Calls the `parquet` crate. It states that it may panic for damaged files; everything that it
/// changed is dropped then.
fn guarded<T>(call: impl FnOnce() -> parquet::errors::Result<T>) -> std::result::Result<T, String> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let print = take_hook();
        set_hook(Box::new(move |panic| {
            if !GUARDED.get() {
                print(panic);
            }
        }));
    });
    GUARDED.set(true);
    let result = catch_unwind(AssertUnwindSafe(call));
    GUARDED.set(false);
    match result {
        Ok(result) => result.map_err(|e| e.to_string()),
        Err(_) => Err("damaged: its reader gave up".into()),
    }
}

impl Parquet {
    fn schema(&self) -> &SchemaDescriptor {
        self.metadata.file_metadata().schema_descr()
    }

    /// Reads the dictionaries of columns that are categories. For each column, the values of its
    /// dictionary.
    fn read_dictionaries(
        &mut self,
        columns: &[(String, std::result::Result<Shape, String>)],
        unread: &mut Vec<Unread>,
    ) -> Vec<Option<Shape>> {
        let metadata = self.metadata.file_metadata();
        let all = dictionary::columns(metadata.schema(), metadata.key_value_metadata());
        let (mut values, mut left) = (Vec::new(), dictionary::MAX_BYTES);
        for (number, (name, shape)) in columns.iter().enumerate() {
            values.push(None);
            let flat = |shape: &&Shape| matches!(shape.kind, Kind::Fixed(_) | Kind::Bytes);
            let Some(shape) = shape.as_ref().ok().filter(flat) else { continue };
            let Some(step) = self.steps.get(shape.node).filter(|_| all.contains(&number)) else {
                continue;
            };
            // A column that is damaged, or has too many values, is read without it.
            let dictionary = match Dictionary::read(self, *step, &mut left) {
                Ok(dictionary) => dictionary,
                Err(reason) => {
                    let reason = format!("the order of its values is not kept: {reason}");
                    unread.push(Unread { name: format!("dictionary({name})"), reason });
                    continue;
                }
            };
            let leaf = step.leaf;
            values[number] = Some(Shape {
                node: self.steps.len() + self.dictionaries.len(),
                name: format!("dictionary({name})"),
                nullable: false,
                kind: shape.kind.clone(),
                dictionary: None,
            });
            self.dictionaries.push((leaf, dictionary));
        }
        values
    }

    /// Bytes of a value of a leaf.
    fn width(&self, leaf: usize) -> usize {
        schema::width(&self.schema().column(leaf))
    }
}

impl super::shape::Columns for Parquet {
    fn feed(&self, node: usize, what: &[What]) -> std::result::Result<Box<dyn Feed + '_>, String> {
        if let Some(number) = node.checked_sub(self.steps.len()) {
            let (_, dictionary) = self.dictionaries.get(number).ok_or("an unknown column")?;
            return Ok(Box::new(Known::new(dictionary, what)));
        }
        let step = self.steps.get(node).ok_or("an unknown column")?;
        let known = self.dictionaries.iter().find(|(leaf, _)| *leaf == step.leaf);
        let dictionary = known.map(|(_, dictionary)| dictionary);
        Ok(Box::new(Leaf::new(self, *step, what, dictionary)))
    }
}
