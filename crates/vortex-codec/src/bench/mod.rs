//! Every level and every other codec on one file, in one run: sizes, speeds in both directions,
//! memory. Everything is decoded and compared.

mod contender;
mod memory;
mod times;

use std::path::Path;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use vortex_coder::Schema;

use crate::baselines::Choice;
use crate::error::{Error, ErrorKind, Result};
use crate::input::check_unchanged;
use crate::level::Level;
use crate::plan::{Plan, Request, Subject};
use contender::{Contender, Vortex};

pub use crate::machine::Machine;
pub use times::Times;

/// Largest file: the data are held in memory several times.
pub const MAX_BYTES: u64 = 4 << 30;

/// What to measure and how often.
#[derive(Clone, Debug)]
pub struct Bench {
    /// Levels of Vortex, without a model. Level 9 trains a network on each file, which needs the feature
    /// `train`; without it, it is as 8.
    pub levels: Vec<Level>,
    /// Seconds of training at level 9.
    pub train_seconds: f64,
    /// The other codecs.
    pub others: Choice,
    /// Most runs of each direction.
    pub runs: u32,
    /// A direction that took this long altogether is not run again.
    pub enough: Duration,
    /// Threads of Vortex; 0 is one for each core. The other codecs have one.
    pub threads: usize,
    /// The records; `None`: as `vortex compress FILE` finds them.
    pub schema: Option<Schema>,
}

impl Default for Bench {
    /// All levels but 9, which takes minutes, and all other codecs, three runs on one thread.
    fn default() -> Self {
        Self {
            levels: (1..=8).map(|n| Level::new(n).expect("1 to 9")).collect(),
            train_seconds: 60.0,
            others: Choice::Wide,
            runs: 3,
            enough: Duration::from_secs(10),
            threads: 1,
            schema: None,
        }
    }
}

/// What one codec did with one file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Row {
    /// The codec and its settings.
    pub codec: String,
    /// Whether it is a level of Vortex.
    pub ours: bool,
    /// Its figures, or why there are none.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// Figures of a codec that gave back the same bytes, or its error.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It gave back the same bytes.
    Figures(Figures),
    /// It did not; the reason.
    Failed(String),
}

/// Figures of one codec.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Figures {
    /// Compressed bytes, everything included.
    pub bytes: u64,
    /// Seconds to compress; for Vortex with the look at the data.
    pub encode: Times,
    /// Seconds to decompress.
    pub decode: Times,
    /// Most bytes of memory beyond the data, both directions, where the system tells it. What codecs that
    /// were measured before in this process have not given back is not counted.
    pub memory: Option<u64>,
}

impl Bench {
    /// The names of everything that is measured, in order.
    pub fn names(&self) -> Vec<String> {
        self.contenders(self.others, &self.levels).iter().map(Contender::name).collect()
    }

    /// The bytes of a record and the number of its fields, as the other codecs get them.
    ///
    /// # Errors
    /// As [`Plan::of`], and [`ErrorKind::LimitExceeded`] for a file above [`MAX_BYTES`].
    pub fn records(&self, file: &Path) -> Result<Schema> {
        let bytes = std::fs::metadata(file)?.len();
        if bytes > MAX_BYTES {
            let message =
                format!("has {bytes} bytes; at most {MAX_BYTES} are measured: take a part of it");
            return Err(Error::new(ErrorKind::LimitExceeded, message));
        }
        let request = Request {
            schema: self.schema.clone(),
            level: Level::FASTEST,
            one_part: true,
            ..Request::default()
        };
        Ok(Plan::of(Subject::File(file), &request)?.schema().clone())
    }

