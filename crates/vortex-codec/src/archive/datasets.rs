//! The places of the datasets in a file, and reading rows from them.

use std::io::{Read, Seek};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use vortex_coder::Schema;
use vortex_coder::container::{IndexedReader, MemberInfo};
use vortex_sources::prepare::{
    DatasetEntry, Layout, MANIFEST_NAME, MAX_MANIFEST_BYTES, Manifest, Placement, groups,
};

use super::blocks::Blocks;
use super::rows::{Column, Rows};
use super::scatter::{Move, Scatter};
use super::{ARRAY_LABEL, DatasetInfo, MANIFEST_LABEL, STREAM_LABEL, fields};
use crate::error::{Error, ErrorKind, Result};
use crate::inspection::predictor_of;

/// A table in a file.
pub(super) struct Dataset {
    name: String,
    schema: Arc<Schema>,
    rows: u64,
    block_rows: u64,
    label: Option<String>,
    lies: Lies,
}

/// The places of the rows in the original bytes of all members.
enum Lies {
    /// One after the other, starting at this byte.
    InARow(u64),
    /// In streams, each of which begins at one of these bytes.
    InStreams { placement: Placement, starts: Vec<u64> },
}

/// The manifest, if the first member is one.
pub(super) fn manifest<R: Read + Seek>(reader: &mut IndexedReader<R>) -> Result<Option<Manifest>> {
    let first = reader.members().next();
    let Some(first) = first.filter(|first| first.label.as_deref() == Some(MANIFEST_LABEL)) else {
        return Ok(None);
    };
    let len = first.original_bytes;
    if len > MAX_MANIFEST_BYTES {
        let message =
            format!("a manifest of {len} bytes; at most {MAX_MANIFEST_BYTES} are allowed");
        return Err(Error::new(ErrorKind::LimitExceeded, message));
    }
    let text = reader.read_range(0, len as usize)?;
    Ok(Some(Manifest::parse(Path::new(MANIFEST_NAME), &text)?))
}

/// The datasets of a manifest. Its streams are the following members, in the order of the manifest.
pub(super) fn of_manifest<R: Read + Seek>(
    reader: &IndexedReader<R>,
    manifest: &Manifest,
) -> Result<Vec<Dataset>> {
    let corrupt = |what: String| Error::new(ErrorKind::Corrupt, what);
    let mut members = reader.members().enumerate().skip(1);
    let mut datasets = Vec::new();
    for source in &manifest.sources {
        for entry in &source.datasets {
            let (mut starts, mut block_rows) = (Vec::new(), 1);
            let placement = entry.placement(manifest)?;
            let schema = placement.schema();
            let lengths = stream_lengths(entry, schema)?;
            // Bytes that are next to each other: a row, or in a column one of its values.
            let widths = match entry.layout {
                Layout::Row => vec![schema.stride()],
                Layout::Column => {
                    let first = |group: &Vec<usize>| schema.fields()[group[0]].dtype.size();
                    groups(schema).iter().map(first).collect()
                }
            };
            for ((stream, due), width) in entry.streams.iter().zip(lengths).zip(widths) {
                let label = format!("{STREAM_LABEL}{}", stream.file);
                let next = members.next();
                let Some((number, member)) =
                    next.filter(|(_, member)| member.label.as_deref() == Some(&*label))
                else {
                    let (file, name) = (&stream.file, &entry.name);
                    return Err(corrupt(format!("stream {file:?} of dataset {name:?} is missing")));
                };
                let held = member.original_bytes;
                if held != due {
                    let (name, rows) = (&entry.name, entry.records);
                    let what = format!("{held} bytes; {rows} rows of dataset {name:?} need {due}");
                    return Err(corrupt(format!("member {number} has {what}")));
                }
                starts.push(member.original_offset);
                block_rows = block_rows.max(u64::from(member.block_bytes) / width as u64);
            }
            let name = match manifest.sources.len() {
                1 => entry.name.clone(),
                _ => format!("{}:{}", source.file, entry.name),
            };
            let schema = Arc::new(placement.schema().clone());
            let lies = Lies::InStreams { placement, starts };
            let (rows, label) = (entry.records, None);
            datasets.push(Dataset { name, schema, rows, block_rows, label, lies });
        }
    }
    match members.next() {
        None => Ok(datasets),
        Some((number, _)) => {
            Err(corrupt(format!("member {number} is not a stream of the manifest")))
        }
    }
}

