//! Which schema and which coder for these bytes: decided here, and nowhere else.
//!
//! [`Plan::of`] looks at a file, or at the first bytes of a stream, and at what the caller asked
//! for. Compressing, archives (a plan for each of their streams), evaluation and inspection all ask
//! it, so whatever is found out about bytes before they are coded is found out here.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use vortex_coder::container::Coder;
use vortex_coder::container::constants::DEFAULT_BLOCK_BYTES;
use vortex_coder::{Model, Schema};
use vortex_data::detect::detect;
use vortex_data::sidecar::{self, schema_of};

use crate::error::Result;
use crate::level::Level;
use crate::look::{Known, improve, sample_of};
use crate::models::TrainedModel;

pub use crate::look::SAMPLE_BYTES;

/// Shortest file that is coded in parts: a further member takes some 300 bytes.
const MIN_PARTED_BYTES: u64 = 64 << 10;

/// What is to be coded.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    /// A regular file: its name, its format and the files beside it say more than its bytes.
    File(&'a Path),
    /// Bytes without a name: all of them, or the first [`SAMPLE_BYTES`].
    Bytes(&'a [u8]),
}

/// What the caller asks for. The default leaves everything to the plan.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The model to code with.
    pub model: Option<TrainedModel>,
    /// Code only records of the model with it, and others with the built-in predictor; otherwise the
    /// model codes whatever comes.
    pub model_must_fit: bool,
    /// What a record is, where the caller knows. With a model that codes whatever comes, the model's
    /// records count.
    pub schema: Option<Schema>,
    /// How much work the built-in predictor puts in.
    pub level: Level,
    /// Bytes a block.
    pub block_bytes: Option<u32>,
    /// Code all bytes in one way, though parts of the file may differ: for who codes a piece of it.
    pub one_part: bool,
}

/// How to code a subject: parts, each a member of the file, and why so.
#[derive(Clone)]
pub struct Plan {
    /// The parts in order, at least one.
    pub parts: Vec<Part>,
    /// What was found.
    pub report: Report,
}

/// Bytes that are coded in one way.
#[derive(Clone)]
pub struct Part {
    /// How many; `None` for all that come. That of the last part is `None`.
    pub bytes: Option<u64>,
    /// What predicts, and over which records.
    pub coder: Coder,
    /// Bytes a block, before they are rounded to whole records.
    pub block_bytes: u32,
}

/// What a plan found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Where the schema comes from.
    pub origin: Origin,
}

/// Where a schema comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The model codes its own records.
    Model,
    /// The caller.
    Caller,
    /// A file beside the data.
    Sidecar(PathBuf),
    /// The format of the file, which says where which numbers lie.
    Format,
    /// The bytes themselves.
    Detected,
}

impl Plan {
    /// Decides.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Schema`] for a sidecar that is not one, and those of reading a
    /// [`Subject::File`].
    pub fn of(subject: Subject<'_>, request: &Request) -> Result<Self> {
        if let Some(model) = &request.model
            && request.takes(model)
        {
            let block_bytes = request.block_bytes.unwrap_or(DEFAULT_BLOCK_BYTES);
            let part = Part { bytes: None, coder: Coder::Model(model.predictor()), block_bytes };
            return Ok(Self { parts: vec![part], report: Report { origin: Origin::Model } });
        }
        let plan = |parts: Vec<Part>, origin| Self { parts, report: Report { origin } };
        let sample = |offset, bytes: Option<u64>| match subject {
            Subject::File(path) => sample_of(path, offset, bytes).map(Cow::Owned),
            Subject::Bytes(bytes) => Ok(Cow::Borrowed(bytes)),
        };
        let part = |bytes, offset, schema, known| {
            let schema = improve(request.level, schema, known, &sample(offset, bytes)?)?;
            let block_bytes = request.block_bytes.unwrap_or(request.level.block_bytes());
            Ok(Part { bytes, coder: request.level.coder(schema), block_bytes })
        };
        if let Some(schema) = &request.schema {
            let part = part(None, 0, schema.clone(), Known::Layout)?;
            return Ok(plan(vec![part], Origin::Caller));
        }
        let path = match subject {
            Subject::Bytes(bytes) => {
                let part = part(None, 0, detect(bytes).schema, Known::Guess)?;
                return Ok(plan(vec![part], Origin::Detected));
            }
            Subject::File(path) => path,
        };
        if !request.one_part
            && let Some(parts) = parts_of(path)
        {
            let mut offset = 0;
            let parts = parts.into_iter().map(|(bytes, schema)| {
                let part = part(bytes, offset, schema, Known::Layout);
                offset += bytes.unwrap_or_default();
                part
            });
            return Ok(plan(parts.collect::<Result<_>>()?, Origin::Format));
        }
        let (schema, source) = schema_of(path, None)?;
        let known = match source {
            sidecar::SchemaSource::Detected => Known::Guess,
            _ => Known::Layout,
        };
        Ok(plan(vec![part(None, 0, schema, known)?], source.into()))
    }

