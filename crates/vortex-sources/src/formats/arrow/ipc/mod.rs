//! Files and streams of Arrow. Their messages are read here, buffer by buffer, with the descriptions
//! of the `arrow-ipc` crate, which also writes them: so only the buffers that are needed are read,
//! and a batch is never in memory.

mod arrays;
mod buffers;
mod feed;
mod messages;
mod schema;
mod slots;
mod write;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use arrow_ipc::writer::StreamWriter;
use arrow_schema::{DataType, Schema};
use vortex_base::hex;

use super::MAX_EXPANSION;
use super::columnar::Columnar;
use super::layout::{Laid, Layout};
use super::positioned::Positioned;
use super::shape::{Feed, Kind, Shape, What};
use super::structure::{Dictionary, FileForm, Structure};
use crate::error::{Error, Result};
use crate::pieces::open_with_length;
use crate::source::Unread;
use feed::PartFeed;
use messages::{Batch, Messages};
use schema::{Columns, Part};

pub(in crate::formats) use write::write;

/// The tables of a file.
pub type IpcSource = Columnar<Ipc>;

/// A file or stream.
pub struct Ipc {
    file: Positioned,
    messages: Messages,
    parts: Vec<Part>,
    /// The number of each dictionary in the file.
    dictionaries: Vec<i64>,
}

/// Whether a file begins with a message that has a schema: that of a stream.
pub(in crate::formats) fn is_stream(path: &Path) -> Result<bool> {
    let (file, len) = open_with_length(path)?;
    let file = Positioned { file: Arc::new(file), len };
    let start = file.bytes(0, len.min(8)).unwrap_or_default();
    let Some((continuation, size)) = start.split_at_checked(4) else { return Ok(false) };
    let size = size.try_into().map(u32::from_le_bytes).unwrap_or_default().into();
    if continuation != messages::CONTINUATION || !(8..=messages::MAX_METADATA_BYTES).contains(&size)
    {
        return Ok(false);
    }
    let message = file.bytes(8, size).unwrap_or_default();
    let message = arrow_ipc::root_as_message(&message);
    Ok(message.is_ok_and(|message| message.header_as_schema().is_some()))
}

impl Columnar<Ipc> {
    /// Lists the tables. Every column is read once.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Source`] for damaged messages.
    pub fn open(path: &Path) -> Result<Self> {
        let (file, len) = open_with_length(path)?;
        let file = Positioned { file: Arc::new(file), len };
        let refuse = |what: String| Error::source(path, "messages", what);
        let mut messages = Messages::read(&file).map_err(refuse)?;
        let groups: Vec<u64> = messages.batches.iter().map(|batch| batch.rows).collect();
        let rows = groups.iter().fold(0u64, |n, rows| n.saturating_add(*rows));
        if rows > len.saturating_mul(MAX_EXPANSION) {
            let most = len.saturating_mul(MAX_EXPANSION);
            return Err(refuse(format!("{rows} rows; a file of {len} bytes may have {most}")));
        }
        let schema = messages.schema.take().ok_or_else(|| refuse("no schema".into()));
        let (schema, ids) = schema?;
        if messages.old && schema.fields().iter().any(|field| has_union(field.data_type())) {
            return Err(refuse("unions as they were before Arrow 1.0".into()));
        }
        let columns = Columns::of(&schema, &ids, &messages);
        let dictionaries = columns.dictionaries.iter().map(|(id, _)| *id).collect();
        let file = Ipc { file, messages, parts: columns.parts, dictionaries };

        let (mut unread, mut refused) = (Vec::new(), Vec::new());
        if file.messages.rest > 0 {
            let reason = format!("{} bytes behind the end of the stream", file.messages.rest);
            unread.push(Unread { name: "the rest of the file".into(), reason });
        }
        let mut layout = Layout::new(&file, len);
        let root = layout.root("rows", rows);
        // Which dictionaries are there, by the number that they get.
        let (mut numbers, mut kept) = (HashMap::new(), Vec::new());
        for (number, (id, shape)) in columns.dictionaries.iter().enumerate() {
            let Ok(shape) = shape else { continue };
            let values =
                file.batches(number + 1).iter().fold(0u64, |n, b| n.saturating_add(b.rows));
            let root = layout.root(&shape.name, values);
            if layout.column(shape, root) {
                numbers.insert(number as u32, kept.len() as u32);
                kept.push(states(&file.messages, *id));
            }
        }
        let mut keep = Vec::new();
        for (name, shape) in columns.columns {
            let shape = shape.and_then(|mut shape| {
                let dictionary = renumber(&mut shape, &numbers);
                dictionary.then_some(shape).ok_or_else(|| {
                    let reason = columns.dictionaries.iter().find_map(|(_, d)| d.as_ref().err());
                    let reason = reason.map_or("it is damaged", String::as_str);
                    format!("its dictionary is not read: {reason}")
                })
            });
            keep.push(match shape {
                Ok(shape) => layout.column(&shape, root),
                Err(reason) => {
                    unread.push(Unread { name, reason });
                    false
                }
            });
        }
        let Laid { tables, refs, nodes, left_out } = layout.finish();
        refused.extend(left_out);
        let mut nodes = nodes.into_iter();
        let dictionaries = kept.into_iter().zip(nodes.by_ref());
        let dictionaries = dictionaries.map(|(states, values)| Dictionary { values, states });
        let dictionaries = dictionaries.collect();
        let schema = without(&schema, &keep).map_err(refuse)?;
        let codec = file.messages.batches.iter().find_map(|batch| batch.codec);
        let structure = Structure {
            file: FileForm::Arrow {
                schema: hex::encode(&schema),
                stream: file.messages.stream,
                codec: codec.map(|codec| codec.name().to_owned()),
                metadata: file.messages.metadata.clone(),
            },
            tables: refs,
            columns: nodes.collect(),
            groups,
            dictionaries,
        };
        Ok(Self::new(path, file, tables, &structure, unread, refused))
    }
}

