//! Measuring a compressor on data: a real compressed file, decoded and compared, the predictor's own
//! cross-entropy and, with the feature `baselines`, other codecs on the same bytes.

mod ledger;
mod portion;
mod results;

use std::io::Cursor;
use std::time::Instant;

use vortex_coder::Identity;
use vortex_coder::container::IndexedReader;
use vortex_coder::cost::COST_ONE_BIT;

#[cfg(feature = "baselines")]
use crate::baselines::{self, Choice};
use crate::compressor::Compressor;
use crate::decompressor::Decompressor;
use crate::error::{Error, ErrorKind, Result};
use crate::inspection::{costs_by_role, count_blocks, field_rows};
use crate::plan::{Part, Subject};

pub use ledger::{Cause, Coding, Stored};
pub use portion::Portion;
pub use results::{CodecRow, FailedCodec, Results, RoleRow};

/// Most bytes on which the entropies of fields are counted.
const FIELD_BYTES: usize = 64 << 20;

/// What to measure, and its name in the results.
pub struct Evaluation<'a> {
    compressor: &'a Compressor,
    data: String,
    part: String,
    #[cfg(feature = "baselines")]
    baselines: Choice,
    say: Box<dyn FnMut(&str) + 'a>,
}

impl<'a> Evaluation<'a> {
    /// An evaluation of this compressor, without its verification.
    pub fn of(compressor: &'a Compressor) -> Self {
        Self {
            compressor,
            data: "data".into(),
            part: "all data".into(),
            #[cfg(feature = "baselines")]
            baselines: Choice::None,
            say: Box::new(|_| {}),
        }
    }

    /// Names for the results: of the data, and of the part of it that is measured.
    #[must_use]
    pub fn named(mut self, data: impl Into<String>, part: impl Into<String>) -> Self {
        (self.data, self.part) = (data.into(), part.into());
        self
    }

    /// Other codecs to run on the same bytes.
    #[cfg(feature = "baselines")]
    #[must_use]
    pub fn baselines(mut self, choice: Choice) -> Self {
        self.baselines = choice;
        self
    }

    /// A function that gets the name of each step before it starts.
    #[must_use]
    pub fn on_step(mut self, say: impl FnMut(&str) + 'a) -> Self {
        self.say = Box::new(say);
        self
    }

    /// Runs the measurement.
    ///
    /// # Errors
    /// As for compressing and decompressing, and [`ErrorKind::VerifyFailed`]. Another codec that fails is among
    /// [`Results::failed`].
    pub fn run(mut self, bytes: &[u8]) -> Result<Results> {
        let compressor = self.compressor.clone().verify(false);
        (self.say)("vortex");
        let start = Instant::now();
        let plan = compressor.plan(Subject::Bytes(bytes))?;
        let part = plan.first();
        let mut packed = Vec::new();
        compressor.compress_as(&plan, bytes, &mut packed)?;
        let encode_s = start.elapsed().as_secs_f64();
        let start = Instant::now();
        let mut back = Vec::with_capacity(bytes.len());
        self.decompressor().decompress(packed.as_slice(), &mut back)?;
        let decode_s = start.elapsed().as_secs_f64();
        if back != bytes {
            let message = "decompression did not give back the same bytes; please report this";
            return Err(Error::new(ErrorKind::VerifyFailed, message));
        }
        drop(back);

        (self.say)("cross-entropy");
        let (roles, cross_entropy_bits) = self.cross_entropy(bytes, part)?;

        (self.say)("entropies");
        let sample = &bytes[..bytes.len().min(FIELD_BYTES)];
        let by_field = field_rows(sample, part.schema());

        let model = compressor.request.model.as_ref();
        let name = if model.is_some() { "vortex" } else { "vortex (no model)" };
        let size = packed.len() as u64;
        #[allow(unused_mut)] // alone without baselines
        let mut codecs = vec![CodecRow { name: name.into(), bytes: size, encode_s, decode_s }];
        #[allow(unused_mut)]
        let mut failed = Vec::new();
        let coding = match part.predictor().map(|predictor| predictor.identity()) {
            None => Coding::Plain,
            Some(Identity::Columns) => Coding::Columns,
            Some(_) => Coding::Predictor,
        };
        let stored = Stored { coding, ..self.stored(&packed)? };
        drop(packed);
        #[cfg(feature = "baselines")]
        self.measure_baselines(bytes, part.schema(), &mut codecs, &mut failed);
        Ok(Results {
            data: self.data,
            part: self.part,
            bytes: bytes.len() as u64,
            blake3: blake3::hash(bytes).to_hex().to_string(),
            stride: part.schema().stride(),
            fields: part.schema().fields().len(),
            model: model.and_then(|model| Some(model.path()?.display().to_string())),
            model_bytes: model.and_then(|model| model.bytes()).map_or(0, |b| b.len() as u64),
            codecs,
            failed,
            stored,
            cross_entropy_bits,
            float_bits: None,
            roles,
            by_field,
            field_bytes: sample.len() as u64,
        })
    }

