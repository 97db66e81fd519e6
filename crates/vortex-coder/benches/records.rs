//! Records to symbols and back, compared with a memcpy of the same bytes.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use vortex_coder::schema::{DecimalGrid, Law, LawForm, Order, Predicted, Term};
use vortex_coder::{DType, Field, FieldCoding, RecordLayout, Schema};

const RECORDS: usize = 20_000;
const FIELDS: usize = 12;

/// Twelve float32, all coded in the same way except the first, which may be the root of the squares
/// of the next three.
fn schema(coding: &FieldCoding, law: bool) -> Schema {
    let field = |i: usize| Field {
        coding: coding.clone(),
        ..Field::new(format!("f{i}"), DType::F32, 4 * i as u32)
    };
    let schema = Schema::new(4 * FIELDS, (0..FIELDS).map(field).collect()).expect("no overlap");
    let terms = (1..4).map(|field| Term { field, minus: false }).collect();
    let law = law.then_some(Law { form: LawForm::RootOfSquares, constant: 0, terms });
    let law = law.map(|law| (0, Predicted::Law(law)));
    schema.with_predictions(law).expect("a float")
}

/// Numbers with three decimals that change little from one record to the next.
fn numbers() -> Vec<u8> {
    let mut state = 1u64;
    let mut at = [31.25f32; FIELDS];
    let mut bytes = Vec::new();
    for _ in 0..RECORDS {
        for x in &mut at {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(99);
            *x = (*x + (state >> 54) as f32 / 64.0 - 8.0).clamp(-1000.0, 1000.0);
            bytes.extend(((*x * 1000.0).round() / 1000.0).to_le_bytes());
        }
    }
    bytes
}

fn records(c: &mut Criterion) {
    let bytes = numbers();
    let printed = |order| FieldCoding::Number { grid: DecimalGrid::new(7, 3), order };
    let near = Order::Ordered(Predicted::RecordBefore);
    for (name, coding, law) in [
        ("most significant first", FieldCoding::MSB_FIRST, false),
        ("in order", FieldCoding::ORDERED, false),
        ("near the record before", FieldCoding::Number { grid: None, order: near }, false),
        ("one of twelve with a law", FieldCoding::MSB_FIRST, true),
        ("decimals", printed(Order::MsbFirst), false),
    ] {
        let layout = RecordLayout::new(schema(&coding, law));
        let stride = layout.stride();
        let mut symbols = Vec::new();
        layout.records_to_symbols(&bytes, &mut symbols);
        let mut group = c.benchmark_group(name);
        group.sample_size(30).throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function("to symbols", |b| {
            b.iter(|| {
                symbols.clear();
                layout.records_to_symbols(black_box(&bytes), &mut symbols);
            });
        });
        let mut back = vec![0; bytes.len()];
        let mut to_records = || {
            let mut before: Option<&[u8]> = None;
            let records = back.chunks_exact_mut(stride);
            for (record, symbols) in records.zip(black_box(&symbols).chunks_exact(stride)) {
                layout.to_record(before, symbols, record);
                before = Some(record);
            }
        };
        to_records();
        group.bench_function("to records", |b| b.iter(&mut to_records));
        assert_eq!(back, bytes, "{name}");
    }
    let mut group = c.benchmark_group("memcpy");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("copy", |b| b.iter(|| black_box(&bytes).clone()));
}

criterion_group!(benches, records);
criterion_main!(benches);
