//! Coding speed of the default small network, and the ceiling of the machine for its products.
//!
//! `gemm` is only the kernel on the shapes in use, with weights in cache: the ceiling. `step` codes
//! records with the whole network; its throughput is in multiply-adds, so that both can be
//! compared.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use vortex_coder::Model;
use vortex_coder::schema::{DType, Field, Schema};
use vortex_coder::{encode_records, measure_records};
use vortex_infer::random::{Sizes, network, symbols};
use vortex_infer::{Gemm, Instructions, IntModel};

const LANES: usize = 64;
const RECORDS: usize = 4096;

fn model(instructions: Instructions) -> (IntModel, Vec<u8>) {
    let field = |i: usize| Field::new(format!("f{i}"), DType::F32, 4 * i as u32);
    let schema = Schema::new(48, (0..12).map(field).collect()).expect("twelve floats");
    let mut net = network(schema, Sizes { window: 96, ..Sizes::default() }, 1);
    net.flat.fill(false);
    let model = IntModel::new(net, instructions).expect("a random network is well-formed");
    let bytes = symbols(model.layout(), RECORDS, 2);
    (model, bytes)
}

fn available() -> impl Iterator<Item = Instructions> {
    Instructions::ALL.into_iter().filter(|l| l.is_available())
}

fn gemm(c: &mut Criterion) {
    let mut group = c.benchmark_group("gemm");
    for instructions in available() {
        for (n_in, n_out) in [(64, 192), (64, 384), (192, 64), (64, 256), (128, 64)] {
            let mut gemm = Gemm::new(LANES, n_in, n_out, instructions);
            group.throughput(Throughput::Elements((LANES * n_in * n_out) as u64));
            group.bench_function(format!("{}/{n_in}x{n_out}", instructions.name()), |b| {
                b.iter(|| gemm.run()[0]);
            });
        }
    }
}

fn step(c: &mut Criterion) {
    let mut group = c.benchmark_group("step");
    group.sample_size(10);
    for instructions in available() {
        let (model, bytes) = model(instructions);
        let work = model.multiply_adds_per_record() * RECORDS as u64;
        group.throughput(Throughput::Elements(work));
        group.bench_function(format!("{}/multiply-adds", instructions.name()), |b| {
            b.iter(|| measure_records(&mut *model.predictor(), model.layout(), &bytes, LANES));
        });
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(format!("{}/encode", instructions.name()), |b| {
            b.iter(|| encode_records(&mut *model.predictor(), model.layout(), &bytes, LANES));
        });
    }
}

criterion_group!(benches, gemm, step);
criterion_main!(benches);
