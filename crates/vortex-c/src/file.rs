//! Records of a compressed file.

use std::ffi::{CString, c_char, c_void};
use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek, Write};
use std::path::Path;
use std::ptr::null_mut;

use vortex_codec::archive::{Archive, DatasetInfo};
use vortex_codec::{Decompressor, Error};

use crate::buffer::{Buffer, too_small};
use crate::call::{Slot, bytes, free, give, run, shared, slice, text, unique};
use crate::code::{Failure, vortex_code, vortex_error};
use crate::decompressor::vortex_decompressor;
use crate::fields::{Described, c_text, vortex_field};

/// A compressed file, open for random access: only the needed blocks are read and decoded.
pub struct vortex_file {
    archive: Archive<Box<dyn ReadSeek>>,
    datasets: Vec<Dataset>,
}

trait ReadSeek: Read + Seek + Send {}
impl<T: Read + Seek + Send> ReadSeek for T {}

/// A file may be used by one thread after the other; its names never change.
const _: () = {
    const fn used_in_any_thread<T: Send>() {}
    used_in_any_thread::<Archive<Box<dyn ReadSeek>>>();
};

/// A dataset of a file: a table. Its pointers are valid until the file is freed.
#[repr(C)]
pub struct vortex_dataset {
    /// Its name; a file without datasets has "part 1". Several datasets may have one name: the
    /// number of a dataset is what tells them apart.
    pub name: *const c_char,
    /// Number of records.
    pub records: u64,
    /// Records that one block holds: reads of this length, from a multiple of it, are the quickest.
    /// In the column layout each field has blocks of its own, and this is the largest number of
    /// values in one; shorter reads decode a block more than once, longer ones need more memory.
    pub block_records: u64,
    /// Bytes of a record.
    pub record_bytes: usize,
    /// The fields of a record, without its padding.
    pub fields: *const vortex_field,
    /// Number of fields.
    pub n_fields: usize,
}

/// What a file keeps of a dataset for the caller.
struct Dataset {
    name: CString,
    described: Described,
}

impl vortex_file {
    fn open(source: Box<dyn ReadSeek>, decompressor: &Decompressor) -> Result<Self, Failure> {
        let archive = Archive::from_reader(source, decompressor)?;
        let dataset = |info: DatasetInfo<'_>| Dataset {
            name: c_text(info.name),
            described: Described::new(info.schema),
        };
        let datasets = archive.datasets().map(dataset).collect();
        Ok(Self { archive, datasets })
    }

    /// Reads records, or fields of them, into the buffer of the caller.
    fn read(
        &mut self,
        number: usize,
        fields: Option<&[&str]>,
        rows: (u64, u64),
        target: &mut Buffer,
        written: &mut Slot<usize>,
    ) -> Result<(), Failure> {
        let info = self.archive.dataset_at(number)?;
        let (first, n) = rows;
        let end = first.checked_add(n).filter(|end| *end <= info.rows);
        let Some(end) = end else {
            return Err(Failure::argument(format!(
                "{n} records from record {first} on; dataset {:?} has {}",
                info.name, info.rows
            )));
        };
        let rows = first..end;
        let width = match fields {
            None => info.schema.stride(),
            Some(names) => self.archive.fields_at(number, names, 0..0)?.schema.stride(),
        };
        let needed = n.saturating_mul(width as u64);
        if needed > target.capacity() as u64 {
            written.set(usize::try_from(needed).unwrap_or(0));
            return Err(too_small(needed, target.capacity()));
        }
        let read = match fields {
            None => self.archive.rows_at(number, rows)?,
            Some(names) => self.archive.fields_at(number, names, rows)?,
        };
        target.write_all(&read.bytes)?;
        written.set(target.len()?);
        Ok(())
    }
}

