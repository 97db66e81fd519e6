//! Writing a file or stream again: its schema, batches, dictionaries, compression and values.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use arrow_schema::{DataType, Schema, SchemaRef};
use vortex_base::hex;

use super::arrays::array;
use super::messages::Codec;
use super::schema::schema_of;
use crate::formats::arrow::gather::{Gather, rows_of};
use crate::formats::arrow::structure::{Dictionary, FileForm, Node, Structure};
use crate::source::Origin;
use crate::stored::{OnBytes, Stored};

/// Batches that need about so many bytes stay whole; they are in memory.
const BATCH_BYTES: u64 = 256 << 20;

/// Writes a file with the columns whose tables are all there.
pub(in crate::formats) fn write(
    mut out: BufWriter<&File>,
    structure: Option<&Origin>,
    datasets: &mut [&mut dyn Stored],
    on_bytes: &mut OnBytes<'_>,
) -> io::Result<()> {
    let other = || io::Error::other("the structure is not one of Arrow");
    let structure = Structure::of(structure, other)?;
    let FileForm::Arrow { schema, stream, codec, metadata } = &structure.file else {
        return Err(other());
    };
    let schema = schema_of_stream(&hex::decode(schema).ok_or_else(other)?);
    let schema = schema.map_err(io::Error::other)?;
    if schema.fields().len() != structure.columns.len() {
        return Err(other());
    }
    let datasets: Vec<&dyn Stored> = datasets.iter().map(|dataset| &**dataset).collect();
    let there = datasets.iter().map(|dataset| dataset.name()).collect();
    let kept: Vec<usize> = (0..structure.columns.len())
        .filter(|number| structure.has_all(&structure.columns[*number], &there))
        .collect();
    let schema = Arc::new(schema.project(&kept).map_err(io::Error::other)?);
    let columns: Vec<&Node> = kept.iter().map(|number| &structure.columns[*number]).collect();
    let used: Vec<u32> = columns.iter().flat_map(|node| node.dictionaries()).collect();

    let step = rows_of(BATCH_BYTES, &structure, &columns, &datasets)?;
    let mut nodes = columns.clone();
    nodes.extend(columns.iter().flat_map(|column| structure.needed(column)));
    let mut gather = Gather::new(&structure, &nodes, &datasets)?;
    let mut dictionaries = Vec::new();
    for (number, dictionary) in structure.dictionaries.iter().enumerate() {
        let kind = schema.fields().iter().zip(&columns);
        let kind = kind.filter(|_| used.contains(&(number as u32)));
        let kind =
            kind.filter_map(|(field, node)| values_of(field.data_type(), node, number as u32));
        let Some(kind) = kind.into_iter().next() else {
            dictionaries.push(Vec::new());
            continue;
        };
        dictionaries.push(States::read(dictionary, kind, &mut gather, on_bytes)?);
    }
    let mut writer = Writer::new(&mut out, &schema, *stream, codec.as_deref(), metadata)?;
    for (number, rows) in structure.groups.iter().enumerate() {
        let dictionaries: Vec<Option<ArrayRef>> =
            dictionaries.iter().map(|states| States::at(states, number as u64)).collect();
        let mut left = *rows;
        // A batch without rows is a batch too.
        loop {
            let n = left.min(step);
            gather.begin();
            let mut arrays = Vec::new();
            for (field, node) in schema.fields().iter().zip(&columns) {
                let slots = gather.slots(node, n, on_bytes)?;
                let array = array(field.data_type(), node, &slots, &dictionaries);
                arrays.push(array.map_err(|e| io::Error::other(format!("{}: {e}", field.name())))?);
            }
            let count = usize::try_from(n).map_err(io::Error::other)?;
            let options = RecordBatchOptions::new().with_row_count(Some(count));
            let batch = RecordBatch::try_new_with_options(Arc::clone(&schema), arrays, &options);
            writer.write(&batch.map_err(io::Error::other)?)?;
            left -= n;
            if left == 0 {
                break;
            }
        }
    }
    writer.finish()?;
    gather.finish()?;
    out.flush()
}

