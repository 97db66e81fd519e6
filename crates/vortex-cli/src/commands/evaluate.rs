//! `vortex evaluate`

use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use vortex_coder::Model;
use vortex_coder::adaptive::AdaptiveModel;
use vortex_data::sidecar::schema_of;
use vortex_data::split::SplitRatios;
use vortex_infer::{IntModel, Level};
use vortex_train::{DeviceChoice, float_cost};

use crate::arguments::{Common, block_size};
use crate::baselines::Choice;
use crate::codec::Encoding;
use crate::evaluation::{Subject, evaluate};
use crate::failure::Failure;
use crate::models::Models;
use crate::output::write_file;
use crate::report::page;
use crate::report::results::Results;
use crate::stdout::stdout;

/// Measure real sizes on held-out data, beside other codecs.
///
/// Compresses a part of the data into a real file in memory, decodes it, compares, and runs the
/// other codecs there and back on the same bytes. By default the part is the last tenth, which
/// training with the same split never looks at.
#[derive(Debug, Args)]
pub struct Evaluate {
    /// Model file; without it the built-in predictor
    #[arg(short = 'm', long = "model", value_name = "M")]
    model: Option<PathBuf>,
    /// Data file
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// What a record is, where no model says it
    #[arg(long, value_name = "FILE")]
    schema: Option<PathBuf>,
    /// Shares of the records for training, validation and test, in file order
    #[arg(long, value_name = "A/B/C", default_value_t)]
    split: SplitRatios,
    /// Which part to measure
    #[arg(long, value_enum, default_value_t = Part::Test)]
    part: Part,
    /// Other codecs to run
    #[arg(long, value_enum, default_value_t = Choice::All)]
    baselines: Choice,
    /// Print the bits of each field and symbol
    #[arg(long)]
    roles: bool,
    /// Write the figures as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write a page with pictures; the picture alone where the name ends in .svg
    #[arg(long, value_name = "FILE")]
    report: Vec<PathBuf>,
    /// Also measure the network in floating point on cpu, cuda:N, rocm:N or auto, from best.safetensors
    /// beside the model; coding itself runs in integers on the CPU
    #[arg(long, value_name = "DEVICE", requires = "model")]
    device: Option<DeviceChoice>,
    /// Bytes coded on their own
    #[arg(long, value_name = "SIZE", value_parser = block_size, default_value = "1MiB")]
    block_size: usize,
}

/// A part of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    Train,
    Valid,
    Test,
    All,
}

impl Evaluate {
    pub fn run(self, common: &Common) -> Result<(), Failure> {
        // Its errors name the model file; all that follows is about the data.
        let models = Arc::new(Models::open(self.model.as_deref(), common.level)?);
        let measured = self.measure(&models, common);
        let results = measured.with_context(|| self.data.display().to_string())?;
        let mut text = results.table();
        if self.roles {
            text.push_str(&format!("\n{}", results.role_table()));
        }
        stdout().write_all(text.as_bytes())?;
        if let Some(path) = &self.json {
            let json = serde_json::to_vec_pretty(&results)?;
            write_file(path, &json).with_context(|| path.display().to_string())?;
        }
        for path in &self.report {
            write_report(path, &results)?;
        }
        Ok(())
    }

    fn measure(&self, models: &Arc<Models>, common: &Common) -> Result<Results> {
        let data = crate::input::read_file(&self.data, MAX_BYTES)?;
        let model: Arc<dyn Model> = match models.given() {
            Some(model) => model,
            None => {
                let (schema, _) = schema_of(&self.data, self.schema.as_deref())?;
                Arc::new(AdaptiveModel::new(schema))
            }
        };
        let (range, part) = self.range(data.len(), model.layout().stride());
        if range.is_empty() {
            bail!("{part} holds no record; choose another --split or --part");
        }
        let encoding = Encoding {
            model,
            embedded: None,
            block_bytes: self.block_size,
            threads: common.threads(),
        };
        let part_bytes = &data[range];
        let float = self.device.map(|device| self.float_bits(device, models, part_bytes));
        let float_bits = float.transpose()?;
        let subject = Subject {
            data: self.data.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            part,
            bytes: part_bytes,
            model_file: models
                .given_bytes()
                .zip(self.model.as_ref())
                .map(|(bytes, path)| (path.display().to_string(), bytes.len() as u64)),
            models,
            encoding: &encoding,
            baselines: self.baselines,
        };
        let bar = crate::progress::steps("evaluate", !common.quiet);
        let results = evaluate(&subject, |next| bar.set_message(next.to_owned()));
        bar.finish_and_clear();
        Ok(Results { float_bits, ..results? })
    }

    /// Bits in all under the float network that the model was exported from.
    fn float_bits(&self, device: DeviceChoice, models: &Models, bytes: &[u8]) -> Result<f64> {
        let (Some(path), Some(file)) = (&self.model, models.given_bytes()) else {
            bail!("--device measures the network of a model: name it with -m");
        };
        let checkpoint = path.with_file_name("best.safetensors");
        let model = IntModel::from_bytes(&file, Level::Portable)?;
        let whole = bytes.len() / model.layout().stride() * model.layout().stride();
        let bits = float_cost(device, &checkpoint, &model, &bytes[..whole])?;
        Ok(bits * whole as f64 + (bytes.len() - whole) as f64 * 8.0)
    }

    /// The bytes of the part; those after the last whole record are in none but `all`.
    fn range(&self, bytes: usize, stride: usize) -> (Range<usize>, String) {
        let split = self.split.split((bytes / stride) as u64);
        let (name, records) = match self.part {
            Part::Train => ("training", split.train),
            Part::Valid => ("validation", split.validation),
            Part::Test => ("test", split.test),
            Part::All => return (0..bytes, "all of it".into()),
        };
        // Records of a file in memory: their places fit.
        let place = |record: u64| record as usize * stride;
        (place(records.start)..place(records.end), format!("{name} part of {}", self.split))
    }
}

/// The data is held in memory, several times over.
const MAX_BYTES: u64 = 4 << 30;

/// Writes the page or, for `.svg`, the picture.
pub fn write_report(path: &Path, results: &Results) -> Result<()> {
    let svg = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("svg"));
    let text = if svg { page::bars(results) } else { page::html(results) };
    write_file(path, text.as_bytes()).with_context(|| path.display().to_string())
}