    /// Appends the results of other codecs on the same bytes, and the reasons of those that failed.
    #[cfg(feature = "baselines")]
    fn measure_baselines(
        &mut self,
        bytes: &[u8],
        schema: &vortex_coder::Schema,
        codecs: &mut Vec<CodecRow>,
        failed: &mut Vec<FailedCodec>,
    ) {
        // If Vortex uses regions, the other codecs get the detected records.
        let detected = (*schema == vortex_coder::Schema::bytes())
            .then(|| vortex_data::detect::detect(bytes).schema);
        let schema = detected.as_ref().unwrap_or(schema);
        for codec in baselines::list(self.baselines) {
            (self.say)(codec.name());
            match measured(codec.as_ref(), bytes, schema) {
                Ok(row) => codecs.push(row),
                Err(row) => failed.push(row),
            }
        }
    }

    /// The bytes of a compressed file by purpose.
    fn stored(&self, packed: &[u8]) -> Result<Stored> {
        let options = self.decompressor().reader_options();
        let mut reader = IndexedReader::open(Cursor::new(packed), options)?;
        let mut stored = Stored::default();
        let embedded: Vec<u32> = reader.members().map(|member| member.model_bytes).collect();
        for (member, model) in embedded.into_iter().enumerate() {
            let blocks = count_blocks(&mut reader, member)?;
            stored.payload += blocks.payload_bytes;
            stored.model += u64::from(model);
            stored.modelled_blocks += blocks.modelled;
            stored.other_blocks += blocks.zstd + blocks.raw;
        }
        stored.container = packed.len() as u64 - stored.payload - stored.model;
        Ok(stored)
    }

    fn decompressor(&self) -> Decompressor {
        let decompressor = Decompressor::new().threads(self.compressor.threads);
        match &self.compressor.request.model {
            Some(model) => decompressor.model(model.clone()),
            None => decompressor,
        }
    }

    /// The mean cost of each role, and the cost of all bytes, in bits.
    fn cross_entropy(&self, bytes: &[u8], part: &Part) -> Result<(Vec<RoleRow>, f64)> {
        let Some(predictor) = part.predictor() else { return Ok((Vec::new(), 0.0)) };
        let costs = costs_by_role(bytes, &*predictor, part.block_bytes, self.compressor.threads)?;
        let (layout, schema) = (predictor.layout(), part.schema());
        let records = bytes.len() / schema.stride();
        let bits = |cost: u64| cost as f64 / f64::from(COST_ONE_BIT);
        let roles = layout.roles().iter().zip(&costs).map(|(role, &cost)| RoleRow {
            field: schema.fields()[usize::from(role.field)].name.clone(),
            significance: role.rank,
            bits: bits(cost) / records.max(1) as f64,
        });
        let tail_bits = (bytes.len() % schema.stride()) as f64 * 8.0;
        Ok((roles.collect(), costs.iter().map(|&c| bits(c)).sum::<f64>() + tail_bits))
    }
}

/// The figures of a codec, or why it has none.
#[cfg(feature = "baselines")]
fn measured(
    codec: &dyn baselines::Codec,
    bytes: &[u8],
    schema: &vortex_coder::Schema,
) -> std::result::Result<CodecRow, FailedCodec> {
    baselines::measure(codec, bytes, schema).map(Into::into).map_err(|error| {
        let name = codec.name().to_owned();
        let message = error.message();
        let reason = message.strip_prefix(&format!("{name}: ")).unwrap_or(message).to_owned();
        FailedCodec { name, reason }
    })
}