/// The schema of a stream without batches.
fn schema_of_stream(stream: &[u8]) -> Result<Schema, String> {
    let len = stream.get(4..8).and_then(|len| len.try_into().ok()).map(u32::from_le_bytes);
    let end = len.and_then(|len| 8usize.checked_add(len as usize));
    let message = end.and_then(|end| stream.get(8..end)).ok_or("the schema is too short")?;
    let message = arrow_ipc::root_as_message(message).map_err(|e| e.to_string())?;
    let schema = message.header_as_schema().ok_or("the schema is not there")?;
    schema_of(schema).map(|(schema, _)| schema)
}

/// The type of the values of dictionary `number`, if the column has it.
fn values_of<'a>(kind: &'a DataType, node: &Node, number: u32) -> Option<&'a DataType> {
    use crate::formats::arrow::structure::Is;
    match (kind, &node.is) {
        (DataType::Dictionary(_, values), Is::Fixed { dictionary: Some(found), .. }) => {
            (*found == number).then_some(&**values)
        }
        (
            DataType::List(child) | DataType::LargeList(child) | DataType::Map(child, _),
            Is::List { items, .. },
        )
        | (DataType::FixedSizeList(child, _), Is::Array { items, .. }) => {
            values_of(child.data_type(), items, number)
        }
        (DataType::Struct(fields), Is::Struct(members)) => {
            let all = fields.iter().zip(members);
            all.filter_map(|(field, member)| values_of(field.data_type(), member, number)).next()
        }
        _ => None,
    }
}

/// The values of a dictionary from a batch on.
struct States {
    from: u64,
    values: ArrayRef,
}

impl States {
    fn read(
        dictionary: &Dictionary,
        kind: &DataType,
        gather: &mut Gather<'_>,
        on_bytes: &mut OnBytes<'_>,
    ) -> io::Result<Vec<Self>> {
        let total = dictionary.states.iter().map(|state| state[2]).max().unwrap_or_default();
        gather.begin();
        let slots = gather.slots(&dictionary.values, total, on_bytes)?;
        let all = array(kind, &dictionary.values, &slots, &[]).map_err(io::Error::other)?;
        let mut states = Vec::new();
        for [from, start, end] in &dictionary.states {
            let len = end.checked_sub(*start);
            let len =
                len.ok_or_else(|| io::Error::other("a dictionary that ends before it begins"))?;
            let (start, len) = (*start as usize, len as usize);
            states.push(Self { from: *from, values: all.slice(start, len) });
        }
        Ok(states)
    }

    /// The values for a batch.
    fn at(states: &[Self], batch: u64) -> Option<ArrayRef> {
        let state = states.iter().rev().find(|state| state.from <= batch);
        state.map(|state| Arc::clone(&state.values))
    }
}

/// A file or a stream.
enum Writer<W: Write> {
    File(FileWriter<W>),
    Stream(StreamWriter<W>),
}

impl<W: Write> Writer<W> {
    fn new(
        out: W,
        schema: &SchemaRef,
        stream: bool,
        codec: Option<&str>,
        metadata: &[(String, String)],
    ) -> io::Result<Self> {
        let codec = match codec {
            None => None,
            Some(name) if name == Codec::Lz4.name() => Some(CompressionType::LZ4_FRAME),
            Some(name) if name == Codec::Zstd.name() => Some(CompressionType::ZSTD),
            Some(name) => return Err(io::Error::other(format!("unknown compression {name:?}"))),
        };
        let options = IpcWriteOptions::default().try_with_compression(codec);
        let options = options.map_err(io::Error::other)?;
        Ok(if stream {
            let writer = StreamWriter::try_new_with_options(out, schema, options);
            Self::Stream(writer.map_err(io::Error::other)?)
        } else {
            let writer = FileWriter::try_new_with_options(out, schema, options);
            let mut writer = writer.map_err(io::Error::other)?;
            metadata.iter().for_each(|(key, value)| writer.write_metadata(key, value));
            Self::File(writer)
        })
    }

    fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        match self {
            Self::File(writer) => writer.write(batch),
            Self::Stream(writer) => writer.write(batch),
        }
        .map_err(io::Error::other)
    }

    fn finish(&mut self) -> io::Result<()> {
        match self {
            Self::File(writer) => writer.finish(),
            Self::Stream(writer) => writer.finish(),
        }
        .map_err(io::Error::other)
    }
}
