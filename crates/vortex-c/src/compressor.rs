//! Compression: options, and buffers at once.

use std::ffi::{c_char, c_int, c_void};
use std::io::Write;
use std::path::Path;

use vortex_codec::coder::container::constants::{
    BLOCK_HEADER_BYTES, INDEX_ENTRY_BYTES, MAX_BLOCK_BYTES, MIN_BLOCK_BYTES,
};
use vortex_codec::{Compressor, Level, Schema, data};

use crate::buffer::Buffer;
use crate::call::{Slot, bytes, free, give, run, shared, slice, text, unique};
use crate::code::{Failure, vortex_code, vortex_error};
use crate::fields::{schema, vortex_field};
use crate::model::vortex_model;

/// How to compress. One compressor serves any number of buffers and streams.
pub struct vortex_compressor {
    pub compressor: Compressor,
    /// What the caller chose, for [`vortex_compress_bound`].
    block_bytes: u32,
    schema_bytes: Option<usize>,
    /// The records that the caller described.
    described: Option<Schema>,
    /// The records of the model.
    of_model: Option<Schema>,
    model_bytes: usize,
}

/// Bytes beside blocks and schema, with room to spare.
const FRAME_BYTES: usize = 4 << 10;
/// Bytes of a field in a stored schema: its types, and what the search may find for it.
const FIELD_BYTES: usize = 512;
/// Most fields of records that are found in bytes.
const MAX_FOUND_FIELDS: usize = data::detect::MAX_DETECTED_STRIDE;

impl vortex_compressor {
    fn change(&mut self, change: impl FnOnce(Compressor) -> Compressor) {
        self.compressor = change(std::mem::take(&mut self.compressor));
    }

    /// Takes the records that the caller described with `text_bytes` bytes of text.
    fn describe(&mut self, schema: Schema, text_bytes: usize) -> Result<(), Failure> {
        check_same(self.of_model.as_ref(), &schema)?;
        self.described = Some(schema.clone());
        self.set_schema(schema, text_bytes);
        Ok(())
    }

    fn set_schema(&mut self, schema: Schema, text_bytes: usize) {
        let names: usize = schema.fields().iter().map(|field| field.name.len()).sum();
        // A formula takes fewer bytes than this in the file for a character in the text.
        let formulas = text_bytes.saturating_mul(8);
        self.schema_bytes = Some(schema.fields().len() * FIELD_BYTES + names + formulas);
        self.change(|compressor| compressor.schema(schema));
    }

    fn bound(&self, n: usize) -> usize {
        // Blocks are cut to whole records, so they may have half of their length.
        let blocks = n / (self.block_bytes as usize / 2) + 1;
        let of_blocks = blocks.saturating_mul(BLOCK_HEADER_BYTES + INDEX_ENTRY_BYTES);
        let found = || n.min(MAX_FOUND_FIELDS) * FIELD_BYTES;
        let parts = [n, of_blocks, self.schema_bytes.unwrap_or_else(found), self.model_bytes];
        parts.into_iter().fold(FRAME_BYTES, usize::saturating_add)
    }
}

/// A model and a description must mean the same records; else one of them would not be used.
fn check_same(known: Option<&Schema>, new: &Schema) -> Result<(), Failure> {
    if known.is_none_or(|known| known.same_records(new)) {
        return Ok(());
    }
    Err(Failure::argument(
        "the records of the model are not those that were described; for other records take another \
         compressor",
    ))
}

/// A compressor with the default options: level 5, all cores, records are looked for, and the
/// output is verified. To be freed with vortex_compressor_free.
#[unsafe(no_mangle)]
pub extern "C" fn vortex_compressor_new() -> *mut vortex_compressor {
    give(vortex_compressor {
        compressor: Compressor::new(),
        block_bytes: vortex_codec::coder::container::constants::DEFAULT_BLOCK_BYTES,
        schema_bytes: None,
        described: None,
        of_model: None,
        model_bytes: 0,
    })
}

/// Frees a compressor. Writers that were opened with it are not affected.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vortex_compressor_free(compressor: *mut vortex_compressor) {
    // SAFETY: the contract of the header.
    unsafe { free(compressor) }
}

/// The level: 1 (fastest) to 9 (smallest).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vortex_compressor_set_level(
    compressor: *mut vortex_compressor,
    level: c_int,
    error: *mut vortex_error,
) -> vortex_code {
    // SAFETY: the contract of the header.
    unsafe {
        run(error, || {
            let compressor = unique(compressor, "compressor")?;
            let level = Level::new(u8::try_from(level).unwrap_or(0))
                .map_err(|_| Failure::argument(format!("level {level}; 1 to 9 are possible")))?;
            compressor.change(|compressor| compressor.level(level));
            Ok(())
        })
    }
}