/// The number of bytes that each stream of a dataset must have. It does not use the sizes in the
/// manifest.
fn stream_lengths(entry: &DatasetEntry, schema: &Schema) -> Result<Vec<u64>> {
    let stride = schema.stride() as u64;
    let value = |field: usize| schema.fields()[field].dtype.size() as u64;
    let rows: Vec<u64> = match entry.layout {
        Layout::Row => vec![stride],
        Layout::Column => groups(schema)
            .iter()
            .map(|group| group.iter().map(|&field| value(field)).sum())
            .collect(),
    };
    let whole = entry.records.checked_mul(stride).is_some() && rows.iter().sum::<u64>() == stride;
    if !whole || rows.len() != entry.streams.len() {
        let (name, n, records) = (&entry.name, entry.streams.len(), entry.records);
        let what =
            format!("dataset {name:?}: {n} streams do not hold {records} rows of {stride} bytes");
        return Err(Error::new(ErrorKind::Corrupt, what));
    }
    Ok(rows.into_iter().map(|row| row * entry.records).collect())
}

/// The datasets of a file without a manifest: consecutive members with the same records and the same
/// label are one dataset.
pub(super) fn of_members<R: Read + Seek>(reader: &mut IndexedReader<R>) -> Result<Vec<Dataset>> {
    let members: Vec<MemberInfo> = reader.members().cloned().collect();
    let mut datasets: Vec<Dataset> = Vec::new();
    // Whether the last dataset so far ends with a whole row.
    let mut whole = false;
    for (number, member) in members.iter().enumerate() {
        let schema = match (&member.schema, member.predictor) {
            (Some(schema), _) => Arc::clone(schema),
            (None, Some(identity)) if identity.model_file().is_some() => {
                // The schema is in the model and not in the file.
                let model = predictor_of(reader, number)?;
                Arc::new(model.layout().schema().clone())
            }
            (None, _) => Arc::new(Schema::bytes()),
        };
        let stride = schema.stride() as u64;
        let rows = member.original_bytes / stride;
        // Codings may differ: each member has those that made it smaller.
        let same =
            |last: &&mut Dataset| last.schema.same_records(&schema) && last.label == member.label;
        match datasets.last_mut().filter(|last| whole && same(last)) {
            Some(last) => last.rows += rows,
            None => {
                let label = member.label.clone();
                let named = label.clone().filter(|label| !label.starts_with(ARRAY_LABEL));
                let name = named.unwrap_or_else(|| format!("part {}", datasets.len() + 1));
                let lies = Lies::InARow(member.original_offset);
                let block_rows = (u64::from(member.block_bytes) / stride).max(1);
                datasets.push(Dataset { name, schema, rows, block_rows, label, lies });
            }
        }
        whole = member.original_bytes.is_multiple_of(stride);
    }
    Ok(datasets)
}

