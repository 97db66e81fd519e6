//! The choice of the schema and the coder for bytes. Only this module makes it.
//!
//! [`Plan::of`] uses a file, or the first bytes of a stream, and the request of the caller.
//! Compression, archives (a plan for each of their streams), evaluation and inspection all use it,
//! so all analysis of the bytes before coding is here.

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
use crate::mix::{self, Mix};
use crate::models::TrainedModel;

pub use crate::look::SAMPLE_BYTES;

/// Shortest file that is coded in parts, because each further member takes about 300 bytes.
const MIN_PARTED_BYTES: u64 = 64 << 10;

/// The data to code.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    /// A regular file. Its name, its format and the files beside it give more information than its
    /// bytes.
    File(&'a Path),
    /// Bytes without a name: all of them, or the first [`SAMPLE_BYTES`].
    Bytes(&'a [u8]),
}

/// The request of the caller. The default leaves every choice to the plan.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The model to code with.
    pub model: Option<TrainedModel>,
    /// If true, the model codes only the records that it was trained on, and the built-in predictor
    /// codes all others. If false, the model codes all data.
    pub model_must_fit: bool,
    /// Schema of the records, if the caller knows it. With a model that codes all data, the schema
    /// of the model is used.
    pub schema: Option<Schema>,
    /// Whether the model is mixed with contexts.
    pub mix: Mix,
    /// How much work the built-in predictor does, also beside a model.
    pub level: Level,
    /// Bytes per block.
    pub block_bytes: Option<u32>,
    /// Code all bytes in one way although parts of the file may differ: for callers that code a
    /// piece of the file.
    pub one_part: bool,
}

/// How to code a subject: parts, each of which becomes a member of the file, and the reason.
#[derive(Clone)]
pub struct Plan {
    /// The parts in order, at least one.
    pub parts: Vec<Part>,
    /// The result of the analysis.
    pub report: Report,
}

/// Bytes that are coded in one way.
#[derive(Clone)]
pub struct Part {
    /// Number of bytes; `None` for all remaining bytes. It is `None` for the last part.
    pub bytes: Option<u64>,
    /// The predictor and the records that it predicts.
    pub coder: Coder,
    /// Bytes per block, before rounding to whole records.
    pub block_bytes: u32,
}

/// The result of the analysis for a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The origin of the schema.
    pub origin: Origin,
}

/// The origin of a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The model codes its own records.
    Model,
    /// The caller.
    Caller,
    /// A file beside the data.
    Sidecar(PathBuf),
    /// The format of the file, which defines the places and types of its numbers.
    Format,
    /// Detection in the bytes.
    Detected,
}

impl Plan {
    /// Chooses the plan.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Schema`] for an invalid sidecar, and the errors of reading a
    /// [`Subject::File`].
    pub fn of(subject: Subject<'_>, request: &Request) -> Result<Self> {
        let sample = |offset, bytes: Option<u64>| match subject {
            Subject::File(path) => sample_of(path, offset, bytes).map(Cow::Owned),
            Subject::Bytes(bytes) => Ok(Cow::Borrowed(bytes)),
        };
        if let Some(model) = &request.model
            && request.takes(model)
        {
            return Self::with_model(model, request, || sample(0, None));
        }
        let plan = |parts: Vec<Part>, origin| Self { parts, report: Report { origin } };
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

    /// The plan with a model, alone or mixed with contexts.
    fn with_model<'a>(
        model: &TrainedModel,
        request: &Request,
        sample: impl FnOnce() -> Result<Cow<'a, [u8]>>,
    ) -> Result<Self> {
        let level = request.level;
        let (coder, block_bytes) = match mix::choose(request.mix, level, model, sample)? {
            None => (Coder::Model(model.predictor()), DEFAULT_BLOCK_BYTES),
            Some(mixed) => (Coder::Model(mixed), level.of_mixing().block_bytes()),
        };
        let block_bytes = request.block_bytes.unwrap_or(block_bytes);
        let part = Part { bytes: None, coder, block_bytes };
        Ok(Self { parts: vec![part], report: Report { origin: Origin::Model } })
    }

    /// The schema of the first part; if there is one part, of all bytes.
    pub fn schema(&self) -> &Schema {
        self.parts[0].schema()
    }

    /// The first part.
    pub fn first(&self) -> &Part {
        &self.parts[0]
    }
}

impl Request {
    /// Whether [`Plan::of`] would read the bytes of [`Subject::Bytes`].
    pub(crate) fn needs_sample(&self) -> bool {
        self.mix == Mix::Auto || !self.model.as_ref().is_some_and(|model| self.takes(model))
    }

    /// Whether the bytes are coded with the model.
    fn takes(&self, model: &TrainedModel) -> bool {
        let fits = |schema: &Schema| model.schema().same_records(schema);
        !self.model_must_fit || self.schema.as_ref().is_some_and(fits)
    }
}

impl Part {
    /// Schema of the records.
    pub fn schema(&self) -> &Schema {
        match &self.coder {
            Coder::Classic(schema) => schema,
            Coder::Model(model) => model.layout().schema(),
        }
    }

    /// The predictor; `None` if there is none.
    pub fn predictor(&self) -> Option<Arc<dyn Model>> {
        match &self.coder {
            Coder::Classic(_) => None,
            Coder::Model(model) => Some(Arc::clone(model)),
        }
    }
}

/// The parts of a file whose format defines them, if separate members are worth their cost.
fn parts_of(path: &Path) -> Option<Vec<(Option<u64>, Schema)>> {
    if std::fs::metadata(path).ok()?.len() < MIN_PARTED_BYTES {
        return None;
    }
    let parts = vortex_sources::segments(path).filter(|parts| !parts.is_empty())?;
    let last = parts.len() - 1;
    // If the file has grown meanwhile, its current length is used.
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
        // Bytes have no name that could give their format.
        let found = Plan::of(Subject::Bytes(&bytes), &Request::default()).unwrap();
        assert_eq!((found.parts.len(), found.report.origin), (1, Origin::Detected));
    }
}
