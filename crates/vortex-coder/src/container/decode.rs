//! One block on its way out of a file.

use std::sync::{Arc, OnceLock};

use super::block::{BlockHeader, Method};
use super::frame;
use super::wire::crc32;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{BlockCoder, BlockPayload, Model};

/// What every thread of a reader knows about one member.
#[derive(Default)]
pub(super) struct BlockDecoder {
    /// Set before the first modelled block is decoded.
    model: OnceLock<Arc<dyn Model>>,
}

/// What one thread keeps from block to block.
#[derive(Default)]
pub(super) struct DecoderState<'a> {
    coder: Option<Box<dyn BlockCoder + 'a>>,
    zstd: Option<zstd::bulk::Decompressor<'static>>,
}

impl BlockDecoder {
    /// The first model set stays.
    pub(super) fn set_model(&self, model: Arc<dyn Model>) {
        let _ = self.model.set(model);
    }

    pub(super) fn has_model(&self) -> bool {
        self.model.get().is_some()
    }

    pub(super) fn state(&self) -> DecoderState<'_> {
        DecoderState::default()
    }

    /// The original bytes of a block whose header was checked; `at` is its place in the file.
    pub(super) fn decode<'a>(
        &'a self,
        state: &mut DecoderState<'a>,
        header: BlockHeader,
        payload: Vec<u8>,
        at: u64,
    ) -> Result<Vec<u8>> {
        let in_block = |error: Error| error.context(format!("block at byte {at}"));
        let found = crc32(&payload);
        if found != header.payload_crc {
            let stored = header.payload_crc;
            let what = format_args!("payload checksum {found:08x}, stored {stored:08x}");
            return Err(in_block(Error::damaged(what)));
        }
        let original = match header.method {
            Method::Raw => payload,
            Method::Zstd => {
                state.expand(&payload, header.original_bytes as usize).map_err(in_block)?
            }
            Method::Modelled => self.modelled(state, &header, &payload).map_err(in_block)?,
        };
        let found = crc32(&original);
        if found != header.original_crc {
            let stored = header.original_crc;
            let what = format!("decoded checksum {found:08x}, stored {stored:08x}");
            return Err(in_block(match header.method {
                Method::Modelled => Error::new(
                    ErrorKind::ChecksumMismatch,
                    format!("{what}; the payload is sound, so the predictor is at fault"),
                ),
                _ => Error::damaged(what),
            }));
        }
        Ok(original)
    }

    fn modelled<'a>(
        &'a self,
        state: &mut DecoderState<'a>,
        header: &BlockHeader,
        payload: &[u8],
    ) -> Result<Vec<u8>> {
        let model = self.model.get().ok_or_else(|| {
            Error::new(ErrorKind::WrongModel, "a modelled block in a member without a predictor")
        })?;
        header.check_stride(model.layout().stride())?;
        // The header's lengths were checked: tail < original and coded tail <= payload.
        let coded_tail = usize::from(header.tail_payload_bytes);
        let (records, coded_tail) = payload.split_at(payload.len() - coded_tail);
        let tail_len = usize::from(header.tail_bytes);
        let expanded;
        let tail = if coded_tail.len() == tail_len {
            coded_tail
        } else {
            expanded = state.expand(coded_tail, tail_len)?;
            &expanded
        };
        let mut original = vec![0; header.original_bytes as usize];
        let (out, out_tail) = original.split_at_mut(header.original_bytes as usize - tail_len);
        out_tail.copy_from_slice(tail);
        let coder = state.coder.get_or_insert_with(|| model.coder());
        let block = BlockPayload { payload: records, lanes: header.lanes.into(), out };
        let mut decoded = coder.decode(&mut [block]);
        decoded.pop().expect("one result for one block").map_err(|error| match error.kind {
            ErrorKind::LimitExceeded => error,
            // The payload is all there: it is not the file that ends early.
            _ => Error::corrupt(error.message),
        })?;
        Ok(original)
    }
}

impl DecoderState<'_> {
    fn expand(&mut self, payload: &[u8], len: usize) -> Result<Vec<u8>> {
        let decompressor = match &mut self.zstd {
            Some(decompressor) => decompressor,
            none => none.insert(zstd::bulk::Decompressor::new()?),
        };
        frame::expand(decompressor, payload, len)
    }
}
