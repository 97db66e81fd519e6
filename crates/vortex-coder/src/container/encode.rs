//! One block on its way into a file: the smallest of modelled, zstd and raw.

use std::sync::Arc;

use super::block::{BlockHeader, Method};
use super::constants::{MAX_LANES, ZSTD_PROBE_LEVEL};
use super::decode::BlockDecoder;
use super::wire::crc32;

use crate::error::{Error, ErrorKind, Result};
use crate::model::{BlockCoder, BlockRecords, Model};

/// A block that zstd brings below this fraction is not modelled: there is nothing left to win,
/// and much time to lose.
const TRIVIAL: usize = 512;

/// What every thread of a writer knows.
pub(super) struct BlockEncoder {
    pub(super) model: Option<Arc<dyn Model>>,
    pub(super) lanes: Option<u16>,
    pub(super) zstd_level: Option<i32>,
    pub(super) verify: bool,
}

/// A block ready to be written.
pub(super) struct EncodedBlock {
    pub(super) header: BlockHeader,
    pub(super) payload: Vec<u8>,
}

/// What one thread keeps from block to block.
pub(super) struct EncoderState<'a> {
    coder: Option<Box<dyn BlockCoder + 'a>>,
    zstd: Option<zstd::bulk::Compressor<'static>>,
    verifier: Option<BlockDecoder>,
}

impl BlockEncoder {
    pub(super) fn state(&self) -> EncoderState<'_> {
        EncoderState { coder: None, zstd: None, verifier: None }
    }

    /// Encodes `original`, which has at least one byte. `number` counts blocks, for messages.
    pub(super) fn encode<'a>(
        &'a self,
        state: &mut EncoderState<'a>,
        original: Vec<u8>,
        number: u64,
    ) -> Result<EncodedBlock> {
        let block = self.smallest(state, &original).map_err(|e| at_block(e, number))?;
        let block = block.unwrap_or_else(|| raw(&original));
        if self.verify {
            self.verify(state, &block, &original).map_err(|error| {
                let message = format!(
                    "block {number} ({:?}) does not decode to what was encoded: {error}; do not \
                     trust this machine or model",
                    block.header.method
                );
                Error::new(ErrorKind::VerifyFailed, message)
            })?;
        }
        Ok(block)
    }

    /// The smallest way that is smaller than raw.
    fn smallest<'a>(
        &'a self,
        state: &mut EncoderState<'a>,
        original: &[u8],
    ) -> Result<Option<EncodedBlock>> {
        let probe = match self.zstd_level {
            Some(level) => {
                state.compress(original, level.min(ZSTD_PROBE_LEVEL), original.len() - 1)?
            }
            None => None,
        };
        let probe_len = probe.as_ref().map_or(original.len(), Vec::len);
        let modelled = match &self.model {
            Some(model) if probe_len > original.len() / TRIVIAL => {
                self.modelled(state, model, original)?
            }
            _ => None,
        };
        let modelled_len = modelled.as_ref().map_or(original.len(), |block| block.payload.len());
        // The quick level tells whether the slow one can win.
        if probe_len / 5 * 4 >= modelled_len {
            return Ok(modelled);
        }
        let slow = match self.zstd_level {
            Some(level) if level > ZSTD_PROBE_LEVEL => {
                state.compress(original, level, probe_len.min(modelled_len) - 1)?
            }
            _ => None,
        };
        let best = slow.or(probe).filter(|payload| payload.len() < modelled_len);
        Ok(match best {
            Some(payload) => Some(finish(Method::Zstd, 0, original, payload, 0, 0)?),
            None => modelled,
        })
    }

    fn modelled<'a>(
        &'a self,
        state: &mut EncoderState<'a>,
        model: &'a Arc<dyn Model>,
        original: &[u8],
    ) -> Result<Option<EncodedBlock>> {
        let stride = model.layout().stride();
        let (records, tail) = original.split_at(original.len() - original.len() % stride);
        if records.is_empty() {
            return Ok(None);
        }
        let lanes = match self.lanes {
            Some(lanes) => lanes.into(),
            None => model.lanes(original.len()),
        };
        let lanes = lanes.clamp(1, usize::from(MAX_LANES)).min(records.len() / stride);
        let coder = state.coder.get_or_insert_with(|| model.coder());
        let mut payloads = coder.encode(&[BlockRecords { bytes: records, lanes }])?;
        let mut payload = payloads.pop().expect("one payload for one block");
        let coded_tail = match tail {
            [] => None,
            _ => {
                let level = self.zstd_level;
                level.map_or(Ok(None), |level| state.compress(tail, level, tail.len() - 1))?
            }
        };
        let coded_tail = coded_tail.as_deref().unwrap_or(tail);
        payload.extend(coded_tail);
        if payload.len() >= original.len() {
            return Ok(None);
        }
        let block = finish(
            Method::Modelled,
            u16::try_from(lanes).unwrap_or(MAX_LANES),
            original,
            payload,
            tail.len(),
            coded_tail.len(),
        )?;
        Ok(Some(block))
    }

    fn verify<'a>(
        &'a self,
        state: &mut EncoderState<'a>,
        block: &EncodedBlock,
        original: &[u8],
    ) -> Result<()> {
        let decoder = state.verifier.get_or_insert_with(|| {
            let decoder = BlockDecoder::default();
            if let Some(model) = &self.model {
                decoder.set_model(Arc::clone(model));
            }
            decoder
        });
        // A predictor of its own: state left over from encoding must not help.
        let decoded =
            decoder.decode(&mut decoder.state(), block.header, block.payload.clone(), 0)?;
        if decoded != original {
            return Err(Error::corrupt("other bytes with the same checksum"));
        }
        Ok(())
    }
}

