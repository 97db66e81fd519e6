//! The files of a dataset, and the places of the bytes of each record.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::PathBuf;

use vortex_coder::schema::Schema;

use super::manifest::Layout;
use super::order::{Order, groups};
use crate::error::{Error, Result};

/// Approximate number of bytes of records that are copied at a time.
pub const CHUNK_BYTES: usize = 8 << 20;

/// The places of the records of a dataset in its streams.
#[derive(Debug)]
pub struct Placement {
    schema: Schema,
    order: Order,
    layout: Layout,
    groups: Vec<Vec<usize>>,
}

/// One run of bytes of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The stream, in the order of the manifest.
    pub stream: usize,
    /// First byte in it.
    pub offset: u64,
    /// Number of its records.
    pub len: u64,
    /// First record of the current chunk.
    pub first: usize,
    /// A field of these records, or whole records.
    pub field: Option<usize>,
}

impl Placement {
    /// One stream for [`Layout::Row`], else one for each of [`groups`].
    pub fn new(schema: Schema, order: Order, layout: Layout) -> Self {
        let groups = match layout {
            Layout::Row => Vec::new(),
            Layout::Column => groups(&schema),
        };
        Self { schema, order, layout, groups }
    }

    /// Schema of a record.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The places of records `range` of the source.
    pub fn places(&self, range: &Range<u64>) -> Vec<Place> {
        let stride = self.schema.stride() as u64;
        let mut places = Vec::new();
        for piece in self.order.pieces(range.clone()) {
            let first = (piece.source - range.start) as usize;
            if self.layout == Layout::Row {
                let offset = piece.target * stride;
                places.push(Place { stream: 0, offset, len: piece.len, first, field: None });
                continue;
            }
            let part = &self.order.parts()[piece.part];
            let part_len = part.end - part.start;
            for (stream, group) in self.groups.iter().enumerate() {
                let size = self.schema.fields()[group[0]].dtype.size() as u64;
                for (column, &field) in group.iter().enumerate() {
                    let before = part.start * group.len() as u64 + column as u64 * part_len;
                    let offset = (before + piece.target - part.start) * size;
                    places.push(Place {
                        stream,
                        offset,
                        len: piece.len,
                        first,
                        field: Some(field),
                    });
                }
            }
        }
        places
    }
}

/// A dataset in files, open for positioned reads or writes.
#[derive(Debug)]
pub struct Streams {
    placement: Placement,
    files: Vec<(File, PathBuf)>,
    scratch: Vec<u8>,
}

impl Streams {
    /// Makes the files at `paths`, one for each stream. `read` opens existing files instead.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn open(paths: &[PathBuf], placement: Placement, read: bool) -> Result<Self> {
        let files = paths
            .iter()
            .map(|path| {
                let file = if read { File::open(path) } else { File::create(path) };
                Ok((file.map_err(|e| Error::io(path, e))?, path.clone()))
            })
            .collect::<Result<_>>()?;
        Ok(Self { placement, files, scratch: Vec::new() })
    }

    /// Closes the files.
    pub(super) fn into_placement(self) -> Placement {
        self.placement
    }

    /// Records that fit in a chunk.
    pub fn chunk_records(&self) -> u64 {
        (CHUNK_BYTES / self.placement.schema.stride()).max(1) as u64
    }

    /// Writes whole records; they are the records from `first` on in the order of the source.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn write(&mut self, first: u64, records: &[u8]) -> Result<()> {
        let stride = self.placement.schema.stride();
        let n = (records.len() / stride) as u64;
        for place in self.placement.places(&(first..first + n)) {
            let records = &records[place.first * stride..][..place.len as usize * stride];
            let (file, path) = &mut self.files[place.stream];
            let bytes = match place.field {
                None => records,
                Some(field) => {
                    let field = &self.placement.schema.fields()[field];
                    gather(
                        records,
                        stride,
                        field.offset as usize,
                        field.dtype.size(),
                        &mut self.scratch,
                    );
                    &self.scratch
                }
            };
            file.seek(SeekFrom::Start(place.offset))
                .and_then(|_| file.write_all(bytes))
                .map_err(|e| Error::io(path, e))?;
        }
        Ok(())
    }

    /// Reads records `range` of the source and replaces the contents of `out`.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn read(&mut self, range: Range<u64>, out: &mut Vec<u8>) -> Result<()> {
        let stride = self.placement.schema.stride();
        out.clear();
        out.resize((range.end - range.start) as usize * stride, 0);
        for place in self.placement.places(&range) {
            let records = &mut out[place.first * stride..][..place.len as usize * stride];
            let (file, path) = &mut self.files[place.stream];
            file.seek(SeekFrom::Start(place.offset)).map_err(|e| Error::io(path, e))?;
            match place.field {
                None => file.read_exact(records).map_err(|e| Error::io(path, e))?,
                Some(field) => {
                    let field = &self.placement.schema.fields()[field];
                    let size = field.dtype.size();
                    self.scratch.resize(place.len as usize * size, 0);
                    file.read_exact(&mut self.scratch).map_err(|e| Error::io(path, e))?;
                    scatter(&self.scratch, records, stride, field.offset as usize, size);
                }
            }
        }
        Ok(())
    }
}

