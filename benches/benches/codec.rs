//! Whole files: synthetic jets through every level, a trained network, and other codecs, in the same run.
//!
//! Before a codec is timed, its bits per byte are printed, and for Vortex every block must have been coded by
//! the predictor in question: a network that codes nothing, or a block that is stored, is no measurement of it.
//! The network is trained first, on other jets, for some seconds. Vortex runs with one thread and with all.

use std::hint::black_box;
use std::io::Cursor;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use vortex_codec::baselines::{Choice, list};
use vortex_codec::coder::Identity;
use vortex_codec::coder::container::{IndexedReader, ReaderOptions};
use vortex_codec::data::synthetic::SyntheticJets;
use vortex_codec::data::{RecordFile, RecordSet};
use vortex_codec::inspection::count_blocks;
use vortex_codec::train::{Silent, TrainConfig, train};
use vortex_codec::{Compressor, Decompressor, Level, Mix, Schema, TrainedModel};

/// Bytes to code: several blocks, so that threads have work.
const BYTES: usize = 512 << 10;
const BLOCK_BYTES: u32 = 128 << 10;
/// Bytes to train on, and steps of the training.
const TRAINING: (usize, u64) = (2 << 20, 150);

/// About `len` bytes of whole records.
fn jets(seed: u64, len: usize) -> Vec<u8> {
    SyntheticJets::generate(seed, len / SyntheticJets::schema().stride())
}

/// A network that knows such jets a little: `configs/cpu_small.yaml` with few steps.
fn trained() -> TrainedModel {
    let schema = SyntheticJets::schema();
    let jets = jets(2, TRAINING.0);
    let file = RecordFile::from_bytes("jets", jets, schema.clone());
    let records = RecordSet::new(schema, vec![file]).expect("whole records");
    let mut config = TrainConfig::default();
    config.budget.max_steps = Some(TRAINING.1);
    config.budget.max_seconds = None;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = folder.path().join("run");
    let cancel = AtomicBool::new(false);
    let summary = train(&config, &records, &run, &mut Silent, &cancel, false).expect("it trains");
    let model = summary.model.expect("it was not stopped");
    TrainedModel::open(model.path).expect("it was just written")
}

/// Prints bits per byte, and stops unless every block was coded by a network, or by the built-in predictor.
fn check(name: &str, packed: &[u8], len: usize, by_network: bool) {
    let reader = IndexedReader::open(Cursor::new(packed), ReaderOptions::default());
    let mut reader = reader.expect("it was just written");
    let identity = reader.members().next().expect("one member").predictor;
    let network = matches!(identity, Some(Identity::Network(_)));
    assert_eq!(network, by_network, "{name} was coded with {identity:?}");
    let blocks = count_blocks(&mut reader, 0).expect("it was just written");
    assert_eq!((blocks.zstd, blocks.raw), (0, 0), "{name} has blocks without its predictor");
    println!("{name}: {} bits/byte, {} blocks", bits(packed.len(), len), blocks.modelled);
}

fn bits(packed: usize, len: usize) -> String {
    format!("{:.4}", packed as f64 * 8.0 / len as f64)
}

fn group(
    c: &mut Criterion,
    name: &str,
    len: usize,
    encode: impl Fn() -> Vec<u8>,
    decode: impl Fn() -> Vec<u8>,
) {
    let mut group = c.benchmark_group(name);
    group.sample_size(10).throughput(Throughput::Bytes(len as u64));
    group.warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(3));
    group.bench_function("encode", |b| b.iter(|| black_box(encode())));
    group.bench_function("decode", |b| b.iter(|| black_box(decode())));
}

fn vortex(
    c: &mut Criterion,
    name: &str,
    jets: &[u8],
    compressor: &Compressor,
    model: Option<&TrainedModel>,
) {
    for (threads, word) in [(1, "1 thread"), (0, "all threads")] {
        let name = format!("{name}, {word}");
        let compressor = compressor.clone().threads(threads).block_bytes(BLOCK_BYTES).verify(false);
        let encode = || {
            let mut packed = Vec::new();
            compressor.compress(jets, &mut packed).expect("memory takes it");
            packed
        };
        let packed = encode();
        let mut decompressor = Decompressor::new().threads(threads);
        if let Some(model) = model {
            decompressor = decompressor.model(model.clone());
        }
        let decode = || {
            let mut back = Vec::with_capacity(jets.len());
            decompressor.decompress(&packed[..], &mut back).expect("it was just written");
            back
        };
        assert!(decode() == jets, "{name}");
        check(&name, &packed, jets.len(), model.is_some());
        group(c, &name, jets.len(), encode, decode);
    }
}

fn codec(c: &mut Criterion) {
    let jets = jets(1, BYTES);
    let schema: Schema = SyntheticJets::schema();
    let model = trained();
    let network = Compressor::new().model(model.clone()).mix(Mix::Never);
    vortex(c, "vortex network", &jets, &network, Some(&model));
    for number in 1..=8 {
        let level = Level::new(number).expect("1 to 9");
        let compressor = Compressor::new().level(level).schema(schema.clone());
        vortex(c, &format!("vortex -{number}"), &jets, &compressor, None);
    }
    for codec in list(Choice::Wide) {
        let name = codec.name();
        let packed = codec.compress(&jets, &schema).expect("memory takes it");
        let decode = || codec.decompress(&packed, jets.len(), &schema).expect("it was just made");
        assert!(decode() == jets, "{name}");
        println!("{name}: {} bits/byte", bits(packed.len(), jets.len()));
        let encode = || codec.compress(&jets, &schema).expect("memory takes it");
        group(c, name, jets.len(), encode, decode);
    }
    group(c, "memcpy", jets.len(), || jets.clone(), || jets.clone());
}

criterion_group!(benches, codec);
criterion_main!(benches);