/// Measures a compressor on bytes: compresses, decodes, compares, and finds the cost of each field.
///
/// ```
/// use vortex_codec::{Compressor, evaluate};
///
/// # fn main() -> vortex_codec::Result<()> {
/// # use vortex_codec::{DType, Field, Schema};
/// # let bytes: Vec<u8> = (0..3000u32).flat_map(|i| [i.to_le_bytes(), (i % 7).to_le_bytes()].concat()).collect();
/// # let schema = Schema::new(8, vec![Field::new("i", DType::U32, 0), Field::new("n", DType::U32, 4)])?;
/// let results = evaluate(&bytes, &Compressor::new().schema(schema))?;
/// println!("{:.3} bits/byte", results.bits_per_byte());
/// # assert!(results.bits_per_byte() < 2.0 && results.roles.len() == 8);
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`Evaluation::run`].
pub fn evaluate(bytes: &[u8], compressor: &Compressor) -> Result<Results> {
    Evaluation::of(compressor).run(bytes)
}

#[cfg(all(test, feature = "baselines"))]
mod tests {
    use super::*;
    use vortex_coder::{DType, Field, Schema};

    /// Forgets the last byte, or says that it cannot.
    struct Forgetful(bool);

    impl baselines::Codec for Forgetful {
        fn name(&self) -> &'static str {
            "forgetful"
        }
        fn compress(&self, data: &[u8], _: &Schema) -> baselines::Outcome<Vec<u8>> {
            if self.0 { Ok(data[1..].to_vec()) } else { Err("no memory".into()) }
        }
        fn decompress(&self, packed: &[u8], _: usize, _: &Schema) -> baselines::Outcome<Vec<u8>> {
            Ok(packed.to_vec())
        }
    }

    #[test]
    fn a_codec_that_fails_has_a_reason_and_no_figures() {
        for (gives, reason) in [(true, "did not give back the same bytes"), (false, "no memory")] {
            let failed = measured(&Forgetful(gives), b"abc", &Schema::bytes()).unwrap_err();
            assert_eq!((&*failed.name, &*failed.reason), ("forgetful", reason));
        }
    }

    #[test]
    fn every_bit_of_the_file_has_a_cause() {
        let bytes: Vec<u8> = (0..9000u32).flat_map(|i| (i * i / 7).to_le_bytes()).collect();
        let schema = Schema::new(4, vec![Field::new("x", DType::U32, 0)]).unwrap();
        let compressor = Compressor::new().schema(schema);
        let mut results = Evaluation::of(&compressor).run(&bytes).unwrap();
        assert_eq!(results.blake3, blake3::hash(&bytes).to_hex().as_str());
        assert_eq!((results.by_field.len(), results.field_bytes), (1, 36_000));
        assert!(results.stored.payload > 0 && results.stored.container > 60);
        let file = results.codecs[0].bytes as f64 * 8.0;
        for float in [None, Some(results.cross_entropy_bits * 0.99)] {
            results.float_bits = float;
            let sum: f64 = results.ledger().iter().map(|(_, bits)| bits).sum();
            assert!((sum - file).abs() < 1e-6, "{:?}", results.ledger());
            assert_eq!(results.ledger().len(), if float.is_some() { 4 } else { 3 });
        }
    }

    #[test]
    fn columns_and_plain_payloads_have_no_cross_entropy() {
        let bytes: Vec<u8> = (0..9000u32).flat_map(|i| (i * i / 7).to_le_bytes()).collect();
        let schema = Schema::new(4, vec![Field::new("x", DType::U32, 0)]).unwrap();
        let cases = [(schema, Coding::Columns, 3), (Schema::bytes(), Coding::Plain, 2)];
        for (schema, coding, lines) in cases {
            let compressor = Compressor::new().schema(schema).level(crate::Level::new(2).unwrap());
            let results = Evaluation::of(&compressor).run(&bytes).unwrap();
            let ledger = results.ledger();
            assert_eq!((results.stored.coding, ledger.len()), (coding, lines), "{ledger:?}");
            let sum: f64 = ledger.iter().map(|(_, bits)| bits).sum();
            assert!((sum - results.codecs[0].bytes as f64 * 8.0).abs() < 1e-6, "{ledger:?}");
            assert!(!ledger.iter().any(|(cause, _)| *cause == Cause::Predictor));
            assert_eq!(results.overhead(), None);
        }
    }
}
