//! Whole files: synthetic jets through the container with one thread, beside zstd, gzip, xz and a
//! memcpy of the same bytes in the same run.
//!
//! The network has random weights: its speed does not depend on them, its sizes mean nothing here.

use std::hint::black_box;
use std::io::{Read, Write};
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use vortex_coder::Model;
use vortex_coder::container::{Coder, OneModel, Reader, ReaderOptions, Writer, WriterOptions};
use vortex_data::synthetic::SyntheticJets;
use vortex_infer::random::{Sizes, network};
use vortex_infer::{Instructions, IntModel};

const RECORDS: u64 = 10_000;

type Code = Box<dyn Fn(&[u8]) -> Vec<u8>>;

/// Name, encoder, decoder.
type Peer = (&'static str, Code, Code);

fn vortex(name: &'static str, coder: Coder, models: ReaderOptions) -> Peer {
    let mut options = WriterOptions::new(coder);
    options.zstd_level = None;
    let encode = move |bytes: &[u8]| {
        let mut writer = Writer::new(Vec::new(), options.clone()).expect("valid options");
        writer.write_all(bytes).expect("memory takes it");
        writer.finish().expect("memory takes it").0
    };
    let decode = move |file: &[u8]| {
        let mut out = Vec::new();
        Reader::new(file, models.clone()).copy_to(&mut out).expect("it was just written");
        out
    };
    (name, Box::new(encode), Box::new(decode))
}

fn peers() -> Vec<Peer> {
    let schema = SyntheticJets::schema();
    let net = network(schema.clone(), Sizes { n_tables: 16, ..Sizes::default() }, 1);
    let model: Arc<dyn Model> = Arc::new(
        IntModel::new(net, Instructions::detect()).expect("a random network is well-formed"),
    );
    let with_model =
        ReaderOptions { models: Arc::new(OneModel(Arc::clone(&model))), ..Default::default() };
    let read_all = |mut from: Box<dyn Read + '_>| {
        let mut out = Vec::new();
        from.read_to_end(&mut out).expect("it was just written");
        out
    };
    vec![
        vortex("vortex network", Coder::Model(model), with_model),
        vortex("vortex adaptive", Coder::adaptive(schema), ReaderOptions::default()),
        (
            "zstd -3",
            Box::new(|b| zstd::bulk::compress(b, 3).expect("memory takes it")),
            Box::new(move |f| read_all(Box::new(zstd::Decoder::new(f).expect("valid")))),
        ),
        (
            "gzip -6",
            Box::new(|b| {
                let mut w = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
                w.write_all(b).and_then(|()| w.finish()).expect("memory takes it")
            }),
            Box::new(move |f| read_all(Box::new(flate2::read::GzDecoder::new(f)))),
        ),
        (
            "xz -6",
            Box::new(|b| {
                let mut w = liblzma::write::XzEncoder::new(Vec::new(), 6);
                w.write_all(b).and_then(|()| w.finish()).expect("memory takes it")
            }),
            Box::new(move |f| read_all(Box::new(liblzma::read::XzDecoder::new(f)))),
        ),
        ("memcpy", Box::new(<[u8]>::to_vec), Box::new(<[u8]>::to_vec)),
    ]
}

fn codec(c: &mut Criterion) {
    let mut jets = Vec::new();
    SyntheticJets::new(1).write(RECORDS, &mut jets).expect("memory takes it");
    for (name, encode, decode) in peers() {
        let packed = encode(&jets);
        assert_eq!(decode(&packed), jets, "{name}");
        let mut group = c.benchmark_group(name);
        group.sample_size(10).throughput(Throughput::Bytes(jets.len() as u64));
        group.bench_function("encode", |b| b.iter(|| encode(black_box(&jets))));
        group.bench_function("decode", |b| b.iter(|| decode(black_box(&packed))));
    }
}

criterion_group!(benches, codec);
criterion_main!(benches);
