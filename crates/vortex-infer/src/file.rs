//! The model file `.vxm`: `docs/format.md`, "Model files".
//!
//! Signature, version, length, self-test digest, the network (zstd), and a BLAKE3 of all of it.

mod wire;

use crate::error::{Error, Result};
use crate::spec::Network;

/// First bytes of every model file. The high byte and the line ends catch damage by text transfers.
pub const SIGNATURE: [u8; 8] = *b"\x89VXM\r\n\x1a\n";
/// The latest version that this build reads. It writes the first version that can hold the network.
pub const VERSION: u16 = 2;
/// The first version whose matrices may have biases.
const BIASES: u16 = 2;
/// Signature, version, two reserved bytes, unpacked length, self-test digest.
pub const HEADER_LEN: usize = 8 + 2 + 2 + 8 + 32;
/// The checksum at the end.
pub const CHECKSUM_LEN: usize = 32;
/// Largest unpacked network in bytes: twice that of the largest configuration.
pub const MAX_NETWORK_BYTES: u64 = 1 << 29;
/// Longest file.
pub const MAX_FILE_BYTES: u64 = MAX_NETWORK_BYTES + (1 << 20);
/// Number of bytes to which a file of any length may unpack.
const FREE_BYTES: u64 = 1 << 24;
/// Most bytes of a network per byte of its file, beyond [`FREE_BYTES`]; real weights need less than
/// 2.
const MAX_EXPANSION: u64 = 64;

/// Largest network in a file of `len` bytes, so that a short file cannot cause a large allocation.
fn max_network_bytes(len: usize) -> u64 {
    (len as u64).saturating_mul(MAX_EXPANSION).saturating_add(FREE_BYTES).min(MAX_NETWORK_BYTES)
}

/// The contents of a model file.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelFile {
    /// The network.
    pub network: Network,
    /// The result of [`crate::self_test::digest`] when the file was written.
    pub self_test: [u8; 32],
}

impl ModelFile {
    /// The bytes of the file.
    ///
    /// # Errors
    /// [`Error::Shape`] if the parts of the network do not fit together.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let biases = self.network.linears().any(|m| !m.bias.is_empty());
        let version = if biases { BIASES } else { 1 };
        let body = wire::write(&self.network, biases)?;
        let mut out = Vec::with_capacity(body.len());
        out.extend(SIGNATURE);
        out.extend(version.to_le_bytes());
        out.extend([0, 0]);
        out.extend((body.len() as u64).to_le_bytes());
        out.extend(self.self_test);
        let packed = zstd::bulk::compress(&body, 19);
        out.extend(packed.map_err(|e| Error::Shape(format!("it does not compress: {e}")))?);
        let checksum = blake3::hash(&out);
        out.extend(checksum.as_bytes());
        within_limit(body.len() as u64, out.len())?;
        Ok(out)
    }

    /// Reads a file. The network is well-formed only after [`crate::bounds::check`].
    ///
    /// # Errors
    /// [`Error::NotAModel`], [`Error::UnsupportedVersion`], [`Error::Damaged`] or [`Error::Shape`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        if !bytes.starts_with(&SIGNATURE) {
            return Err(Error::NotAModel);
        }
        let damaged = |what: &str| Error::Damaged(what.to_owned());
        if bytes.len() < HEADER_LEN + CHECKSUM_LEN {
            return Err(damaged("it ends inside its header"));
        }
        let version = u16::from_le_bytes([bytes[8], bytes[9]]);
        if version > VERSION || version == 0 {
            return Err(Error::UnsupportedVersion { found: version, known: VERSION });
        }
        let (covered, checksum) = bytes.split_at(bytes.len() - CHECKSUM_LEN);
        if blake3::hash(covered).as_bytes() != checksum {
            return Err(damaged("its checksum does not fit its content"));
        }
        let (header, body) = covered.split_at(HEADER_LEN);
        if header[10..12] != [0, 0] {
            return Err(damaged("its reserved bytes are not zero"));
        }
        let length = network_bytes(bytes);
        within_limit(length, bytes.len())?;
        let body = unpack(body, length).ok_or_else(|| damaged("its network does not unpack"))?;
        let self_test = std::array::from_fn(|i| header[20 + i]);
        Ok(Self { network: wire::read(&body, version >= BIASES)?, self_test })
    }
}

/// The length of the network from the header of a file; `bytes` must hold a whole header.
pub(crate) fn network_bytes(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(std::array::from_fn(|i| bytes[12 + i]))
}

fn within_limit(length: u64, file: usize) -> Result<()> {
    let limit = max_network_bytes(file);
    if length <= limit {
        return Ok(());
    }
    let what = format!("a network of {length} bytes in a file of {file}, limit {limit}");
    Err(Error::Shape(what))
}

/// Unpacks to exactly `length` bytes; memory grows only with the real output.
fn unpack(packed: &[u8], length: u64) -> Option<Vec<u8>> {
    use std::io::Read;
    let mut out = Vec::new();
    let decoder = zstd::stream::Decoder::new(packed).ok()?;
    decoder.take(length + 1).read_to_end(&mut out).ok()?;
    (out.len() as u64 == length).then_some(out)
}