/// The number of threads; 0 is one per core. The result does not depend on it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vortex_compressor_set_threads(
    compressor: *mut vortex_compressor,
    threads: usize,
    error: *mut vortex_error,
) -> vortex_code {
    // SAFETY: the contract of the header.
    unsafe {
        run(error, || {
            unique(compressor, "compressor")?.change(|compressor| compressor.threads(threads));
            Ok(())
        })
    }
}

/// The bytes per block, 1 KiB to 64 MiB: blocks are the unit of random access and of threads.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vortex_compressor_set_block_bytes(
    compressor: *mut vortex_compressor,
    block_bytes: u32,
    error: *mut vortex_error,
) -> vortex_code {
    // SAFETY: the contract of the header.
    unsafe {
        run(error, || {
            let compressor = unique(compressor, "compressor")?;
            if !(MIN_BLOCK_BYTES..=MAX_BLOCK_BYTES).contains(&block_bytes) {
                return Err(Failure::argument(format!(
                    "blocks of {block_bytes} bytes; {MIN_BLOCK_BYTES} to {MAX_BLOCK_BYTES} are possible"
                )));
            }
            compressor.block_bytes = block_bytes;
            compressor.change(|compressor| compressor.block_bytes(block_bytes));
            Ok(())
        })
    }
}

/// Whether the output is decoded at once and compared, which takes about as long as coding.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vortex_compressor_set_verify(
    compressor: *mut vortex_compressor,
    verify: bool,
    error: *mut vortex_error,
) -> vortex_code {
    // SAFETY: the contract of the header.
    unsafe {
        run(error, || {
            unique(compressor, "compressor")?.change(|compressor| compressor.verify(verify));
            Ok(())
        })
    }
}

/// The records: `n` fields in records of `record_bytes`, such as sizeof(struct jet). Bytes that no
/// field covers are padding. Without it, records are looked for in the bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vortex_compressor_set_fields(
    compressor: *mut vortex_compressor,
    fields: *const vortex_field,
    n: usize,
    record_bytes: usize,
    error: *mut vortex_error,
) -> vortex_code {
    // SAFETY: the contract of the header.
    unsafe {
        run(error, || {
            let compressor = unique(compressor, "compressor")?;
            compressor.describe(schema(slice(fields, n, "fields")?, record_bytes)?, 0)
        })
    }
}

/// The records, as the text of a .schema.yaml file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vortex_compressor_set_schema(
    compressor: *mut vortex_compressor,
    yaml: *const c_char,
    error: *mut vortex_error,
) -> vortex_code {
    // SAFETY: the contract of the header.
    unsafe {
        run(error, || {
            let compressor = unique(compressor, "compressor")?;
            let yaml = text(yaml, "yaml")?;
            let schema = data::parse_schema(Path::new("schema"), yaml);
            compressor.describe(schema.map_err(vortex_codec::Error::from)?, yaml.len())
        })
    }
}

/// Codes with a trained model, which says what the records are; if they are described besides, it
/// must be the same ones. `embed` stores the model in the output, so that decompression needs no
/// other file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vortex_compressor_set_model(
    compressor: *mut vortex_compressor,
    model: *const vortex_model,
    embed: bool,
    error: *mut vortex_error,
) -> vortex_code {
    // SAFETY: the contract of the header.
    unsafe {
        run(error, || {
            let compressor = unique(compressor, "compressor")?;
            let model = shared(model, "model")?.0.clone();
            check_same(compressor.described.as_ref(), model.schema())?;
            compressor.of_model = Some(model.schema().clone());
            compressor.model_bytes = match (embed, model.bytes()) {
                (true, Some(file)) => file.len(),
                _ => 0,
            };
            compressor.set_schema(model.schema().clone(), 0);
            compressor.change(|compressor| compressor.model(model).embed_model(embed));
            Ok(())
        })
    }
}

/// A capacity that is enough for the result of vortex_compress for `n` bytes with these options; 0
/// if the compressor is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vortex_compress_bound(
    compressor: *const vortex_compressor,
    n: usize,
) -> usize {
    // SAFETY: the contract of the header.
    unsafe { shared(compressor, "compressor") }.map_or(0, |compressor| compressor.bound(n))
}

/// Compresses `n` bytes into a buffer. *written is the length of the result; after
/// VORTEX_BUFFER_TOO_SMALL it is the capacity that is needed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vortex_compress(
    compressor: *const vortex_compressor,
    source: *const c_void,
    n: usize,
    target: *mut c_void,
    capacity: usize,
    written: *mut usize,
    error: *mut vortex_error,
) -> vortex_code {
    // SAFETY: the contract of the header.
    unsafe {
        run(error, || {
            let mut written = Slot::new(written, "written", 0)?;
            let compressor = shared(compressor, "compressor")?;
            let source = bytes(source, n, "source")?;
            let mut target = Buffer::new(target, capacity, "target")?;
            let summary = compressor.compressor.compress(source, &mut target)?;
            target.flush()?;
            written.set(usize::try_from(summary.compressed_bytes).unwrap_or(usize::MAX));
            target.len().map(drop)
        })
    }
}
