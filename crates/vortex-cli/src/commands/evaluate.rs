//! `vortex evaluate`

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use vortex_codec::baselines::Choice;
use vortex_codec::coder::threads;
use vortex_codec::data::{SplitRatios, read_schema};
use vortex_codec::evaluation::{Evaluation, Portion, Results};
use vortex_codec::output::write_file;
use vortex_codec::plan::{Plan, Request, Subject};
use vortex_codec::train::DeviceChoice;
use vortex_codec::training::{Curve, float_bits};
use vortex_codec::{Compressor, Device, Mix, Models};

use super::files::folder_of;
use crate::arguments::{Common, Effort, OnDevice, block_size};
use crate::failure::Failure;
use crate::models;
use crate::stdout::stdout;
use vortex_report::page::{self, Provenance};
use vortex_report::{picture, results};

/// Measure real sizes on held-out data and compare with other codecs.
///
/// Compresses a part of the data into a real file in memory, decodes it, compares the bytes, and
/// runs the other codecs in both directions on the same bytes. By default the part is the last
/// tenth, which training with the same split never reads.
#[derive(Debug, Args)]
pub struct Evaluate {
    /// Model file; without it, the built-in predictor is measured
    #[arg(short = 'm', long = "model", value_name = "M")]
    model: Option<PathBuf>,
    /// Data file
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// Description of the records, if there is no model
    #[arg(long, value_name = "FILE")]
    schema: Option<PathBuf>,
    /// Shares of the records for training, validation and test, in file order
    #[arg(long, value_name = "A/B/C", default_value_t)]
    split: SplitRatios,
    /// Which part to measure
    #[arg(long, value_enum, default_value_t = Part::Test)]
    pub part: Part,
    /// Other codecs to run
    #[arg(long, value_enum, default_value_t = Baselines::All)]
    pub baselines: Baselines,
    /// Print the bits of each field and symbol
    #[arg(long)]
    roles: bool,
    /// Write the figures as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write a page: ratio against speed, sizes, bits and entropy by field, where every bit went, and the
    /// curve of the training if its figures are beside the model. If the name ends in .svg, only the sizes
    #[arg(long, value_name = "FILE")]
    pub report: Vec<PathBuf>,
    #[command(flatten)]
    on: OnDevice,
    /// Also measure the network in floating point, from best.safetensors beside the model, on the
    /// same device (not on vulkan)
    #[arg(long, requires = "model")]
    float: bool,
    /// Size of the blocks; the default is that of `vortex compress`
    #[arg(long, value_name = "SIZE", value_parser = block_size)]
    block_size: Option<u32>,
    #[command(flatten)]
    effort: Effort,
}

/// The device of training with the name of a device of coding.
fn for_floats(device: &Device) -> Result<DeviceChoice> {
    device
        .to_string()
        .parse()
        .map_err(|allowed: String| anyhow::anyhow!("--float cannot run on {device}: {allowed}"))
}

/// A part of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    Train,
    Valid,
    Test,
    All,
}

/// Which other codecs to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Baselines {
    /// No baselines.
    None,
    /// gzip, zstd and xz.
    Few,
    /// All codecs that are known for small files.
    All,
    /// Also their faster levels, and codecs that are known for speed.
    Wide,
}

impl Evaluate {
    /// Evaluation of a model on a file, with defaults for everything else.
    pub fn new(model: PathBuf, data: PathBuf) -> Self {
        Self {
            model: Some(model),
            data,
            schema: None,
            split: SplitRatios::default(),
            part: Part::Test,
            baselines: Baselines::All,
            roles: false,
            json: None,
            report: Vec::new(),
            on: OnDevice::default(),
            float: false,
            block_size: None,
            effort: Effort::default(),
        }
    }

