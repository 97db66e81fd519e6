//! Decoding of blocks.

use std::sync::{Arc, OnceLock};

use super::block::{BlockHeader, Method};
use super::constants::DIGEST_BYTES;
use super::frame;

use vortex_base::fields::check;

use crate::error::{Error, ErrorKind, Result};
use crate::model::{BlockCoder, BlockPayload, Model};

/// One block to decode in a thread.
pub(super) struct DecodeJob {
    /// The header, already checked.
    pub(super) header: BlockHeader,
    pub(super) payload: Vec<u8>,
    /// Its place in the file, for messages.
    pub(super) at: u64,
    /// BLAKE3 of the original bytes, in a short member, which has no CRC32 of them.
    pub(super) digest: Option<[u8; DIGEST_BYTES]>,
}

/// State of one member that all threads of a reader share.
#[derive(Default)]
pub(super) struct BlockDecoder {
    /// Set before the first modelled block is decoded.
    model: OnceLock<Arc<dyn Model>>,
}

/// State that one thread keeps between blocks.
#[derive(Default)]
pub(super) struct DecoderState<'a> {
    coder: Option<Box<dyn BlockCoder + 'a>>,
    zstd: Option<zstd::bulk::Decompressor<'static>>,
}

impl BlockDecoder {
    /// Sets the model; later calls change nothing.
    pub(super) fn set_model(&self, model: Arc<dyn Model>) {
        let _ = self.model.set(model);
    }

    pub(super) fn has_model(&self) -> bool {
        self.model.get().is_some()
    }

    pub(super) fn state(&self) -> DecoderState<'_> {
        DecoderState::default()
    }

    /// Default number of blocks to decode together.
    pub(super) fn group(&self) -> usize {
        self.model.get().map_or(1, |model| model.group())
    }

    /// The original bytes of each block.
    pub(super) fn decode<'a>(
        &'a self,
        state: &mut DecoderState<'a>,
        jobs: Vec<DecodeJob>,
    ) -> Vec<Result<Vec<u8>>> {
        let (mut places, mut opened) = (Vec::new(), Vec::new());
        for job in jobs {
            places.push((job.header, job.at, job.digest));
            opened.push(self.open(state, job));
        }
        let mut group: Vec<BlockPayload<'_>> =
            opened.iter_mut().flatten().filter_map(Opened::records).collect();
        let mut decoded = Vec::new();
        if let (Some(model), [_, ..]) = (self.model.get(), &group[..]) {
            decoded = state.coder.get_or_insert_with(|| model.coder()).decode(&mut group);
        }
        let mut decoded = decoded.into_iter();
        let mut blocks = Vec::with_capacity(opened.len());
        for (block, (header, at, digest)) in opened.into_iter().zip(places) {
            let block = block.and_then(|block| {
                if block.coded.is_some() {
                    let records = decoded.next().expect("a result for each block");
                    records.map_err(|error| match error.kind {
                        ErrorKind::LimitExceeded
                        | ErrorKind::Cancelled
                        | ErrorKind::DeviceFailed => error,
                        // The payload is complete, so the file itself is not truncated.
                        _ => Error::corrupt(error.message),
                    })?;
                }
                check_original(&header, digest, &block.original)?;
                Ok(block.original)
            });
            blocks.push(block.map_err(|error| error.context(format!("block at byte {at}"))));
        }
        blocks
    }

    /// Checks the payload and decodes everything except the modelled records.
    fn open(&self, state: &mut DecoderState<'_>, job: DecodeJob) -> Result<Opened> {
        let DecodeJob { header, payload, .. } = job;
        check_payload(&header, &payload)?;
        match header.method {
            Method::Raw => Ok(Opened { original: payload, coded: None }),
            Method::Zstd => {
                let original = state.expand(&payload, header.original_bytes as usize)?;
                Ok(Opened { original, coded: None })
            }
            Method::Modelled => self.open_modelled(state, &header, payload),
        }
    }

    fn open_modelled(
        &self,
        state: &mut DecoderState<'_>,
        header: &BlockHeader,
        mut payload: Vec<u8>,
    ) -> Result<Opened> {
        let model = self.model.get().ok_or_else(|| {
            Error::new(ErrorKind::WrongModel, "a modelled block in a member without a predictor")
        })?;
        header.check_stride(model.layout().stride())?;
        // The header's lengths were checked: tail < original and coded tail <= payload.
        let coded_tail = payload.split_off(payload.len() - usize::from(header.tail_payload_bytes));
        let tail_len = usize::from(header.tail_bytes);
        let tail = if coded_tail.len() == tail_len {
            coded_tail
        } else {
            state.expand(&coded_tail, tail_len)?
        };
        let mut original = vec![0; header.original_bytes as usize];
        let records_bytes = original.len() - tail_len;
        original[records_bytes..].copy_from_slice(&tail);
        let coded = Coded { payload, lanes: header.lanes.into(), records_bytes };
        Ok(Opened { original, coded: Some(coded) })
    }
}

/// A block whose bytes are known; in a modelled block, the records are still missing.
struct Opened {
    original: Vec<u8>,
    coded: Option<Coded>,
}

/// The records of a modelled block.
struct Coded {
    payload: Vec<u8>,
    lanes: usize,
    /// Their length, at the start of the original bytes.
    records_bytes: usize,
}

impl Opened {
    /// The records that are still to be decoded.
    fn records(&mut self) -> Option<BlockPayload<'_>> {
        let Coded { payload, lanes, records_bytes } = self.coded.as_ref()?;
        Some(BlockPayload { payload, lanes: *lanes, out: &mut self.original[..*records_bytes] })
    }
}

/// Compares the stored bytes of a block with their checksum.
pub(super) fn check_payload(header: &BlockHeader, payload: &[u8]) -> Result<()> {
    check(payload, header.payload_crc)
        .map_err(|wrong| Error::damaged(format_args!("payload {wrong}")))
}

fn check_original(
    header: &BlockHeader,
    digest: Option<[u8; DIGEST_BYTES]>,
    original: &[u8],
) -> Result<()> {
    let wrong = match digest {
        Some(digest) if *blake3::hash(original).as_bytes() == digest => return Ok(()),
        Some(_) => "BLAKE3 is another than the stored one".to_owned(),
        None => match check(original, header.original_crc) {
            Ok(()) => return Ok(()),
            Err(wrong) => wrong.to_string(),
        },
    };
    Err(match header.method {
        Method::Modelled => Error::new(
            ErrorKind::ChecksumMismatch,
            format!("decoded {wrong}; the payload is sound, so the predictor is wrong"),
        ),
        _ => Error::damaged(format_args!("decoded {wrong}")),
    })
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
