//! The messages of a file or stream: where the schema, the batches and the dictionaries are.

use arrow_ipc::{BodyCompressionMethod, CompressionType, MessageHeader, MetadataVersion};

use arrow_schema::Schema;

use super::schema::{Ids, schema_of};
use crate::formats::ARROW;
use crate::formats::arrow::MAX_EXPANSION;
use crate::formats::arrow::positioned::Positioned;

/// What each message begins with.
pub(super) const CONTINUATION: [u8; 4] = [0xff; 4];
/// Largest metadata of a message.
pub(super) const MAX_METADATA_BYTES: u64 = 64 << 20;
/// Most messages of a file.
const MAX_MESSAGES: usize = 1 << 22;
/// Most buffers of all batches together.
const MAX_BUFFERS: usize = 1 << 24;

/// How buffers are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Codec {
    Lz4,
    Zstd,
}

impl Codec {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        }
    }
}

/// A record batch, or the values of a dictionary.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) rows: u64,
    /// Slots of each array, and how many of them are null.
    pub(super) arrays: Vec<(u64, u64)>,
    /// Start in the file and length of each buffer.
    pub(super) buffers: Vec<(u64, u64)>,
    /// Of each array of views, the number of buffers with their bytes.
    pub(super) variadic: Vec<u64>,
    pub(super) codec: Option<Codec>,
}

/// The values of a dictionary, in the order of the file.
#[derive(Debug)]
pub(super) struct Entries {
    pub(super) id: i64,
    /// Whether they follow those before, which stay.
    pub(super) delta: bool,
    /// Number of record batches before them.
    pub(super) before: u64,
    pub(super) batch: Batch,
}

/// All messages.
#[derive(Debug, Default)]
pub(super) struct Messages {
    /// The schema, and the numbers of its dictionaries.
    pub(super) schema: Option<(Schema, Vec<Ids>)>,
    pub(super) stream: bool,
    pub(super) batches: Vec<Batch>,
    pub(super) dictionaries: Vec<Entries>,
    /// The metadata of the footer of a file.
    pub(super) metadata: Vec<(String, String)>,
    /// Whether a message is of version 4, in which unions have another form.
    pub(super) old: bool,
    /// Bytes behind the end of a stream.
    pub(super) rest: u64,
    n_buffers: usize,
}

impl Messages {
    pub(super) fn read(file: &Positioned) -> Result<Self, String> {
        let start = file.bytes(0, file.len.min(ARROW.len() as u64))?;
        if start == ARROW { Self::of_file(file) } else { Self::of_stream(file) }
    }

    fn of_stream(file: &Positioned) -> Result<Self, String> {
        let mut all = Self { stream: true, ..Self::default() };
        let mut at = 0;
        while at < file.len {
            let Some((metadata, body)) = message(file, at)? else {
                // The mark of the end has 4 bytes in old files.
                let mark = if file.bytes(at, 4)? == CONTINUATION { 8 } else { 4 };
                all.rest = file.len - at - mark;
                break;
            };
            at = all.add(file, &metadata, body)?;
        }
        Ok(all)
    }

    fn of_file(file: &Positioned) -> Result<Self, String> {
        let complete = "the file does not end as one of Arrow: is it complete?";
        let end = file.len.checked_sub(10).ok_or(complete)?;
        let last = file.bytes(end, 10)?;
        let (len, magic) = last.split_at(4);
        // Without the padding that the first bytes have.
        if magic != &ARROW[..6] {
            return Err(complete.into());
        }
        let len = u32::from_le_bytes(len.try_into().unwrap_or_default()).into();
        let most = MAX_METADATA_BYTES.min(end - ARROW.len().min(end as usize) as u64);
        if len > most {
            return Err(format!("a footer of {len} bytes; {most} are possible"));
        }
        let bytes = file.bytes(end - len, len)?;
        let footer = arrow_ipc::root_as_footer(&bytes).map_err(|e| format!("the footer: {e}"))?;
        let schema = footer.schema().map(schema_of).transpose()?;
        let mut all = Self { schema, ..Self::default() };
        for entry in footer.custom_metadata().into_iter().flatten() {
            if let (Some(key), Some(value)) = (entry.key(), entry.value()) {
                all.metadata.push((key.to_owned(), value.to_owned()));
            }
        }
        let dictionaries = footer.dictionaries().into_iter().flatten();
        let batches = footer.recordBatches().into_iter().flatten();
        let mut bytes = 0u64;
        for block in dictionaries.chain(batches) {
            let at = u64::try_from(block.offset()).map_err(|e| e.to_string())?;
            let (metadata, body) = message(file, at)?.ok_or("an empty message")?;
            bytes = bytes.saturating_add(metadata.len() as u64);
            let end = all.add(file, &metadata, body)?;
            bytes = bytes.saturating_add(end - body);
            if bytes > file.len {
                return Err(format!("batches of {bytes} bytes in a file of {}", file.len));
            }
        }
        Ok(all)
    }

