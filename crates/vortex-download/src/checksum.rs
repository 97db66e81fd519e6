//! Checksums of files, as in portals and lists.

use std::fmt;
use std::io::{self, Read};
use std::str::FromStr;

use sha2::{Digest, Sha256};
use vortex_base::hex;

/// The checksum of a file, written `adler32:8d7e9098`, `sha256:...` or `blake3:...`.
///
/// CERN Open Data publishes Adler-32. It detects damage, but not forgery; TLS protects against
/// forgery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// Adler-32 (RFC 1950).
    Adler32(u32),
    /// SHA-256.
    Sha256([u8; 32]),
    /// BLAKE3, 32 bytes.
    Blake3([u8; 32]),
}

impl Checksum {
    /// The part before the colon.
    pub fn algorithm(&self) -> &'static str {
        match self {
            Self::Adler32(_) => "adler32",
            Self::Sha256(_) => "sha256",
            Self::Blake3(_) => "blake3",
        }
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.algorithm())?;
        match self {
            Self::Adler32(value) => write!(f, "{value:08x}"),
            Self::Sha256(bytes) | Self::Blake3(bytes) => f.write_str(&hex::encode(bytes)),
        }
    }
}

impl FromStr for Checksum {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refuse =
            || format!("checksum {text:?}; allowed: adler32:HEX, sha256:64 HEX, blake3:64 HEX");
        let (algorithm, hex) = text.split_once(':').ok_or_else(refuse)?;
        if hex.is_empty() || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(refuse());
        }
        let long = || {
            let mut bytes = [0; 32];
            let whole = hex.len() == 64;
            for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks(2)) {
                let pair = std::str::from_utf8(pair).map_err(|_| refuse())?;
                *byte = u8::from_str_radix(pair, 16).map_err(|_| refuse())?;
            }
            if whole { Ok(bytes) } else { Err(refuse()) }
        };
        match algorithm.to_ascii_lowercase().as_str() {
            // Some portals leave leading zeros out.
            "adler32" if hex.len() <= 8 => {
                u32::from_str_radix(hex, 16).map(Self::Adler32).map_err(|_| refuse())
            }
            "sha256" => long().map(Self::Sha256),
            "blake3" => long().map(Self::Blake3),
            _ => Err(refuse()),
        }
    }
}

/// Both digests of a file: BLAKE3 as its identity, and the checksum of its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digests {
    /// Always present.
    pub blake3: [u8; 32],
    /// The digest with the algorithm of the list.
    pub listed: Option<Checksum>,
}

impl Digests {
    /// The BLAKE3 as it is written in lock files.
    pub fn identity(&self) -> Checksum {
        Checksum::Blake3(self.blake3)
    }
}

enum Listed {
    None,
    Adler32(simd_adler32::Adler32),
    Sha256(Sha256),
    Blake3,
}

/// Digests bytes as they arrive.
pub(crate) struct Hasher {
    blake3: blake3::Hasher,
    listed: Listed,
}

impl Hasher {
    /// Digests by the algorithm of `listed`, and by BLAKE3.
    pub fn new(listed: Option<&Checksum>) -> Self {
        let listed = match listed {
            None => Listed::None,
            Some(Checksum::Adler32(_)) => Listed::Adler32(simd_adler32::Adler32::new()),
            Some(Checksum::Sha256(_)) => Listed::Sha256(Sha256::new()),
            Some(Checksum::Blake3(_)) => Listed::Blake3,
        };
        Self { blake3: blake3::Hasher::new(), listed }
    }

    pub fn update(&mut self, bytes: &[u8]) {
        self.blake3.update(bytes);
        match &mut self.listed {
            Listed::Adler32(adler) => adler.write(bytes),
            Listed::Sha256(sha) => sha.update(bytes),
            Listed::None | Listed::Blake3 => {}
        }
    }

    pub fn finish(&self) -> Digests {
        let blake3 = *self.blake3.finalize().as_bytes();
        let listed = match &self.listed {
            Listed::None => None,
            Listed::Adler32(adler) => Some(Checksum::Adler32(adler.finish())),
            Listed::Sha256(sha) => Some(Checksum::Sha256(sha.clone().finalize().into())),
            Listed::Blake3 => Some(Checksum::Blake3(blake3)),
        };
        Digests { blake3, listed }
    }

    /// Digests all of `reader`; returns how many bytes there were.
    pub fn read(&mut self, reader: &mut impl Read) -> io::Result<u64> {
        let mut buffer = vec![0; 1 << 18];
        let mut len = 0;
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => return Ok(len),
                Ok(n) => {
                    self.update(&buffer[..n]);
                    len += n as u64;
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        for text in [
            "adler32:11e60398",
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "blake3:6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85",
        ] {
            let expected: Checksum = text.parse().unwrap();
            assert_eq!(expected.to_string(), text);
            let mut hasher = Hasher::new(Some(&expected));
            let words: &[u8] = if text.starts_with("adler") { b"Wikipedia" } else { b"abc" };
            let (start, end) = words.split_at(2);
            hasher.update(start);
            assert_eq!(hasher.read(&mut &end[..]).unwrap(), end.len() as u64);
            assert_eq!(hasher.finish().listed, Some(expected));
        }
    }

    #[test]
    fn leading_zeros_may_be_missing() {
        let checksum: Checksum = "adler32:1564c6a".parse().unwrap();
        assert_eq!(checksum.to_string(), "adler32:01564c6a");
    }

    #[test]
    fn not_checksums() {
        for bad in [
            "",
            "adler32",
            "adler32:",
            "adler32:123456789",
            "md5:00",
            "sha256:00",
            "blake3:zz",
            "adler32:+1",
            "sha256:é",
            ":",
            "adler32:-1",
        ] {
            let error = bad.parse::<Checksum>().unwrap_err();
            assert!(error.contains("adler32:HEX"), "{error}");
        }
        let long = format!("sha256:{}", "0".repeat(66));
        assert!(long.parse::<Checksum>().is_err());
    }
}
