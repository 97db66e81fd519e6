//! Blocks that the network codes together: the size of the group changes no byte and no cost.
#![allow(clippy::unwrap_used)] // helpers of tests

use std::io::{Cursor, Write};
use std::sync::Arc;

use vortex_base::random::SplitMix64;
use vortex_coder::container::{
    Coder, IndexedReader, OneModel, Reader, ReaderOptions, Writer, WriterOptions,
};
use vortex_coder::schema::{DType, Field, Schema};
use vortex_coder::{BlockPayload, BlockRecords, Model};
use vortex_infer::random::{Sizes, network};
use vortex_infer::spec::MemoryShape;
use vortex_infer::{Instructions, IntModel, Network};

const WIDTHS: [usize; 4] = [1, 2, 7, usize::MAX];

/// Seven-byte records, and a memory that fills within a block.
fn net() -> Network {
    let fields = vec![
        Field::new("x", DType::F32, 0),
        Field::new("n", DType::U16, 4),
        Field::new("flag", DType::Bool, 6),
    ];
    let memory = Some(MemoryShape { rate: 4, slots: 7, kernel: 3 });
    let sizes = Sizes { window: 9, memory, d_ff: 40, d_head_ff: 24, ..Sizes::default() };
    let mut net = network(Schema::new(7, fields).unwrap(), sizes, 4);
    net.flat.fill(false);
    net.flat[3] = true;
    net
}

/// Bytes of a block of [`files_do_not_depend_on_the_width`]: whole records, and its lanes.
const BLOCK: (usize, usize) = (1022, 5);

/// Blocks that the network compresses well: it decodes them from noise.
fn likely_blocks(model: &IntModel, n: usize) -> Vec<u8> {
    let mut rng = SplitMix64::new(6);
    let mut out = vec![0; n * BLOCK.0];
    for out in out.chunks_exact_mut(BLOCK.0) {
        let noise: Vec<u8> = (0..BLOCK.0).map(|_| rng.draw() as u8).collect();
        // More noise than it needs does not matter.
        let _ = model.coder().decode(&mut [BlockPayload { payload: &noise, lanes: BLOCK.1, out }]);
    }
    out
}

#[test]
fn payloads_and_costs_do_not_depend_on_the_width() {
    let model = IntModel::new(net(), Instructions::detect()).unwrap();
    let stride = model.layout().stride();
    let bytes: Vec<u8> = (0..400 * stride).map(|i| ((i * i) >> 3) as u8 & 0x3f).collect();
    // Blocks of different lengths, with different lanes, each in one piece of the records.
    let shapes = [(100, 7), (1, 1), (90, 64), (0, 3), (100, 7), (33, 2), (7, 1), (69, 5)];
    let mut rest = &bytes[..];
    let group: Vec<BlockRecords<'_>> = shapes
        .into_iter()
        .map(|(records, lanes)| {
            let (bytes, later) = rest.split_at(records * stride);
            rest = later;
            BlockRecords { bytes, lanes }
        })
        .collect();
    let mut alone = model.coder();
    let payloads: Vec<Vec<u8>> =
        group.iter().map(|block| alone.encode(&[*block]).unwrap().remove(0)).collect();
    let costs: Vec<Vec<u64>> =
        group.iter().map(|block| alone.measure(&[*block]).unwrap().remove(0)).collect();
    for width in WIDTHS {
        let mut coder = model.coder();
        let groups = || group.chunks(width.min(group.len()));
        let coded: Vec<Vec<u8>> = groups().flat_map(|g| coder.encode(g).unwrap()).collect();
        assert!(coded == payloads, "{width} blocks at once");
        let measured: Vec<Vec<u64>> = groups().flat_map(|g| coder.measure(g).unwrap()).collect();
        assert!(measured == costs, "{width} blocks at once");
    }
}

#[test]
fn files_do_not_depend_on_the_width() {
    let model = IntModel::new(net(), Instructions::detect()).unwrap();
    let slow: Arc<dyn Model> = Arc::new(IntModel::new(net(), Instructions::Portable).unwrap());
    let data = likely_blocks(&model, 10);
    let model: Arc<dyn Model> = Arc::new(model);
    let write = |group| {
        // Only the model, so that every block is coded with it.
        let options = WriterOptions {
            group,
            block_bytes: 1024,
            lanes: Some(BLOCK.1 as u16),
            zstd_level: None,
            verify: true,
            threads: 2,
            ..WriterOptions::new(Coder::Model(Arc::clone(&model)))
        };
        let mut writer = Writer::new(Vec::new(), options).unwrap();
        writer.write_all(&data).unwrap();
        writer.finish().unwrap()
    };
    let (file, summary) = write(None);
    assert_eq!(summary.modelled_blocks, 10, "{summary:?}");
    for width in WIDTHS.map(Some) {
        assert!(write(width).0 == file, "{width:?}");
        // With other instructions and another group size than when it was written.
        let models = Arc::new(OneModel(Arc::clone(&slow)));
        let options = || ReaderOptions {
            group: width,
            models: Arc::clone(&models) as _,
            ..ReaderOptions::default()
        };
        let mut out = Vec::new();
        Reader::new(file.as_slice(), options()).copy_to(&mut out).unwrap();
        assert!(out == data, "{width:?}");
        let mut reader = IndexedReader::open(Cursor::new(&file), options()).unwrap();
        assert_eq!(reader.read_range(2000, 5000).unwrap(), data[2000..7000]);
    }
}