    /// The schema of the first part: of all bytes where there is one part.
    pub fn schema(&self) -> &Schema {
        self.parts[0].schema()
    }

    /// The first part.
    pub fn first(&self) -> &Part {
        &self.parts[0]
    }
}

impl Request {
    /// Whether [`Plan::of`] would look at [`Subject::Bytes`].
    pub(crate) fn needs_sample(&self) -> bool {
        !self.model.as_ref().is_some_and(|model| self.takes(model))
    }

    /// Whether the bytes are coded with the model.
    fn takes(&self, model: &TrainedModel) -> bool {
        let fits = |schema: &Schema| model.schema().same_records(schema);
        !self.model_must_fit || self.schema.as_ref().is_some_and(fits)
    }
}

impl Part {
    /// What a record is.
    pub fn schema(&self) -> &Schema {
        match &self.coder {
            Coder::Classic(schema) => schema,
            Coder::Model(model) => model.layout().schema(),
        }
    }

    /// What predicts; `None` where nothing does.
    pub fn predictor(&self) -> Option<Arc<dyn Model>> {
        match &self.coder {
            Coder::Classic(_) => None,
            Coder::Model(model) => Some(Arc::clone(model)),
        }
    }
}

/// The parts of a file whose format says where they lie, if it is worth to part it.
fn parts_of(path: &Path) -> Option<Vec<(Option<u64>, Schema)>> {
    if std::fs::metadata(path).ok()?.len() < MIN_PARTED_BYTES {
        return None;
    }
    let parts = vortex_sources::segments(path).filter(|parts| !parts.is_empty())?;
    let last = parts.len() - 1;
    // A file that grew meanwhile is taken as it is now.
    let open = |(n, (bytes, schema))| ((n != last).then_some(bytes), schema);
    Some(parts.into_iter().enumerate().map(open).collect())
}

impl From<sidecar::SchemaSource> for Origin {
    fn from(source: sidecar::SchemaSource) -> Self {
        match source {
            sidecar::SchemaSource::File(_) => Self::Caller,
            sidecar::SchemaSource::Sidecar(path) => Self::Sidecar(path),
            sidecar::SchemaSource::Detected => Self::Detected,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Model => f.write_str("the model's"),
            Self::Caller => f.write_str("given"),
            Self::Sidecar(path) => write!(f, "from {}", path.display()),
            Self::Format => f.write_str("of the file's format"),
            Self::Detected => f.write_str("found in the data"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vortex_coder::{DType, Field};

    fn pairs() -> Schema {
        let fields = vec![Field::new("x", DType::F32, 0), Field::new("n", DType::I16, 4)];
        Schema::new(6, fields).unwrap()
    }

    fn strides(plan: &Plan) -> Vec<(Option<u64>, usize)> {
        plan.parts.iter().map(|part| (part.bytes, part.schema().stride())).collect()
    }

    #[test]
    fn the_caller_comes_first_then_the_sidecar_then_the_format_then_the_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npy");
        // An array of 20,000 float32 as numpy writes it.
        let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (20000,), }";
        let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
        bytes.extend(format!("{text:<117}\n").bytes());
        bytes.extend((0..20_000).flat_map(|i| (i as f32).to_le_bytes()));
        std::fs::write(&path, &bytes).unwrap();

        let request = Request::default();
        let plan = |request: &Request| Plan::of(Subject::File(&path), request).unwrap();
        let found = plan(&request);
        assert_eq!(strides(&found), [(Some(128), 1), (None, 4)]);
        assert_eq!(found.report.origin, Origin::Format);
        let whole = Request { one_part: true, ..Request::default() };
        assert_eq!(plan(&whole).report.origin, Origin::Detected);

        let sidecar = folder.path().join("x.npy.schema.yaml");
        std::fs::write(&sidecar, "stride: 8").unwrap();
        let found = plan(&whole);
        assert_eq!(strides(&found), [(None, 8)]);
        assert_eq!(found.report.origin, Origin::Sidecar(sidecar));

        let given = Request { schema: Some(pairs()), block_bytes: Some(4096), ..request };
        let found = plan(&given);
        assert_eq!((strides(&found), found.first().block_bytes), (vec![(None, 6)], 4096));
        assert_eq!(found.report.origin, Origin::Caller);
        // Bytes have no name that could say anything.
        let found = Plan::of(Subject::Bytes(&bytes), &Request::default()).unwrap();
        assert_eq!((found.parts.len(), found.report.origin), (1, Origin::Detected));
    }
}
