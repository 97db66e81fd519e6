//! Data and models for the tests of the container.
#![allow(dead_code, clippy::cast_possible_truncation)]

pub mod formulas;
pub mod golden_records;

use std::io::{Cursor, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use vortex_coder::container::{
    Coder, IndexedReader, ModelLoader, OneModel, Reader, ReaderOptions, Summary, Writer,
    WriterOptions,
};
use vortex_coder::{
    BlockCoder, Cdf, Coding, DType, Error, ErrorKind, Field, Identity, LaneCoder, Model, Predictor,
    RecordLayout, Result, Schema,
};

/// A xorshift generator: the same numbers on every machine.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }
    pub fn bytes(&mut self, n: usize) -> Vec<u8> {
        (0..n).map(|_| (self.next() >> 56) as u8).collect()
    }
}

/// Records of 11 bytes: an id, a falling spectrum, a label.
pub fn schema() -> Schema {
    let fields = vec![
        Field::new("id", DType::U32, 0),
        Field::new("pt", DType::F32, 4),
        Field::new("label", DType::U8, 8),
        Field::new("charge", DType::I16, 9),
    ];
    Schema::new(11, fields).expect("a valid schema")
}

pub fn records(n: usize, seed: u64) -> Vec<u8> {
    let mut random = Random(seed);
    let mut out = Vec::with_capacity(n * 11);
    for id in 0..n as u32 {
        let draw = random.next();
        out.extend((1000 + id).to_le_bytes());
        out.extend((20.0 + (draw % 4096) as f32 / 64.0).to_le_bytes());
        out.push((draw >> 40) as u8 % 5);
        out.extend((if draw >> 63 == 0 { 1i16 } else { -1 }).to_le_bytes());
    }
    out
}

pub fn small_blocks(coder: Coder) -> WriterOptions {
    WriterOptions { block_bytes: 1024, ..WriterOptions::new(coder) }
}

/// As [`small_blocks`], with headers, an index and a footer however short the data are.
pub fn ordinary(coder: Coder) -> WriterOptions {
    WriterOptions { short: false, ..small_blocks(coder) }
}

pub fn encode(bytes: &[u8], options: WriterOptions) -> (Vec<u8>, Summary) {
    let mut writer = Writer::new(Vec::new(), options).expect("options");
    writer.write_all(bytes).expect("writing");
    writer.finish().expect("finishing")
}

/// Writes all of `bytes`; errors are converted back to those of the crate.
pub fn write(writer: &mut Writer<impl Write>, bytes: &[u8]) -> Result<()> {
    Ok(writer.write_all(bytes)?)
}

pub fn decode_with(file: &[u8], options: ReaderOptions) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let summary = Reader::new(file, options).copy_to(&mut out)?;
    assert_eq!(summary.original_bytes, out.len() as u64);
    assert_eq!(summary.compressed_bytes, file.len() as u64);
    Ok(out)
}

pub fn decode(file: &[u8]) -> Result<Vec<u8>> {
    decode_with(file, ReaderOptions::default())
}

/// Decodes everything through the index, and reads everything that an inspection reads.
pub fn decode_indexed(file: &[u8], options: ReaderOptions) -> Result<Vec<u8>> {
    let mut reader = IndexedReader::open(Cursor::new(file), options)?;
    let n_members = reader.members().len();
    for member in 0..n_members {
        reader.blocks(member)?;
        reader.embedded_model(member)?;
    }
    let len = usize::try_from(reader.len()).map_err(|_| Error::limit_exceeded("length"))?;
    reader.read_range(0, len)
}

/// A model "file" that is only a seed; its predictor mixes the seed into an order-0 count.
pub struct SeedModel {
    layout: RecordLayout,
    file: Vec<u8>,
    made: AtomicUsize,
    /// Every predictor except the first differs: this simulates a faulty machine.
    pub faulty: bool,
    pub panics: bool,
}

impl SeedModel {
    pub fn new(seed: u8) -> Self {
        let file = vec![seed; 100];
        Self {
            layout: RecordLayout::new(schema()),
            file,
            made: AtomicUsize::new(0),
            faulty: false,
            panics: false,
        }
    }
    pub fn file(&self) -> Arc<[u8]> {
        self.file.as_slice().into()
    }
}

impl Model for SeedModel {
    fn identity(&self) -> Identity {
        Identity::Network(*blake3::hash(&self.file).as_bytes())
    }
    fn layout(&self) -> &RecordLayout {
        &self.layout
    }
    fn coder(&self) -> Box<dyn BlockCoder + '_> {
        Box::new(LaneCoder::new(&self.layout, Box::new(self.counts())))
    }
    fn lanes_predictor(&self) -> Option<Box<dyn Predictor + '_>> {
        Some(Box::new(self.counts()))
    }
}

impl SeedModel {
    fn counts(&self) -> Counts {
        let made = self.made.fetch_add(1, Ordering::Relaxed);
        let bias = if self.faulty { made as u32 } else { 0 } + u32::from(self.file[0]);
        let counts = vec![[0; 256]; self.layout.roles().len()];
        Counts { bias, role: 0, counts, panics: self.panics }
    }
}

struct Counts {
    bias: u32,
    role: usize,
    counts: Vec<[u32; 256]>,
    panics: bool,
}

impl Predictor for Counts {
    fn begin(&mut self, _lanes: usize) {
        assert!(!self.panics, "on purpose");
        self.role = 0;
        for counts in &mut self.counts {
            *counts = [1; 256];
            counts[self.bias as usize % 256] += 5;
        }
    }
    fn predict(&mut self, active: usize, out: &mut [Cdf]) -> Coding {
        for cdf in &mut out[..active] {
            cdf.set_weights(&self.counts[self.role]);
        }
        Coding::Modelled
    }
    fn update(&mut self, symbols: &[u8]) {
        for &symbol in symbols {
            self.counts[self.role][usize::from(symbol)] += 32;
        }
        self.role = (self.role + 1) % self.counts.len();
    }
}

/// Opens "model files" of [`SeedModel`].
pub struct SeedLoader;

impl ModelLoader for SeedLoader {
    fn by_digest(&self, digest: [u8; 32]) -> Result<Arc<dyn Model>> {
        OneModel(Arc::new(SeedModel::new(1))).by_digest(digest)
    }
    fn from_bytes(&self, bytes: &[u8]) -> Result<Arc<dyn Model>> {
        match bytes {
            [seed, ..] => Ok(Arc::new(SeedModel::new(*seed))),
            [] => Err(Error::corrupt("an empty model")),
        }
    }
}

pub fn with_models() -> ReaderOptions {
    ReaderOptions { models: Arc::new(SeedLoader), ..ReaderOptions::default() }
}

/// Both ways of reading. Their errors may differ in kind, but their bytes must be equal.
pub fn both(file: &[u8]) -> [Result<Vec<u8>>; 2] {
    [decode_with(file, with_models()), decode_indexed(file, with_models())]
}

/// Kinds of errors that are allowed for a damaged file.
pub fn blames_the_file(kind: ErrorKind) -> bool {
    use ErrorKind::*;
    matches!(
        kind,
        Corrupt | Truncated | ChecksumMismatch | UnsupportedVersion | NotVxc | TrailingData
    )
}