fn has_union(kind: &DataType) -> bool {
    match kind {
        DataType::Union(..) => true,
        DataType::List(child)
        | DataType::LargeList(child)
        | DataType::ListView(child)
        | DataType::LargeListView(child)
        | DataType::FixedSizeList(child, _)
        | DataType::Map(child, _) => has_union(child.data_type()),
        DataType::Struct(members) => members.iter().any(|member| has_union(member.data_type())),
        DataType::Dictionary(_, values) => has_union(values),
        DataType::RunEndEncoded(_, values) => has_union(values.data_type()),
        _ => false,
    }
}

/// A stream without batches, with the schema of the columns that are kept.
fn without(schema: &Schema, keep: &[bool]) -> std::result::Result<Vec<u8>, String> {
    let kept: Vec<usize> = (0..keep.len()).filter(|number| keep[*number]).collect();
    let schema = schema.project(&kept).map_err(|e| e.to_string())?;
    let mut writer = StreamWriter::try_new(Vec::new(), &schema).map_err(|e| e.to_string())?;
    writer.finish().map_err(|e| e.to_string())?;
    writer.into_inner().map_err(|e| e.to_string())
}

/// Gives dictionaries their numbers among those that are kept; false if one is not.
fn renumber(shape: &mut Shape, numbers: &HashMap<u32, u32>) -> bool {
    if let Some(number) = &mut shape.dictionary {
        let Some(new) = numbers.get(number) else { return false };
        *number = *new;
    }
    match &mut shape.kind {
        Kind::List(items) | Kind::Array(_, items) => renumber(items, numbers),
        Kind::Struct(members) => members.iter_mut().all(|member| renumber(member, numbers)),
        Kind::Fixed(_) | Kind::Bytes | Kind::Null => true,
    }
}

/// The values that a dictionary has at each time.
fn states(messages: &Messages, id: i64) -> Vec<[u64; 3]> {
    let (mut states, mut start, mut end) = (Vec::<[u64; 3]>::new(), 0, 0u64);
    for entries in messages.dictionaries.iter().filter(|entries| entries.id == id) {
        if !entries.delta {
            start = end;
        }
        end = end.saturating_add(entries.batch.rows);
        let state = [entries.before, start, end];
        match states.last_mut() {
            // No batch used it.
            Some(last) if last[0] == entries.before => *last = state,
            _ => states.push(state),
        }
    }
    states
}

impl Ipc {
    /// The batches of the rows (0), or of a dictionary counted from 1.
    fn batches(&self, root: usize) -> Vec<&Batch> {
        match root.checked_sub(1) {
            None => self.messages.batches.iter().collect(),
            Some(number) => {
                let id = self.dictionaries.get(number);
                let all = self.messages.dictionaries.iter();
                all.filter(|entries| Some(&entries.id) == id)
                    .map(|entries| &entries.batch)
                    .collect()
            }
        }
    }
}

impl super::shape::Columns for Ipc {
    fn feed(&self, node: usize, what: &[What]) -> std::result::Result<Box<dyn Feed + '_>, String> {
        let part = self.parts.get(node).ok_or("an unknown column")?;
        let batches = self.batches(part.root);
        Ok(Box::new(PartFeed::new(&self.file, batches, &self.parts, node, what)))
    }

    fn must_be_text(&self, node: usize) -> bool {
        self.parts.get(node).is_some_and(|part| part.text)
    }
}
