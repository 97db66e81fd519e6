//! A chunk of a dataset, compressed and back.
//!
//! A compressed chunk is a `.vxc` file, or, if that is not shorter, *stored*: [`STORED`], the CRC32 of the
//! bytes, and the bytes. Either states its own checksum and needs nothing but perhaps a model.
#![forbid(unsafe_code)]

use std::io::Read;
use std::sync::{Arc, OnceLock};

use vortex_codec::plan::{Origin, Part, Report, SAMPLE_BYTES, Subject};
use vortex_codec::{Compressor, Decompressor, Error, ErrorKind, Limits, Models, Plan, Result};

use crate::names::short_names;
use crate::parameters::Parameters;

/// First bytes of a stored chunk. It has the traps of the magic of `.vxc` files, and begins no text.
pub(crate) const STORED: [u8; 8] = *b"\x9EVXR\r\n\x1A\n";
/// Bytes before those of a stored chunk.
pub(crate) const STORED_HEAD: usize = STORED.len() + 4;
/// Longest chunk, as in HDF5.
const MAX_CHUNK_BYTES: u64 = u32::MAX as u64;

/// The models of this process, which are found once.
pub fn models() -> &'static Arc<Models> {
    static MODELS: OnceLock<Arc<Models>> = OnceLock::new();
    MODELS.get_or_init(Arc::default)
}

/// Compresses a chunk, on one thread and perhaps a second one that verifies.
///
/// # Errors
/// [`ErrorKind::MissingModel`], [`ErrorKind::InvalidArgument`] for a chunk of another length than stated,
/// and those of [`Compressor::compress`].
pub fn encode(parameters: &Parameters, bytes: &[u8], models: &Models) -> Result<Vec<u8>> {
    let len = bytes.len() as u64;
    if len > MAX_CHUNK_BYTES {
        let message = format!("a chunk of {len} bytes; at most {MAX_CHUNK_BYTES} are possible");
        return Err(Error::new(ErrorKind::LimitExceeded, message));
    }
    if let Some(stated) = parameters.chunk_bytes.filter(|stated| u64::from(*stated) != len) {
        let message = format!(
            "a chunk of {len} bytes, but the values of the filter state {stated}; make the dataset \
             with values for its own chunks, for example the level alone"
        );
        return Err(Error::new(ErrorKind::InvalidArgument, message));
    }
    let mut compressor =
        Compressor::new().level(parameters.level).threads(1).verify(parameters.verify);
    if let Some(digest) = parameters.model {
        compressor = compressor.model(models.find(digest, None)?);
    }
    let plan = plan(&compressor, parameters, bytes)?;
    let mut file = Vec::new();
    compressor.compress_as(&plan, bytes, &mut file)?;
    if file.len() < STORED_HEAD + bytes.len() {
        return Ok(file);
    }
    Ok([&STORED[..], &crc32fast::hash(bytes).to_le_bytes(), bytes].concat())
}

/// How a chunk is coded.
fn plan(compressor: &Compressor, parameters: &Parameters, bytes: &[u8]) -> Result<Plan> {
    let level = parameters.level;
    if parameters.model.is_some() {
        return compressor.plan(Subject::Bytes(bytes));
    }
    let part = |schema| Part {
        bytes: None,
        coder: level.coder(short_names(schema)),
        block_bytes: level.block_bytes(),
    };
    if let (Some(schema), true) = (&parameters.schema, parameters.searched) {
        let report = Report { origin: Origin::Caller };
        return Ok(Plan { parts: vec![part(schema.clone())], report });
    }
    let plan = match &parameters.schema {
        Some(schema) => compressor.clone().schema(schema.clone()).plan(Subject::Bytes(bytes)),
        None => compressor.plan(Subject::Bytes(bytes)),
    }?;
    Ok(Plan { parts: vec![part(plan.schema().clone())], report: plan.report })
}

/// The bytes of a chunk; `chunk_bytes` is their number, if it is known.
///
/// # Errors
/// [`ErrorKind::NotVxc`], [`ErrorKind::MissingModel`], [`ErrorKind::Corrupt`] for a chunk of another length, and
/// those of [`Decompressor::decompress`].
pub fn decode(chunk: &[u8], chunk_bytes: Option<u32>, models: &Arc<Models>) -> Result<Vec<u8>> {
    let limit = chunk_bytes.map_or(MAX_CHUNK_BYTES, u64::from);
    let bytes = match chunk.strip_prefix(&STORED) {
        Some(rest) => stored(rest)?,
        None => {
            let mut bytes = Vec::new();
            // Chunks refer to their model; what else they state is not longer than a chunk can be.
            let limits = Limits { max_model_bytes: 0, ..Limits::default() };
            let decompressor = Decompressor::new().models(Arc::clone(models)).threads(1);
            let reader = decompressor.limits(limits).reader(chunk);
            // One more byte than allowed: so a chunk that is too long is noticed, and at the end of the
            // others the reader checks the whole.
            reader.take(limit + 1).read_to_end(&mut bytes).map_err(Error::from)?;
            bytes
        }
    };
    let len = bytes.len() as u64;
    if len > limit {
        let message = format!("decodes to more than the {limit} bytes of a chunk");
        return Err(Error::new(ErrorKind::Corrupt, message));
    }
    if chunk_bytes.is_some() && len != limit || len == 0 {
        let message = match chunk_bytes {
            Some(stated) => format!("decodes to {len} bytes; a chunk has {stated}"),
            None => "decodes to no bytes".into(),
        };
        return Err(Error::new(ErrorKind::Corrupt, message));
    }
    Ok(bytes)
}

fn stored(rest: &[u8]) -> Result<Vec<u8>> {
    let Some((checksum, bytes)) = rest.split_first_chunk() else {
        return Err(Error::new(ErrorKind::Truncated, "ends before the checksum of its bytes"));
    };
    let (stated, found) = (u32::from_le_bytes(*checksum), crc32fast::hash(bytes));
    if stated != found {
        let message = format!("checksum {found:08x} of its bytes; {stated:08x} is stated");
        return Err(Error::new(ErrorKind::ChecksumMismatch, message));
    }
    Ok(bytes.to_vec())
}

/// The parameters with the decimals and laws of a sample of the data, so that chunks are not searched for
/// them: that is faster, and finds what a chunk is too short to show.
///
/// # Errors
/// Those of [`Compressor::plan`].
pub fn search(parameters: Parameters, sample: &[u8]) -> Result<Parameters> {
    let mut compressor = Compressor::new().level(parameters.level);
    if let Some(schema) = &parameters.schema {
        compressor = compressor.schema(schema.clone());
    }
    let sample = &sample[..sample.len().min(SAMPLE_BYTES)];
    let schema = compressor.plan(Subject::Bytes(sample))?.schema().clone();
    Ok(Parameters { schema: Some(schema), searched: true, ..parameters })
}