    /// Adds a message whose body begins at `body`, and returns the end of that.
    fn add(&mut self, file: &Positioned, metadata: &[u8], body: u64) -> Result<u64, String> {
        let message =
            arrow_ipc::root_as_message(metadata).map_err(|e| format!("a message: {e}"))?;
        let end = u64::try_from(message.bodyLength()).ok().and_then(|len| body.checked_add(len));
        let end = end.filter(|end| *end <= file.len);
        let end = end.ok_or_else(|| format!("the message at {body} ends behind the file"))?;
        if message.version() != MetadataVersion::V5 && message.version() != MetadataVersion::V4 {
            return Err(format!("a message of version {:?}", message.version()));
        }
        self.old |= message.version() == MetadataVersion::V4;
        if self.batches.len() + self.dictionaries.len() >= MAX_MESSAGES {
            return Err(format!("more than {MAX_MESSAGES} messages"));
        }
        let missing = || format!("an incomplete message before {body}");
        match message.header_type() {
            MessageHeader::Schema if self.schema.is_none() => {
                self.schema = Some(schema_of(message.header_as_schema().ok_or_else(missing)?)?);
            }
            MessageHeader::RecordBatch => {
                let batch = message.header_as_record_batch().ok_or_else(missing)?;
                let batch = self.batch(&batch, body, end, file.len)?;
                self.batches.push(batch);
            }
            MessageHeader::DictionaryBatch => {
                let entries = message.header_as_dictionary_batch().ok_or_else(missing)?;
                let batch =
                    self.batch(&entries.data().ok_or_else(missing)?, body, end, file.len)?;
                let before = self.batches.len() as u64;
                let (id, delta) = (entries.id(), entries.isDelta());
                self.dictionaries.push(Entries { id, delta, before, batch });
            }
            kind => return Err(format!("a message of kind {kind:?}")),
        }
        Ok(end)
    }

    fn batch(
        &mut self,
        batch: &arrow_ipc::RecordBatch<'_>,
        body: u64,
        end: u64,
        file_len: u64,
    ) -> Result<Batch, String> {
        let codec = match batch.compression() {
            None => None,
            Some(packed) if packed.method() != BodyCompressionMethod::BUFFER => {
                return Err(format!("compression of {:?}", packed.method()));
            }
            Some(packed) => match packed.codec() {
                CompressionType::LZ4_FRAME => Some(Codec::Lz4),
                CompressionType::ZSTD => Some(Codec::Zstd),
                other => return Err(format!("compression {other:?}")),
            },
        };
        // Values without bytes (nulls, truth values) can be many, but not without end.
        let most = file_len.saturating_mul(MAX_EXPANSION);
        let count = |n: i64| {
            let n = u64::try_from(n).ok().filter(|n| *n <= most);
            n.ok_or_else(|| format!("a number beyond {most} in the message before {body}"))
        };
        let mut arrays = Vec::new();
        for array in batch.nodes().into_iter().flatten() {
            arrays.push((count(array.length())?, count(array.null_count())?));
        }
        let mut buffers = Vec::new();
        for buffer in batch.buffers().into_iter().flatten() {
            let (start, len) = (count(buffer.offset())?, count(buffer.length())?);
            let start = body.saturating_add(start);
            if start.checked_add(len).is_none_or(|last| last > end) {
                return Err(format!("a buffer of {len} bytes at {start} ends behind its message"));
            }
            buffers.push((start, len));
        }
        self.n_buffers += buffers.len() + arrays.len();
        if self.n_buffers > MAX_BUFFERS {
            return Err(format!("more than {MAX_BUFFERS} buffers"));
        }
        let variadic = batch.variadicBufferCounts().into_iter().flatten();
        let variadic = variadic.map(count).collect::<Result<_, _>>()?;
        Ok(Batch { rows: count(batch.length())?, arrays, buffers, variadic, codec })
    }
}

/// The metadata of the message at a place, and where its body begins; `None` at the end of a
/// stream.
fn message(file: &Positioned, at: u64) -> Result<Option<(Vec<u8>, u64)>, String> {
    let head = file.bytes(at, 8.min(file.len.saturating_sub(at)).max(4))?;
    let (continuation, len) = head.split_at(4);
    if continuation == [0; 4] {
        return Ok(None);
    }
    if continuation != CONTINUATION || len.len() != 4 {
        return Err(format!("no message at {at}"));
    }
    let len = u32::from_le_bytes(len.try_into().unwrap_or_default()).into();
    match len {
        0 => Ok(None),
        1..=MAX_METADATA_BYTES => Ok(Some((file.bytes(at + 8, len)?, at + 8 + len))),
        _ => Err(format!("a message of {len} bytes at {at}; {MAX_METADATA_BYTES} are allowed")),
    }
}