impl EncoderState<'_> {
    /// A zstd frame of at most `limit` bytes; `None` where it would be longer.
    fn compress(&mut self, bytes: &[u8], level: i32, limit: usize) -> Result<Option<Vec<u8>>> {
        let failed = |error| Error::from(error).context("zstd");
        let compressor = match &mut self.zstd {
            Some(compressor) => compressor,
            none => none.insert(zstd::bulk::Compressor::new(level).map_err(failed)?),
        };
        compressor.set_compression_level(level).map_err(failed)?;
        let mut frame = Vec::with_capacity(limit);
        // Its only failure is a frame beyond the capacity.
        let written = compressor.compress_to_buffer(bytes, &mut frame);
        Ok(written.is_ok_and(|len| len <= limit).then_some(frame))
    }
}

fn raw(original: &[u8]) -> EncodedBlock {
    let crc = crc32(original);
    let len = u32::try_from(original.len()).unwrap_or(u32::MAX);
    let header = BlockHeader {
        method: Method::Raw,
        lanes: 0,
        original_bytes: len,
        payload_bytes: len,
        tail_bytes: 0,
        tail_payload_bytes: 0,
        original_crc: crc,
        payload_crc: crc,
    };
    EncodedBlock { header, payload: original.to_vec() }
}

fn finish(
    method: Method,
    lanes: u16,
    original: &[u8],
    payload: Vec<u8>,
    tail: usize,
    coded_tail: usize,
) -> Result<EncodedBlock> {
    let too_long = |_| Error::limit_exceeded("a block beyond the longest one possible");
    let header = BlockHeader {
        method,
        lanes,
        original_bytes: u32::try_from(original.len()).map_err(too_long)?,
        payload_bytes: u32::try_from(payload.len()).map_err(too_long)?,
        tail_bytes: u16::try_from(tail).map_err(too_long)?,
        tail_payload_bytes: u16::try_from(coded_tail).map_err(too_long)?,
        original_crc: crc32(original),
        payload_crc: crc32(&payload),
    };
    Ok(EncodedBlock { header, payload })
}

fn at_block(error: Error, number: u64) -> Error {
    error.context(format!("block {number}"))
}
