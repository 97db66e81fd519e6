//! Reading the start of a member: header, label, schema, embedded model; and the predictor that
//! they define.

use std::io::Read;
use std::sync::Arc;

use super::constants::*;
use super::header::{MemberHeader, not_vxc};
use super::label;
use super::limits::Limits;
use super::loader::{self, ModelLoader, Wanted, hex};
use super::schema_section;
use super::short::{Short, ShortStart};
use super::source::Source;
use crate::error::{Error, Result};
use crate::identity::Identity;
use crate::model::Model;
use crate::schema::Schema;

/// Header and schema of a member.
#[derive(Clone, Debug)]
pub(super) struct MemberStart {
    pub(super) header: MemberHeader,
    /// The stored schema; a member of bytes may have none, and a member with a model needs none.
    pub(super) schema: Option<Arc<Schema>>,
    /// The label of the member.
    pub(super) label: Option<String>,
    /// Place of the member in the file.
    pub(super) at: u64,
    /// Place of the embedded model, or of what follows.
    model_at: u64,
    /// The rest of a short member.
    pub(super) short: Option<Short>,
}

impl MemberStart {
    /// Reads up to the embedded model; a short member is read to its end.
    pub(super) fn read<R: Read>(source: &mut Source<R>, limits: &Limits) -> Result<Self> {
        let at = source.at();
        if at == 0 && source.at_end()? {
            return Err(empty_file());
        }
        let mut bytes = [0; HEADER_BYTES];
        source.read(&mut bytes[..1], "the header")?;
        for i in 1..MAGIC.len() {
            // Bytes with a wrong start are not a member, even if they are too short for a header.
            if bytes[..i] != MAGIC[..i] {
                let more = (i..MAGIC.len())
                    .take_while(|&i| source.read(&mut bytes[i..=i], "the header").is_ok());
                let end = i + more.count();
                return Err(not_vxc(&bytes[..end], at));
            }
            source.read(&mut bytes[i..=i], "the header")?;
        }
        source.read(&mut bytes[MAGIC.len()..=MAGIC.len()], "the header")?;
        let is_short = bytes[..MAGIC.len()] == MAGIC && bytes[MAGIC.len()] == SHORT_VERSION;
        let short = if is_short { Some(ShortStart::read(source, at)?) } else { None };
        let header = match &short {
            Some(short) => short.header(),
            None => {
                source.read(&mut bytes[MAGIC.len() + 1..], "the header")?;
                MemberHeader::read_from(&bytes, at)?
            }
        };
        let len = u64::from(header.block_bytes);
        Limits::check(len, limits.max_block_bytes.into(), "blocks", "max_block_bytes")?;
        let len = u64::from(header.schema_bytes);
        Limits::check(len, limits.max_schema_bytes.into(), "a schema", "max_schema_bytes")?;
        let len = u64::from(header.model_bytes);
        Limits::check(len, limits.max_model_bytes.into(), "a model", "max_model_bytes")?;

        let label = if header.labelled { Some(label::read(source)?) } else { None };
        let schema = match header.schema_bytes {
            0 => None,
            len => {
                let schema = schema_section::read(source, len, header.packed_schema, limits)?;
                Some(Arc::new(schema))
            }
        };
        let mut start = Self { header, schema, label, at, model_at: source.at(), short: None };
        if let Some(short) = short {
            let stride = start.schema_or_bytes().stride();
            start.short = Some(short.read_end(source, at, stride)?);
        } else if start.schema.is_some() || start.model_file().is_none() {
            // A model file has its own schema.
            start.check_block_bytes(&start.schema_or_bytes())?;
        }
        Ok(start)
    }

    /// Bytes of the member before its first block.
    pub(super) fn len(&self) -> u64 {
        self.model_at - self.at + u64::from(self.header.model_bytes)
    }

    /// Reads the embedded model that follows, if any.
    pub(super) fn read_model<R: Read>(&self, source: &mut Source<R>) -> Result<Option<Vec<u8>>> {
        let (Some(digest), 1..) = (self.model_file(), self.header.model_bytes) else {
            return Ok(None);
        };
        let at = source.at();
        let bytes = source.vec(self.header.model_bytes, "the embedded model")?;
        let found = blake3::hash(&bytes);
        if *found.as_bytes() != digest {
            return Err(Error::damaged(format_args!(
                "embedded model at byte {at}: BLAKE3 {}, stored {}",
                found.to_hex(),
                hex(&digest)
            )));
        }
        Ok(Some(bytes))
    }

    /// The model of the modelled blocks; `None` if the member cannot have such blocks.
    pub(super) fn model(
        &self,
        embedded: Option<&[u8]>,
        loader: &dyn ModelLoader,
    ) -> Result<Option<Arc<dyn Model>>> {
        let Some(identity) = self.header.predictor else { return Ok(None) };
        let schema = self.schema_or_bytes();
        let wanted = Wanted { identity, parameters: &[], schema: &schema, embedded };
        let model = loader::find(&wanted, loader)?;
        self.check_model(model.as_ref())?;
        Ok(Some(model))
    }

    /// Whether the model of another member can also code the blocks of this one. For a model from a
    /// file, only its identity matters.
    pub(super) fn takes(&self, model: &dyn Model) -> bool {
        let identity = model.identity();
        identity.model_file().is_some()
            && self.header.predictor == Some(identity)
            && self.check_model(model).is_ok()
    }

    fn check_model(&self, model: &dyn Model) -> Result<()> {
        let schema = model.layout().schema();
        if self.schema.as_ref().is_some_and(|stored| **stored != *schema) {
            return Err(Error::corrupt(format!(
                "member at byte {}: its schema differs from that of {}",
                self.at,
                model.identity()
            )));
        }
        if self.short.is_none() {
            return self.check_block_bytes(schema);
        }
        // The tail of its block was found with these records.
        if schema.stride() == self.schema_or_bytes().stride() {
            return Ok(());
        }
        Err(Error::corrupt(format!(
            "member at byte {}: without a schema, but the records of {} have {} bytes",
            self.at,
            model.identity(),
            schema.stride()
        )))
    }

    /// BLAKE3 of the needed model file, if one is needed.
    fn model_file(&self) -> Option<[u8; DIGEST_BYTES]> {
        self.header.predictor.and_then(Identity::model_file)
    }

    /// A member without a schema and without a model is a member of bytes.
    fn schema_or_bytes(&self) -> Arc<Schema> {
        self.schema.clone().unwrap_or_else(|| Arc::new(Schema::bytes()))
    }

    fn check_block_bytes(&self, schema: &Schema) -> Result<()> {
        if !(self.header.block_bytes as usize).is_multiple_of(schema.stride()) {
            return Err(Error::corrupt(format!(
                "member at byte {}: blocks of {} bytes, records of {}: not a whole number",
                self.at,
                self.header.block_bytes,
                schema.stride()
            )));
        }
        Ok(())
    }
}

/// The error for an empty file.
pub(super) fn empty_file() -> Error {
    Error::truncated(
        "the file is empty, without even a header; a .vxc file of no data has 64 bytes",
    )
}
