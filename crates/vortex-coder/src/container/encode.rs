//! Encoding of blocks: each as the smallest of modelled, zstd and raw.

use std::sync::Arc;

use super::block::{BlockHeader, Method};
use super::constants::{MAX_LANES, ZSTD_PROBE_LEVEL};
use super::decode::{BlockDecoder, DecodeJob};
use super::wire::crc32;

use crate::error::{Error, ErrorKind, Result};
use crate::model::{BlockCoder, BlockRecords, Model};

/// If zstd makes a block smaller than this fraction, the block is not modelled: there is little to
/// gain, and modelling takes much time.
const TRIVIAL: usize = 512;

/// State that all threads of a writer share.
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

/// State that one thread keeps between blocks.
pub(super) struct EncoderState<'a> {
    coder: Option<Box<dyn BlockCoder + 'a>>,
    zstd: Option<zstd::bulk::Compressor<'static>>,
    verifier: Option<BlockDecoder>,
}

/// The result of a quick zstd level for a block.
struct Probe {
    /// Length of the frame, or of the block if zstd does not make it smaller.
    len: usize,
    /// The frame, only kept if it is likely to be needed.
    frame: Option<Vec<u8>>,
}

impl BlockEncoder {
    pub(super) fn state(&self) -> EncoderState<'_> {
        EncoderState { coder: None, zstd: None, verifier: None }
    }

    /// Default number of blocks to encode together.
    pub(super) fn group(&self) -> usize {
        self.model.as_ref().map_or(1, |model| model.group())
    }

    /// Encodes blocks of at least one byte each. `first` is the number of the first one, for messages.
    pub(super) fn encode<'a>(
        &'a self,
        state: &mut EncoderState<'a>,
        originals: &[Vec<u8>],
        first: u64,
    ) -> Result<Vec<EncodedBlock>> {
        let blocks =
            self.smallest(state, originals).map_err(|error| match originals.len() as u64 {
                1 => error.context(format!("block {first}")),
                n => error.context(format!("blocks {first} to {}", first + n - 1)),
            })?;
        if self.verify {
            self.verify(state, &blocks, originals, first)?;
        }
        Ok(blocks)
    }

    /// The smallest form of each block.
    fn smallest<'a>(
        &'a self,
        state: &mut EncoderState<'a>,
        originals: &[Vec<u8>],
    ) -> Result<Vec<EncodedBlock>> {
        let mut probes = Vec::with_capacity(originals.len());
        for original in originals {
            let frame = self.quick_zstd(state, original)?;
            let len = frame.as_ref().map_or(original.len(), Vec::len);
            // A frame is rarely smaller than a modelled block, and it would take memory while the
            // model runs.
            let kept = self.model.is_none() || len <= original.len() / TRIVIAL;
            probes.push(Probe { len, frame: frame.filter(|_| kept) });
        }
        let modelled = self.modelled(state, originals, &probes)?;
        let mut blocks = Vec::with_capacity(originals.len());
        for ((original, probe), modelled) in originals.iter().zip(probes).zip(modelled) {
            let best = self.smaller_zstd(state, original, probe, modelled.as_ref())?;
            let raw = || block(Method::Raw, 0, original, original.clone(), 0, 0);
            blocks.push(match best {
                Some(frame) => block(Method::Zstd, 0, original, frame, 0, 0),
                None => modelled.unwrap_or_else(raw),
            });
        }
        Ok(blocks)
    }

    /// A zstd frame of a quick level, if it is smaller than the block.
    fn quick_zstd(&self, state: &mut EncoderState<'_>, original: &[u8]) -> Result<Option<Vec<u8>>> {
        match self.zstd_level {
            Some(level) => {
                state.compress(original, level.min(ZSTD_PROBE_LEVEL), original.len() - 1)
            }
            None => Ok(None),
        }
    }

    /// A zstd frame that is smaller than the modelled block, or than the original if there is no
    /// modelled block.
    fn smaller_zstd(
        &self,
        state: &mut EncoderState<'_>,
        original: &[u8],
        probe: Probe,
        modelled: Option<&EncodedBlock>,
    ) -> Result<Option<Vec<u8>>> {
        let modelled_len = modelled.map_or(original.len(), |block| block.payload.len());
        // The result of the quick level shows whether the slow level can be smaller.
        if probe.len / 5 * 4 >= modelled_len {
            return Ok(None);
        }
        let slow = match self.zstd_level {
            Some(level) if level > ZSTD_PROBE_LEVEL => {
                state.compress(original, level, probe.len.min(modelled_len) - 1)?
            }
            _ => None,
        };
        let best = match slow.or(probe.frame) {
            None if probe.len < modelled_len => self.quick_zstd(state, original)?,
            best => best,
        };
        Ok(best.filter(|payload| payload.len() < modelled_len))
    }

    /// Codes the blocks together with the model; `None` for a block that should not be modelled.
    fn modelled<'a>(
        &'a self,
        state: &mut EncoderState<'a>,
        originals: &[Vec<u8>],
        probes: &[Probe],
    ) -> Result<Vec<Option<EncodedBlock>>> {
        let Some(model) = &self.model else { return Ok(originals.iter().map(|_| None).collect()) };
        let stride = model.layout().stride();
        // Only whole records, and only if zstd does not already compress the block almost
        // completely.
        let group: Vec<Option<BlockRecords<'_>>> = originals
            .iter()
            .zip(probes)
            .map(|(original, probe)| {
                let bytes = &original[..original.len() - original.len() % stride];
                let worth_it = !bytes.is_empty() && probe.len > original.len() / TRIVIAL;
                let lanes = self.lanes.map_or_else(|| model.lanes(original.len()), usize::from);
                let lanes = lanes.clamp(1, usize::from(MAX_LANES)).min(bytes.len() / stride);
                worth_it.then_some(BlockRecords { bytes, lanes })
            })
            .collect();
        let chosen: Vec<BlockRecords<'_>> = group.iter().flatten().copied().collect();
        let mut payloads = Vec::new();
        if !chosen.is_empty() {
            payloads = state.coder.get_or_insert_with(|| model.coder()).encode(&chosen)?;
        }
        let mut payloads = payloads.into_iter();
        let mut blocks = Vec::with_capacity(originals.len());
        for (original, records) in originals.iter().zip(group) {
            let Some(BlockRecords { bytes, lanes }) = records else {
                blocks.push(None);
                continue;
            };
            let mut payload = payloads.next().expect("a payload for each block");
            let tail = &original[bytes.len()..];
            let coded_tail = match (tail, self.zstd_level) {
                ([_, ..], Some(level)) => state.compress(tail, level, tail.len() - 1)?,
                _ => None,
            };
            let coded_tail = coded_tail.as_deref().unwrap_or(tail);
            payload.extend(coded_tail);
            let lanes = u16::try_from(lanes).expect("no more than MAX_LANES");
            let (tail, coded_tail) = (tail.len(), coded_tail.len());
            blocks.push(
                (payload.len() < original.len())
                    .then(|| block(Method::Modelled, lanes, original, payload, tail, coded_tail)),
            );
        }
        Ok(blocks)
    }

    fn verify<'a>(
        &'a self,
        state: &mut EncoderState<'a>,
        blocks: &[EncodedBlock],
        originals: &[Vec<u8>],
        first: u64,
    ) -> Result<()> {
        let decoder = state.verifier.get_or_insert_with(|| {
            let decoder = BlockDecoder::default();
            if let Some(model) = &self.model {
                decoder.set_model(Arc::clone(model));
            }
            decoder
        });
        let jobs = blocks.iter().map(|EncodedBlock { header, payload }| DecodeJob {
            header: *header,
            payload: payload.clone(),
            at: 0,
            digest: None,
        });
        // Use a separate coder: state from encoding must not influence the check.
        let decoded = decoder.decode(&mut decoder.state(), jobs.collect());
        let blocks = blocks.iter().zip(originals).zip(first..);
        for (decoded, ((block, original), number)) in decoded.into_iter().zip(blocks) {
            let same = decoded.and_then(|decoded| match decoded == *original {
                true => Ok(()),
                false => Err(Error::corrupt("other bytes with the same checksum")),
            });
            same.map_err(|error| {
                let message = format!(
                    "block {number} ({:?}) does not decode to what was encoded: {error}; do not \
                     trust this machine or model",
                    block.header.method
                );
                Error::new(ErrorKind::VerifyFailed, message)
            })?;
        }
        Ok(())
    }
}