impl Dataset {
    pub(super) fn info(&self, number: usize) -> DatasetInfo<'_> {
        DatasetInfo {
            number,
            name: &self.name,
            schema: &self.schema,
            rows: self.rows,
            block_rows: self.block_rows,
            label: self.label.as_deref(),
        }
    }

    /// Whole rows.
    pub(super) fn rows<R: Read + Seek>(
        &self,
        blocks: &mut Blocks<R>,
        rows: Range<u64>,
    ) -> Result<Rows> {
        let all: Vec<usize> = (0..self.schema.fields().len()).collect();
        let bytes = self.values(blocks, &all, &rows)?;
        Ok(Rows { schema: Arc::clone(&self.schema), bytes })
    }

    /// The values of one field.
    pub(super) fn field<R: Read + Seek>(
        &self,
        blocks: &mut Blocks<R>,
        name: &str,
        rows: Range<u64>,
    ) -> Result<Column> {
        let wanted = fields::index(&self.schema, name)?;
        let bytes = self.values(blocks, &[wanted], &rows)?;
        let field = &self.schema.fields()[wanted];
        Ok(Column { dtype: field.dtype, big_endian: field.big_endian, bytes })
    }

    /// Rows of these fields alone, without gaps between them.
    pub(super) fn fields<R: Read + Seek>(
        &self,
        blocks: &mut Blocks<R>,
        names: &[&str],
        rows: Range<u64>,
    ) -> Result<Rows> {
        let wanted = fields::chosen(&self.schema, names)?;
        let schema = Arc::new(fields::narrowed(&self.schema, &wanted)?);
        let bytes = self.values(blocks, &wanted, &rows)?;
        Ok(Rows { schema, bytes })
    }

    /// The values of the fields `wanted`, one row after the other.
    fn values<R: Read + Seek>(
        &self,
        blocks: &mut Blocks<R>,
        wanted: &[usize],
        rows: &Range<u64>,
    ) -> Result<Vec<u8>> {
        let width = |field: usize| self.schema.fields()[field].dtype.size();
        let step = wanted.iter().map(|&field| width(field)).sum();
        let mut out = vec![0; self.bytes_of(rows, step)?];
        let stride = self.schema.stride();
        let whole = self.moves(wanted);
        match &self.lies {
            Lies::InARow(start) => {
                let mut rows_out = Scatter::new(stride, &whole, &mut out, step);
                let (start, n) = (start + rows.start * stride as u64, rows.end - rows.start);
                blocks.read(start, n * stride as u64, &mut |bytes| rows_out.take(bytes))?;
            }
            Lies::InStreams { placement, starts } => {
                let mut places = placement.places(rows);
                // In the order of the file, so that no block is decoded twice.
                places.sort_unstable_by_key(|place| (place.stream, place.offset));
                for place in places {
                    let one;
                    let (stored, moves) = match place.field {
                        None => (stride, &whole[..]),
                        Some(field) => {
                            let Some(at) = wanted.iter().position(|&other| other == field) else {
                                continue;
                            };
                            let to = wanted[..at].iter().map(|&field| width(field)).sum();
                            one = [Move { from: 0..width(field), to }];
                            (width(field), &one[..])
                        }
                    };
                    let out = &mut out[place.first * step..][..place.len as usize * step];
                    let mut rows_out = Scatter::new(stored, moves, out, step);
                    let start = starts[place.stream] + place.offset;
                    let len = place.len * stored as u64;
                    blocks.read(start, len, &mut |bytes| rows_out.take(bytes))?;
                }
            }
        }
        Ok(out)
    }

    /// The moves from a whole row to a row of the fields `wanted`; neighbours move together.
    fn moves(&self, wanted: &[usize]) -> Vec<Move> {
        let mut moves: Vec<Move> = Vec::with_capacity(wanted.len());
        let mut to = 0;
        for &field in wanted {
            let field = &self.schema.fields()[field];
            let from = field.offset as usize..field.end();
            let len = from.len();
            match moves.last_mut() {
                Some(last) if last.from.end == from.start => last.from.end = from.end,
                _ => moves.push(Move { from, to }),
            }
            to += len;
        }
        moves
    }

    /// The number of bytes of `rows` if each row has `each` bytes.
    fn bytes_of(&self, rows: &Range<u64>, each: usize) -> Result<usize> {
        if rows.start > rows.end || rows.end > self.rows {
            let message = format!(
                "rows {}..{} requested; dataset {:?} has {}",
                rows.start, rows.end, self.name, self.rows
            );
            return Err(Error::invalid_argument(message));
        }
        let bytes = usize::try_from(rows.end - rows.start).ok().and_then(|n| n.checked_mul(each));
        let too_many = || Error::new(ErrorKind::LimitExceeded, "more rows than fit in memory");
        bytes.ok_or_else(too_many)
    }
}
