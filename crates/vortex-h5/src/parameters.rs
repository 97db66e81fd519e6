//! The values of the filter, `cd_values` in HDF5: how the chunks of a dataset are coded.
//!
//! They are stored once in the header of the dataset. A chunk decodes without them; from a dataset
//! that is read, only the length of its chunks is taken.
#![forbid(unsafe_code)]

use vortex_codec::{Error, ErrorKind, Level, Result, Schema};

use crate::names::short_names;

/// Version of these values.
const VERSION: u32 = 1;
/// Values before the digest and the schema.
const HEAD: usize = 4;
/// Values of the digest of a model.
const DIGEST: usize = 8;
/// Most values. HDF5 does not give more to programs that ask for them.
pub(crate) const MAX_VALUES: usize = 256;
/// Longest schema in bytes, as it is unpacked.
const MAX_SCHEMA_BYTES: usize = 1 << 20;
/// zstd level of packed schemas, which are written once.
const PACKING_LEVEL: i32 = 19;

/// The chunks are not decoded again after coding.
const UNVERIFIED: u32 = 1;
/// The digest of a model follows.
const MODEL: u32 = 1 << 1;
/// A schema follows.
const SCHEMA: u32 = 1 << 2;
/// The schema has the decimals and laws of the data: chunks are not searched for them.
const SEARCHED: u32 = 1 << 3;
/// The schema is a zstd frame.
const PACKED: u32 = 1 << 4;

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
        let known = UNVERIFIED | MODEL | SCHEMA | SEARCHED | PACKED;
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
            let Some(&len) = rest.first() else {
                return Err(invalid("the values end before the schema".into()));
            };
            let words_of_it = (len as usize).div_ceil(4);
            let Some((words, after)) = rest.get(1..).and_then(|w| w.split_at_checked(words_of_it))
            else {
                let left = rest.len() - 1;
                return Err(invalid(format!("a schema of {len} bytes in the last {left} values")));
            };
            let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
            let schema = read_schema(&bytes[..len as usize], flags & PACKED != 0)?;
            (found.schema, rest) = (Some(schema), after);
        }
        if !rest.is_empty() {
            return Err(invalid(format!("{} values too many", rest.len())));
        }
        Ok(found)
    }

    /// The values. The schema is left out if it is too long for them.
    pub fn to_values(&self) -> Vec<u32> {
        let flag = |set: bool, flag: u32| if set { flag } else { 0 };
        let flags = flag(!self.verify, UNVERIFIED) | flag(self.model.is_some(), MODEL);
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
        let room = (MAX_VALUES - values.len() - 1) * 4;
        if let Some((schema, packed)) = self.schema.as_ref().and_then(|s| write_schema(s, room)) {
            values[2] |= SCHEMA | flag(self.searched, SEARCHED) | flag(packed, PACKED);
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

fn read_schema(bytes: &[u8], packed: bool) -> Result<Schema> {
    let in_values =
        |error: &dyn std::fmt::Display| invalid(format!("the schema in the values: {error}"));
    let unpacked;
    let mut plain = bytes;
    if packed {
        unpacked = zstd::bulk::decompress(bytes, MAX_SCHEMA_BYTES).map_err(|e| in_values(&e))?;
        plain = &unpacked;
    }
    let schema = Schema::read_from(&mut plain).map_err(|error| in_values(&error))?;
    if !plain.is_empty() {
        return Err(in_values(&format!("{} bytes too many", plain.len())));
    }
    Ok(schema)
}

/// The schema in so many bytes, and whether it is packed. If it is too long, its names, which only help the
/// search for laws, become short ones.
fn write_schema(schema: &Schema, room: usize) -> Option<(Vec<u8>, bool)> {
    for schema in [schema.clone(), short_names(schema.clone())] {
        let mut plain = Vec::new();
        schema.write_to(&mut plain);
        if plain.len() <= room {
            return Some((plain, false));
        }
        let packed = zstd::bulk::compress(&plain, PACKING_LEVEL).ok()?;
        if packed.len() <= room && plain.len() <= MAX_SCHEMA_BYTES {
            return Some((packed, true));
        }
    }
    None
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
    fn a_long_schema_is_packed_then_loses_its_names_then_is_left_out() {
        // Names without a pattern.
        let name = |i: u32, len: usize| {
            let number = u64::from(i + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            format!("{number:0>16x}").repeat(len.div_ceil(16))[..len].to_owned()
        };
        let schema = |n: u32, len: usize, dtype: fn(u32) -> DType| {
            let mut offset = 0;
            let fields = (0..n).map(|i| {
                let field = Field::new(name(i, len), dtype(i), offset);
                offset += field.dtype.size() as u32;
                field
            });
            let fields: Vec<_> = fields.collect();
            Some(Schema::new(offset as usize, fields).unwrap())
        };
        let kept = |schema: Option<Schema>| {
            let long = Parameters { schema, ..all() };
            let values = long.to_values();
            assert!(values.len() <= MAX_VALUES);
            let found = Parameters::from_values(&values).unwrap();
            assert_eq!(found.searched, found.schema.is_some());
            let same = found.schema == long.schema;
            let fields = found.schema.map(|schema| schema.fields().len());
            (values[2] & PACKED != 0, same, fields)
        };
        let plain = |_| DType::F32;
        assert_eq!(kept(schema(40, 16, plain)), (false, true, Some(40)));
        assert_eq!(kept(schema(64, 16, plain)), (true, true, Some(64)));
        assert_eq!(kept(schema(256, 16, plain)), (true, false, Some(256)));
        let mixed = |i: u32| {
            let all = [DType::F32, DType::U8, DType::I16, DType::F64, DType::U32, DType::Bool];
            all[(u64::from(i).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as usize % all.len()]
        };
        assert_eq!(kept(schema(12_000, 16, mixed)), (false, false, None));
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
        for (at, value) in [(1, 2), (2, 32), (2, u32::MAX), (HEAD + DIGEST, u32::MAX)] {
            let mut values = good.clone();
            values[at] = value;
            Parameters::from_values(&values).unwrap_err();
        }
    }
}
