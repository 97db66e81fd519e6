//! The values of the filter, `cd_values` in HDF5: how the chunks of a dataset are coded.
//!
//! They are stored once in the header of the dataset. A chunk decodes without them; from a dataset
//! that is read, only the length of its chunks is taken.
#![forbid(unsafe_code)]

use vortex_codec::{Error, ErrorKind, Level, Result, Schema};

/// Version of these values.
const VERSION: u32 = 1;
/// Values before the digest and the schema.
const HEAD: usize = 4;
/// Values of the digest of a model.
const DIGEST: usize = 8;
/// Longest stored schema in bytes. HDF5 keeps all values in an object header of at most 64 KiB.
const MAX_SCHEMA_BYTES: usize = 32 << 10;

/// The chunks are not decoded again after coding.
const UNVERIFIED: u32 = 1;
/// The digest of a model follows.
const MODEL: u32 = 1 << 1;
/// A schema follows.
const SCHEMA: u32 = 1 << 2;
/// The schema has the decimals and laws of the data: chunks are not searched for them.
const SEARCHED: u32 = 1 << 3;

/// How the chunks of a dataset are coded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// How much work is put into a chunk.
    pub level: Level,
    /// Whether each chunk is decoded again at once and compared.
    pub verify: bool,
    /// Bytes of a chunk before compression, if they are known.
    pub chunk_bytes: Option<u32>,
    /// BLAKE3 of the model that codes the records.
    pub model: Option<[u8; 32]>,
    /// Schema of the records; without it, records are detected in each chunk.
    pub schema: Option<Schema>,
    /// Whether the schema is used as it is. Otherwise each chunk is searched for decimals and laws.
    pub searched: bool,
}

impl Default for Parameters {
    fn default() -> Self {
        let level = Level::DEFAULT;
        Self { level, verify: true, chunk_bytes: None, model: None, schema: None, searched: false }
    }
}

impl Parameters {
    /// Reads values. None are needed: the first is the level, 0 for the default.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] or [`ErrorKind::UnsupportedVersion`]; the message names the
    /// value.
    pub fn from_values(values: &[u32]) -> Result<Self> {
        let mut found = Self::default();
        let Some(&level) = values.first() else { return Ok(found) };
        if level != 0 {
            found.level = Level::new(u8::try_from(level).unwrap_or(u8::MAX))
                .map_err(|_| invalid(format!("level {level}; 1 to 9 are possible, 0 is 5")))?;
        }
        if values.len() == 1 {
            return Ok(found);
        }
        if values[1] != VERSION {
            let message = format!("values of version {}; {VERSION} is known", values[1]);
            return Err(Error::new(ErrorKind::UnsupportedVersion, message));
        }
        let Some((&[_, _, flags, chunk_bytes], mut rest)) = values.split_first_chunk::<HEAD>()
        else {
            return Err(invalid(format!("{} values; 0, 1, or at least {HEAD}", values.len())));
        };
        let known = UNVERIFIED | MODEL | SCHEMA | SEARCHED;
        if flags & !known != 0 {
            let message = format!("flags {flags:#x}; {known:#x} are known");
            return Err(Error::new(ErrorKind::UnsupportedVersion, message));
        }
        found.verify = flags & UNVERIFIED == 0;
        found.searched = flags & SEARCHED != 0;
        found.chunk_bytes = (chunk_bytes != 0).then_some(chunk_bytes);
        if flags & MODEL != 0 {
            let Some((digest, after)) = rest.split_first_chunk::<DIGEST>() else {
                return Err(invalid("the values end inside the digest of the model".into()));
            };
            let mut bytes = [0; 32];
            for (bytes, word) in bytes.chunks_exact_mut(4).zip(digest) {
                bytes.copy_from_slice(&word.to_le_bytes());
            }
            (found.model, rest) = (Some(bytes), after);
        }
        if flags & SCHEMA != 0 {
            let Some((&len, words)) = rest.split_first() else {
                return Err(invalid("the values end before the schema".into()));
            };
            let len = len as usize;
            if len > MAX_SCHEMA_BYTES || len.div_ceil(4) > words.len() {
                let most = MAX_SCHEMA_BYTES.min(words.len() * 4);
                return Err(invalid(format!("a schema of {len} bytes; at most {most} fit")));
            }
            let (words, after) = words.split_at(len.div_ceil(4));
            let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
            let mut bytes = &bytes[..len];
            let schema = Schema::read_from(&mut bytes)
                .map_err(|error| invalid(format!("the schema in the values: {error}")))?;
            if !bytes.is_empty() {
                return Err(invalid(format!("{} bytes after the schema", bytes.len())));
            }
            (found.schema, rest) = (Some(schema), after);
        }
        if !rest.is_empty() {
            return Err(invalid(format!("{} values too many", rest.len())));
        }
        Ok(found)
    }