/// Opens a file by its path; models beside it are found. *opened is to be freed with
/// vortex_file_free.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vortex_file_open(
    decompressor: *const vortex_decompressor,
    path: *const c_char,
    opened: *mut *mut vortex_file,
    error: *mut vortex_error,
) -> vortex_code {
    // SAFETY: the contract of the header.
    unsafe {
        run(error, || {
            let mut opened = Slot::new(opened, "opened", null_mut())?;
            let decompressor = &shared(decompressor, "decompressor")?.0;
            let path = Path::new(text(path, "path")?);
            let failed = |failure: Failure| failure.context(path.display());
            let file = File::open(path).map_err(|error| failed(Error::from(error).into()))?;
            let decompressor = decompressor.clone().beside(path);
            let file = vortex_file::open(Box::new(BufReader::new(file)), &decompressor);
            opened.set(give(file.map_err(failed)?));
            Ok(())
        })
    }
}

/// Opens a file of `n` bytes in memory, which must stay as they are until the file is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vortex_file_open_memory(
    decompressor: *const vortex_decompressor,
    file: *const c_void,
    n: usize,
    opened: *mut *mut vortex_file,
    error: *mut vortex_error,
) -> vortex_code {
    // SAFETY: the contract of the header; the caller keeps the bytes as long as the file.
    unsafe {
        run(error, || {
            let mut opened = Slot::new(opened, "opened", null_mut())?;
            let decompressor = &shared(decompressor, "decompressor")?.0;
            let file: &'static [u8] = bytes(file, n, "file")?;
            opened.set(give(vortex_file::open(Box::new(Cursor::new(file)), decompressor)?));
            Ok(())
        })
    }
}

/// Frees a file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vortex_file_free(file: *mut vortex_file) {
    // SAFETY: the contract of the header.
    unsafe { free(file) }
}

/// The number of datasets; 1 for a file that was made of records or bytes; 0 if `file` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vortex_file_datasets(file: *const vortex_file) -> usize {
    // SAFETY: the contract of the header.
    unsafe { shared(file, "file") }.map_or(0, |file| file.datasets.len())
}

/// Describes a dataset, counted from 0. After a failure, *described is not changed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vortex_file_dataset(
    file: *const vortex_file,
    dataset: usize,
    described: *mut vortex_dataset,
    error: *mut vortex_error,
) -> vortex_code {
    // SAFETY: the contract of the header.
    unsafe {
        run(error, || {
            let file = shared(file, "file")?;
            let info = file.archive.dataset_at(dataset)?;
            let kept = &file.datasets[dataset];
            let found = vortex_dataset {
                name: kept.name.as_ptr(),
                records: info.rows,
                block_records: info.block_rows,
                record_bytes: info.schema.stride(),
                fields: kept.described.fields.as_ptr(),
                n_fields: kept.described.fields.len(),
            };
            Slot::new(described, "described", found).map(drop)
        })
    }
}

/// Reads `n` records from record `first` on, as they were compressed. *written is the number of
/// bytes; after VORTEX_BUFFER_TOO_SMALL it is the capacity that is needed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vortex_file_read(
    file: *mut vortex_file,
    dataset: usize,
    first: u64,
    n: u64,
    target: *mut c_void,
    capacity: usize,
    written: *mut usize,
    error: *mut vortex_error,
) -> vortex_code {
    // SAFETY: the contract of the header.
    unsafe {
        run(error, || {
            let mut written = Slot::new(written, "written", 0)?;
            let mut target = Buffer::new(target, capacity, "target")?;
            let file = unique(file, "file")?;
            file.read(dataset, None, (first, n), &mut target, &mut written)
        })
    }
}

/// As vortex_file_read for some fields: records of these fields alone, in the order of `names` and
/// without gaps. A name that is not a field stands for its parts: "b" for "b[0]", "b[1]", ...
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vortex_file_read_fields(
    file: *mut vortex_file,
    dataset: usize,
    names: *const *const c_char,
    n_names: usize,
    first: u64,
    n: u64,
    target: *mut c_void,
    capacity: usize,
    written: *mut usize,
    error: *mut vortex_error,
) -> vortex_code {
    // SAFETY: the contract of the header.
    unsafe {
        run(error, || {
            let mut written = Slot::new(written, "written", 0)?;
            let mut target = Buffer::new(target, capacity, "target")?;
            let file = unique(file, "file")?;
            let names = slice(names, n_names, "names")?.iter();
            let names: Vec<&str> =
                names.map(|&name| text(name, "a name")).collect::<Result<_, _>>()?;
            file.read(dataset, Some(&names), (first, n), &mut target, &mut written)
        })
    }
}
