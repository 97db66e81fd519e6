//! FITS: images and binary tables of astronomy, big-endian numbers behind headers of text (FITS Standard 4.0).
//!
//! Everything that is not an image or a table (headers, heaps, padding) is a dataset of bytes, so
//! that all datasets in order are the file, byte for byte.

mod columns;
mod header;

use std::fs::File;
use std::io::{BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use vortex_coder::schema::{DType, Schema};

use crate::error::{Error, Result};
use crate::fields::{Fields, Records};
use crate::pieces::{open_with_length, stream_range};
use crate::source::{DatasetInfo, Origin, Sink, Source};
use crate::unique_names::UniqueNames;
use header::{BLOCK, Header};

/// First bytes of a FITS file.
pub const MAGIC: &[u8] = b"SIMPLE  =";
/// Most header-data units that are read as such; the rest is read as bytes.
const MAX_UNITS: usize = 4096;

/// The images and tables of a file, and the bytes between them.
#[derive(Debug)]
pub struct FitsSource {
    path: PathBuf,
    datasets: Vec<DatasetInfo>,
    /// Offset of each dataset in the file.
    starts: Vec<u64>,
    names: UniqueNames,
}

/// The data of a header-data unit that are read as numbers.
struct Data {
    name: String,
    records: Records,
    shape: Vec<u64>,
}

impl Data {
    fn n_bytes(&self) -> u64 {
        self.records.n_records.saturating_mul(self.records.schema.stride() as u64)
    }
}

impl FitsSource {
    /// Reads the headers.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Source`] if the first header is damaged, or if its data are longer
    /// than the file.
    pub fn open(path: &Path) -> Result<Self> {
        let (file, len) = open_with_length(path)?;
        let mut from = BufReader::new(file);
        let mut source = Self {
            path: path.to_owned(),
            datasets: Vec::new(),
            starts: Vec::new(),
            names: UniqueNames::default(),
        };
        // Bytes that no dataset has yet begin at `open`; the next unit begins at `at`.
        let (mut open, mut at) = (0, 0);
        for number in 0..MAX_UNITS {
            if at >= len {
                break;
            }
            let unit = read_unit(path, &mut from, at, len)?;
            let (header, start) = match unit {
                Ok(unit) => unit,
                Err(what) if number == 0 => return Err(Error::source(path, "first header", what)),
                // Bytes that are no unit, behind the last one.
                Err(_) => break,
            };
            if let Some(data) = data_of(&header, number).filter(|data| data.n_bytes() > 0) {
                source.add_bytes(open, start);
                open = start + data.n_bytes();
                source.add_data(data, start);
            }
            let end = start + header.data_bytes().unwrap_or_default();
            at = end.next_multiple_of(BLOCK).min(len);
        }
        source.add_bytes(open, len);
        Ok(source)
    }

    fn add_bytes(&mut self, from: u64, to: u64) {
        if from < to {
            let name = match self.datasets.len() {
                0 => "(header)".to_owned(),
                n => format!("(bytes {n})"),
            };
            let name = self.unique(&name);
            self.datasets.push(DatasetInfo::bytes(name, to - from));
            self.starts.push(from);
        }
    }

    fn add_data(&mut self, data: Data, start: u64) {
        let name = self.unique(&data.name);
        let Records { schema, n_records, records_per_event } = data.records;
        let (shape, origin) = (data.shape, Origin::bytes());
        let info = DatasetInfo { name, schema, n_records, records_per_event, shape, origin };
        self.datasets.push(info);
        self.starts.push(start);
    }

    /// The name, with a number if it is in use.
    fn unique(&mut self, name: &str) -> String {
        self.names.take(name, |n| format!("{name}_{n}"))
    }
}

/// The header at `at` and where its data begin, or what is wrong with it.
fn read_unit(
    path: &Path,
    from: &mut BufReader<File>,
    at: u64,
    len: u64,
) -> Result<std::result::Result<(Header, u64), String>> {
    from.seek(SeekFrom::Start(at)).map_err(|e| Error::io(path, e))?;
    let checked = Header::read(from).and_then(|header| {
        let expected = if at == 0 { "SIMPLE" } else { "XTENSION" };
        if header.first() != expected {
            return Err(format!("begins with {:?} instead of {expected}", header.first()));
        }
        let start = at + header.bytes();
        let data = header.data_bytes()?;
        if data > len.saturating_sub(start) {
            return Err(format!("{data} bytes of data from {start} on; the file has {len} bytes"));
        }
        Ok((header, start))
    });
    Ok(checked)
}

/// The numbers of a unit, if it is an image or a binary table.
fn data_of(header: &Header, number: usize) -> Option<Data> {
    let name = match (header.text("EXTNAME"), number) {
        (Some(name), _) if !name.is_empty() && !name.contains('/') => name.to_owned(),
        (_, 0) => "primary".to_owned(),
        (_, n) => format!("unit {n}"),
    };
    // Several groups of data behind one header are read as bytes.
    if header.integer("GCOUNT").is_some_and(|n| n != 1) {
        return None;
    }
    let kind = header.text("XTENSION").unwrap_or("IMAGE");
    let axes = header.axes().ok()?;
    if kind == "BINTABLE" {
        let &[width, rows] = axes.as_slice() else { return None };
        let (schema, times) = columns::schema(header, width);
        let records =
            Records { schema, n_records: rows.checked_mul(times)?, records_per_event: times };
        return Some(Data { name, records, shape: vec![rows] });
    }
    if kind != "IMAGE" || header.is_true("GROUPS") {
        return None;
    }
    let dtype = match header.integer("BITPIX")? {
        8 => DType::U8,
        16 => DType::I16,
        32 => DType::I32,
        64 => DType::I64,
        -32 => DType::F32,
        -64 => DType::F64,
        _ => return None,
    };
    // The first axis varies fastest.
    let shape: Vec<u64> = axes.into_iter().rev().collect();
    let describe =
        |fields: &mut Fields, name: &str, offset: u64| fields.push(name, dtype, true, offset);
    let mut records = Records::of_array(&shape, dtype.size() as u64, true, describe);
    if dtype == DType::U8 && records.schema.stride() == 1 {
        records.schema = Schema::bytes();
    }
    Some(Data { name, records, shape })
}

impl Source for FitsSource {
    fn datasets(&self) -> &[DatasetInfo] {
        &self.datasets
    }

    fn stream(&self, dataset: usize, sink: &mut Sink<'_>) -> Result<()> {
        let Some(info) = self.datasets.get(dataset) else { return Ok(()) };
        stream_range(&self.path, &info.name, self.starts[dataset], info.n_bytes(), sink)
    }
}

#[cfg(test)]
mod tests;