impl EncoderState<'_> {
    /// A zstd frame of at most `limit` bytes; `None` if it would be longer.
    fn compress(&mut self, bytes: &[u8], level: i32, limit: usize) -> Result<Option<Vec<u8>>> {
        let failed = |error| Error::from(error).context("zstd");
        let compressor = match &mut self.zstd {
            Some(compressor) => compressor,
            none => none.insert(zstd::bulk::Compressor::new(level).map_err(failed)?),
        };
        compressor.set_compression_level(level).map_err(failed)?;
        let mut frame = Vec::with_capacity(limit);
        // It only fails if the frame exceeds the capacity.
        let written = compressor.compress_to_buffer(bytes, &mut frame);
        Ok(written.is_ok_and(|len| len <= limit).then_some(frame))
    }
}

/// A block of at most [`MAX_BLOCK_BYTES`](super::constants::MAX_BLOCK_BYTES), whose payload is not
/// longer than the block, and whose tail is shorter than a record.
fn block(
    method: Method,
    lanes: u16,
    original: &[u8],
    payload: Vec<u8>,
    tail: usize,
    coded_tail: usize,
) -> EncodedBlock {
    let block = |len| u32::try_from(len).expect("blocks are at most 64 MiB");
    let tail_of =
        |len| u16::try_from(len).expect("a tail is shorter than a record of 65,535 bytes");
    let header = BlockHeader {
        method,
        lanes,
        original_bytes: block(original.len()),
        payload_bytes: block(payload.len()),
        tail_bytes: tail_of(tail),
        tail_payload_bytes: tail_of(coded_tail),
        original_crc: crc32(original),
        payload_crc: crc32(&payload),
    };
    EncodedBlock { header, payload }
}