    pub fn run(self, common: &Common) -> Result<(), Failure> {
        // Errors of this step name the model file; all later errors name the data.
        let OnDevice { device } = &self.on;
        let data = std::slice::from_ref(&self.data);
        let models = models::open_on(device, self.model.as_deref(), data, common)?;
        let measured = self.measure(&models, common);
        let results = measured.with_context(|| self.data.display().to_string())?;
        let mut text = results::table(&results);
        if self.roles {
            text.push_str(&format!("\n{}", results::role_table(&results)));
        }
        stdout().write_all(text.as_bytes())?;
        if let Some(path) = &self.json {
            let json = serde_json::to_vec_pretty(&results)?;
            write_file(path, &json)?;
        }
        for path in &self.report {
            let text = match path.extension().is_some_and(|e| e.eq_ignore_ascii_case("svg")) {
                true => picture::bars(&results),
                false => self.page(&results, &models, common)?,
            };
            write_file(path, text.as_bytes())?;
        }
        Ok(())
    }

    fn measure(&self, models: &Models, common: &Common) -> Result<Results> {
        let data = crate::input::read_file(&self.data, MAX_BYTES)?;
        let model = models.given();
        let request = Request {
            model: model.cloned(),
            schema: self
                .schema
                .as_deref()
                .filter(|_| model.is_none())
                .map(read_schema)
                .transpose()?,
            level: self.effort.level(),
            one_part: true,
            mix: Mix::Never,
            ..Request::default()
        };
        let plan = Plan::of(Subject::File(&self.data), &request)?;
        let (range, part) = self.part.portion().of(data.len(), plan.schema().stride(), &self.split);
        if range.is_empty() {
            bail!("{part} holds no record; choose another --split or --part");
        }
        let bytes = &data[range];
        let float_bits = match model.filter(|_| self.float) {
            Some(model) => Some(float_bits(for_floats(&self.on.device)?, model, bytes)?),
            None => None,
        };
        let compressor = Compressor::new().level(self.effort.level()).threads(common.threads());
        let compressor = match self.block_size {
            Some(bytes) => compressor.block_bytes(bytes),
            None => compressor,
        };
        let compressor = match model {
            // What is measured is the model.
            Some(model) => compressor.model(model.clone()).mix(Mix::Never),
            None => compressor.schema(plan.schema().clone()),
        };
        let bar = crate::progress::steps("evaluate", !common.quiet);
        let results = Evaluation::of(&compressor)
            .named(self.data.file_name().unwrap_or_default().to_string_lossy(), part)
            .baselines(self.baselines.choice())
            .on_step(|next| bar.set_message(next.to_owned()))
            .run(bytes);
        bar.finish_and_clear();
        Ok(Results { float_bits, ..results? })
    }
}

impl Evaluate {
    /// The page, with the curve of the training if its figures are beside the model.
    fn page(&self, results: &Results, models: &Models, common: &Common) -> Result<String> {
        let run = self.model.as_deref().map(|model| Curve::of_run(folder_of(model))).transpose()?;
        let mut data = vec![
            ("Data", format!("{}, {}", self.data.display(), results.part)),
            ("BLAKE3 of the bytes", results.blake3.clone()),
        ];
        if let (Some(model), Some(path)) = (models.given(), &self.model) {
            let digest = blake3::Hash::from_bytes(model.digest()).to_hex().to_string();
            data.extend([("Model", path.display().to_string()), ("BLAKE3 of the model", digest)]);
        }
        let provenance = Provenance::of(&common.line, data);
        let threads = match threads::count(common.threads()) {
            1 => "on one thread".to_owned(),
            n => format!("on {n} threads"),
        };
        let place = match &self.on.device {
            Device::Cpu => threads,
            device => format!("{threads} (--device {device})"),
        };
        Ok(page::evaluation(results, run.flatten().as_ref(), &place, &provenance))
    }
}

impl Part {
    fn portion(self) -> Portion {
        match self {
            Self::Train => Portion::Training,
            Self::Valid => Portion::Validation,
            Self::Test => Portion::Test,
            Self::All => Portion::All,
        }
    }
}

impl Baselines {
    pub fn choice(self) -> Choice {
        match self {
            Self::None => Choice::None,
            Self::Few => Choice::Few,
            Self::All => Choice::All,
            Self::Wide => Choice::Wide,
        }
    }
}

/// The data is held in memory several times.
const MAX_BYTES: u64 = 4 << 30;