    /// The values. A schema that is too long for them is left out.
    pub fn to_values(&self) -> Vec<u32> {
        let mut schema = Vec::new();
        if let Some(given) = &self.schema {
            given.write_to(&mut schema);
        }
        let has_schema = !schema.is_empty() && schema.len() <= MAX_SCHEMA_BYTES;
        let flag = |set: bool, flag: u32| if set { flag } else { 0 };
        let flags = flag(!self.verify, UNVERIFIED)
            | flag(self.model.is_some(), MODEL)
            | flag(has_schema, SCHEMA)
            | flag(has_schema && self.searched, SEARCHED);
        let level = u32::from(self.level.number());
        let mut values = vec![level, VERSION, flags, self.chunk_bytes.unwrap_or(0)];
        let word = |bytes: &[u8]| {
            let mut word = [0; 4];
            word[..bytes.len()].copy_from_slice(bytes);
            u32::from_le_bytes(word)
        };
        if let Some(digest) = &self.model {
            values.extend(digest.chunks(4).map(word));
        }
        if has_schema {
            values.push(schema.len() as u32);
            values.extend(schema.chunks(4).map(word));
        }
        values
    }

    /// Bytes of a chunk, of values that may have been written by a later version.
    pub fn chunk_bytes_of(values: &[u32]) -> Option<u32> {
        match *values {
            [_, VERSION, _, bytes, ..] if bytes != 0 => Some(bytes),
            _ => None,
        }
    }
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use vortex_codec::{DType, Field};

    fn all() -> Parameters {
        let fields = vec![Field::new("pt", DType::F32, 0), Field::new("n_tracks", DType::I16, 4)];
        Parameters {
            level: Level::new(7).unwrap(),
            verify: false,
            chunk_bytes: Some(48_000),
            model: Some(std::array::from_fn(|i| i as u8)),
            schema: Some(Schema::new(6, fields).unwrap()),
            searched: true,
        }
    }

    #[test]
    fn values_come_back() {
        let bare = Parameters { model: None, schema: None, searched: false, ..all() };
        for parameters in [all(), bare, Parameters { model: None, ..all() }, Parameters::default()]
        {
            let values = parameters.to_values();
            assert_eq!(Parameters::from_values(&values).unwrap(), parameters);
            assert_eq!(Parameters::chunk_bytes_of(&values), parameters.chunk_bytes);
        }
    }

    #[test]
    fn the_level_alone_or_nothing_is_enough() {
        assert_eq!(Parameters::from_values(&[]).unwrap(), Parameters::default());
        assert_eq!(Parameters::from_values(&[0]).unwrap(), Parameters::default());
        assert_eq!(Parameters::from_values(&[2]).unwrap().level.number(), 2);
        let error = Parameters::from_values(&[300]).unwrap_err();
        assert!(error.message().contains("300") && error.message().contains("1 to 9"), "{error}");
    }

    #[test]
    fn a_schema_that_is_too_long_is_left_out() {
        let fields = (0..200).map(|i| Field::new(format!("{i:0>250}"), DType::U8, i)).collect();
        let schema = Some(Schema::new(200, fields).unwrap());
        let long = Parameters { schema, ..all() };
        let found = Parameters::from_values(&long.to_values()).unwrap();
        assert_eq!((found.schema, found.searched), (None, false));
    }

    #[test]
    fn hostile_values_are_errors() {
        let good = all().to_values();
        for cut in 2..good.len() {
            Parameters::from_values(&good[..cut]).unwrap_err();
        }
        Parameters::from_values(&[&good[..], &[0]].concat()).unwrap_err();
        for at in 0..good.len() {
            for bit in 0..32 {
                let mut values = good.clone();
                values[at] ^= 1 << bit;
                // Some give other parameters; none may panic.
                let _ = Parameters::from_values(&values);
            }
        }
        for (at, value) in [(1, 2), (2, 16), (2, u32::MAX), (HEAD + DIGEST, u32::MAX)] {
            let mut values = good.clone();
            values[at] = value;
            Parameters::from_values(&values).unwrap_err();
        }
    }
}