    /// Measures a codec with its name as in [`Bench::names`] of any bench on a file. An error of the codec is an [`Outcome::Failed`].
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] for an unknown name, [`ErrorKind::LimitExceeded`] for a file above
    /// [`MAX_BYTES`], [`ErrorKind::InputChanged`], and those of reading it.
    pub fn measure(&self, name: &str, file: &Path) -> Result<Row> {
        let levels: Vec<Level> = (1..=9).filter_map(|n| Level::new(n).ok()).collect();
        let known = self.contenders(Choice::Wide, &levels);
        let contender = known.into_iter().find(|contender| contender.name() == name);
        let contender = contender
            .ok_or_else(|| Error::invalid_argument(format!("there is no codec {name:?}")))?;
        let metadata = std::fs::metadata(file)?;
        let schema = self.records(file)?;
        let data = std::fs::read(file)?;
        let outcome = match self.figures(&contender, file, &data, &schema) {
            Ok(figures) => Outcome::Figures(figures),
            Err(error) => Outcome::Failed(error.to_string()),
        };
        check_unchanged(file, &metadata, data.len() as u64)?;
        let ours = matches!(contender, Contender::Vortex(..));
        Ok(Row { codec: name.to_owned(), ours, outcome })
    }

    fn contenders(&self, others: Choice, levels: &[Level]) -> Vec<Contender> {
        let &Self { threads, train_seconds, .. } = self;
        let others = crate::baselines::list(others).into_iter().map(Contender::Other);
        let ours = levels.iter().map(|&level| Vortex { level, threads, train_seconds });
        others.chain(ours.map(Contender::Vortex)).collect()
    }

    fn figures(
        &self,
        contender: &Contender,
        file: &Path,
        data: &[u8],
        schema: &Schema,
    ) -> Result<Figures> {
        memory::forget_peak();
        let before = memory::now();
        let given = self.schema.as_ref();
        let (packed, encode) = self.repeat(|| contender.encode(file, data, schema, given))?;
        let (back, decode) = self.repeat(|| contender.decode(&packed, data.len(), schema))?;
        if back != data {
            return Err(Error::new(ErrorKind::VerifyFailed, "did not give back the same bytes"));
        }
        let memory = memory::peak().zip(before).map(|(peak, before)| peak.saturating_sub(before));
        Ok(Figures { bytes: packed.len() as u64, encode, decode, memory })
    }

    /// Runs one direction, and keeps the last output and all times.
    fn repeat(&self, mut work: impl FnMut() -> Result<Vec<u8>>) -> Result<(Vec<u8>, Times)> {
        let mut seconds = Vec::new();
        let begun = Instant::now();
        loop {
            let start = Instant::now();
            let output = work()?;
            seconds.push(start.elapsed().as_secs_f64());
            if seconds.len() >= self.runs as usize || begun.elapsed() >= self.enough {
                return Ok((output, Times::of(seconds)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(feature = "train")]
    use vortex_coder::{DType, Field};

    #[test]
    fn all_codecs_are_measured() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("counter.bin");
        let bytes: Vec<u8> = (0..2000u32).flat_map(|i| (i / 3).to_le_bytes()).collect();
        std::fs::write(&file, &bytes).unwrap();
        let bench = Bench { runs: 2, ..Bench::default() };
        let names = bench.names();
        assert!(names.len() > 20 && names.contains(&"vortex -5".to_owned()), "{names:?}");
        for name in &names {
            let row = bench.measure(name, &file).unwrap();
            let Outcome::Figures(figures) = &row.outcome else { panic!("{row:?}") };
            assert!(figures.bytes > 0 && figures.bytes < 8000, "{row:?}");
            assert_eq!(figures.encode.runs, 2);
            assert!(figures.decode.median > 0.0 && figures.decode.least <= figures.decode.median);
            assert_eq!(row.ours, name.starts_with("vortex"));
        }
        let unknown = bench.measure("zip", &file).unwrap_err();
        assert_eq!(unknown.kind(), ErrorKind::InvalidArgument);
    }

    #[cfg(feature = "train")]
    #[test]
    fn level_9_trains_a_network_on_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("counter.bin");
        let bytes: Vec<u8> = (0..70_000u32).flat_map(|i| (i / 3 * (i % 7)).to_le_bytes()).collect();
        std::fs::write(&file, &bytes).unwrap();
        let schema = Schema::new(4, vec![Field::new("n", DType::U32, 0)]).unwrap();
        let bench = Bench { runs: 1, train_seconds: 1.5, schema: Some(schema), ..Bench::default() };
        let figures = |name| match bench.measure(name, &file).unwrap().outcome {
            Outcome::Figures(figures) => figures,
            Outcome::Failed(reason) => panic!("{reason}"),
        };
        let (eight, nine) = (figures("vortex -8"), figures("vortex -9"));
        assert!(nine.bytes <= eight.bytes, "{nine:?} {eight:?}");
        // The training is part of the time.
        assert!(nine.encode.median > 1.5, "{nine:?}");
    }

    #[test]
    fn rows_come_back_from_json() {
        let failed =
            Row { codec: "x".into(), ours: false, outcome: Outcome::Failed("because".into()) };
        let text = serde_json::to_string(&failed).unwrap();
        assert_eq!(text, r#"{"codec":"x","ours":false,"failed":"because"}"#);
        assert!(serde_json::from_str::<Row>(&text).is_ok());
    }
}