/// Takes one field out of records.
fn gather(records: &[u8], stride: usize, offset: usize, size: usize, out: &mut Vec<u8>) {
    fn sized<const N: usize>(records: &[u8], stride: usize, offset: usize, out: &mut [u8]) {
        let values = out.chunks_exact_mut(N);
        for (record, value) in records.chunks_exact(stride).zip(values) {
            value.copy_from_slice(&record[offset..offset + N]);
        }
    }
    out.resize(records.len() / stride * size, 0);
    match size {
        1 => sized::<1>(records, stride, offset, out),
        2 => sized::<2>(records, stride, offset, out),
        4 => sized::<4>(records, stride, offset, out),
        _ => sized::<8>(records, stride, offset, out),
    }
}

/// Puts one field into records.
fn scatter(values: &[u8], records: &mut [u8], stride: usize, offset: usize, size: usize) {
    let values = values.chunks_exact(size);
    for (record, value) in records.chunks_exact_mut(stride).zip(values) {
        record[offset..offset + size].copy_from_slice(value);
    }
}

/// The schema of a stream: records, or single numbers of one type.
pub fn stream_schema(schema: &Schema, layout: Layout, group: &[usize]) -> Schema {
    use vortex_coder::schema::{Field, FieldCoding};
    let (Layout::Column, Some(&first)) = (layout, group.first()) else { return schema.clone() };
    // All fields of a group have this type, but each has its own coding.
    let Field { dtype, big_endian, .. } = schema.fields()[first];
    let coding = FieldCoding::usual(dtype);
    let field = Field { big_endian, coding, ..Field::new("value", dtype, 0) };
    Schema::new(dtype.size(), vec![field]).expect("one number is a record")
}

/// Indices of the fields in each stream of a dataset.
pub(super) fn stream_fields(schema: &Schema, layout: Layout) -> Vec<Vec<usize>> {
    match layout {
        Layout::Row => vec![(0..schema.fields().len()).collect()],
        Layout::Column => groups(schema),
    }
}

/// File names of the streams of a dataset: `NAME.bin`, or `NAME.f4.bin`, `NAME.be-i2.bin`.
pub fn stream_names(base: &str, schema: &Schema, layout: Layout) -> Vec<String> {
    match layout {
        Layout::Row => vec![format!("{base}.bin")],
        Layout::Column => groups(schema)
            .iter()
            .map(|group| {
                let field = &schema.fields()[group[0]];
                let order = if field.big_endian { "be-" } else { "" };
                format!("{base}.{order}{}.bin", field.dtype.numpy_code())
            })
            .collect(),
    }
}
