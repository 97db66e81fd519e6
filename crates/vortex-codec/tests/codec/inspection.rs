//! What files say about themselves.

use std::io::Cursor;

use vortex_codec::inspection::{Compressed, RawData};
use vortex_codec::{Compressor, Decompressor, ErrorKind, Schema};
use vortex_coder::container::IndexedReader;

use super::bench::{STRIDE, model, modelled_records, records, schema};

/// The facts of a compressed file, without any model beside it.
fn facts(file: &[u8]) -> vortex_codec::Result<Compressed> {
    let decompressor = Decompressor::new().threads(1);
    let mut reader = IndexedReader::open(Cursor::new(file), decompressor.reader_options())?;
    Compressed::of(&mut reader, 1)
}

#[test]
fn costs_of_the_largest_member_and_blocks_of_each() {
    let (small, large) = (records(STRIDE * 10), records(STRIDE * 3000));
    let mut file = Vec::new();
    let compressor = Compressor::new().schema(schema()).block_bytes(16 << 10);
    compressor.compress(small.as_slice(), &mut file).unwrap();
    compressor.compress(large.as_slice(), &mut file).unwrap();
    let facts = facts(&file).unwrap();
    assert_eq!(facts.original_bytes, (small.len() + large.len()) as u64);
    assert_eq!((facts.file_bytes, facts.members.len()), (file.len() as u64, 2));
    let blocks: Vec<usize> = facts.counts.iter().map(|c| c.modelled + c.zstd + c.raw).collect();
    assert_eq!(blocks, [1, large.len().div_ceil((16 << 10) / STRIDE * STRIDE)]);
    let (number, costs) = facts.costs.unwrap();
    let costs = costs.unwrap();
    assert_eq!((number, costs.sample_bytes), (1, large.len() as u64));
    let bits: f64 = costs.bits.unwrap().iter().flatten().sum::<f64>() * 3000.0;
    let payload = 8.0 * facts.counts[1].payload_bytes as f64;
    assert!((0.9..1.1).contains(&(bits / payload)), "{bits} bits, {payload} stored");
    assert!(self::facts(b"").is_err());
}

#[test]
fn a_missing_model_hides_only_the_costs() {
    let data = modelled_records(STRIDE * 2000);
    let mut file = Vec::new();
    // A member of several blocks, whose header has the schema.
    let compressor = Compressor::new().model(model()).block_bytes(16 << 10);
    compressor.compress(data.as_slice(), &mut file).unwrap();
    let facts = facts(&file).unwrap();
    assert_eq!((facts.members.len(), facts.counts.len()), (1, 1));
    let (number, costs) = facts.costs.unwrap();
    assert_eq!((number, costs.unwrap_err().kind()), (0, ErrorKind::MissingModel));
    // The header of the last block stands in the last quarter of the file.
    let headers = (file.len() / 4 * 3..file.len()).filter(|&at| {
        let mut damaged = file.clone();
        damaged[at] ^= 1;
        self::facts(&damaged).is_err()
    });
    assert!(headers.count() > 20);
}

#[test]
fn raw_data_with_and_without_records() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let described = folder.path().join("records.yaml");
    std::fs::write(&data, [records(STRIDE * 500), vec![0; 3]].concat()).unwrap();
    std::fs::write(&described, vortex_codec::data::sidecar::to_yaml(&schema())).unwrap();
    let raw = RawData::read(&data, Some(&described)).unwrap();
    assert_eq!(raw.origin, format!("from {}", described.display()));
    assert_eq!(
        (raw.stride(), raw.total, raw.sample_bytes()),
        (STRIDE as u64, 500 * STRIDE as u64 + 3, raw.total)
    );
    assert!(raw.stretches().is_empty() && raw.schema.same_records(&schema()));
    let fields = raw.fields();
    assert_eq!(fields.len(), raw.entropies().len());
    let of_fields = raw.bits_per_byte(fields.iter().flat_map(|row| &row.symbol_entropy));
    assert_eq!(of_fields, raw.bits_per_byte(raw.entropies().iter().flatten()));
    let text = folder.path().join("text");
    std::fs::write(&text, "a line of words\nand another one\n".repeat(300)).unwrap();
    let raw = RawData::read(&text, None).unwrap();
    assert_eq!(raw.schema, Schema::bytes());
    assert!(!raw.stretches().is_empty());
    assert!(RawData::read(folder.path(), None).is_err());
}
