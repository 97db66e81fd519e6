//! Blocks in groups: the number of blocks that advance together changes no byte, no cost and no
//! error.

use std::io::Cursor;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::support::*;
use vortex_coder::codec::{MAX_STATE_BYTES, decode_group, encode_group, measure_group};
use vortex_coder::container::{Coder, IndexedReader, Method, Reader, ReaderOptions, WriterOptions};
use vortex_coder::{
    BlockPayload, BlockRecords, Cdf, Coding, DType, ErrorKind, Field, Predictor, RecordLayout,
    Schema, decode_records, encode_records, measure_records,
};

const WIDTHS: [usize; 4] = [1, 2, 7, usize::MAX];
/// The role of [`layout`] that is not predicted.
const FLAT_ROLE: usize = 3;

/// Records of three fields and four symbols.
fn layout() -> RecordLayout {
    let fields = vec![
        Field::new("a", DType::U16, 0),
        Field::new("flag", DType::Bool, 2),
        Field::new("noise", DType::U8, 3),
    ];
    RecordLayout::new(Schema::new(4, fields).unwrap())
}

/// Each lane counts the symbols of each role separately.
struct LaneCounts {
    role: usize,
    /// `[lane][role][symbol]`.
    counts: Vec<[[u32; 256]; 4]>,
    lane_bytes: usize,
    max_group: usize,
    records_to_score: usize,
    /// Most lanes that were begun at once.
    most: AtomicUsize,
}

impl LaneCounts {
    fn new(max_group: usize) -> Self {
        let (lane_bytes, records_to_score) = (0, 0);
        let most = AtomicUsize::new(0);
        Self { role: 0, counts: Vec::new(), lane_bytes, max_group, records_to_score, most }
    }
}

impl Predictor for LaneCounts {
    fn lane_bytes(&self) -> usize {
        self.lane_bytes
    }
    fn max_group(&self) -> usize {
        self.max_group
    }
    fn records_to_score(&self, _lanes: usize) -> usize {
        self.records_to_score
    }
    fn begin(&mut self, lanes: usize) {
        self.most.fetch_max(lanes, Relaxed);
        self.counts = vec![[[1; 256]; 4]; lanes];
        self.role = 0;
    }
    fn predict(&mut self, active: usize, out: &mut [Cdf]) -> Coding {
        assert_eq!(out.len(), active);
        if self.role == FLAT_ROLE {
            return Coding::Flat;
        }
        for (cdf, counts) in out.iter_mut().zip(&self.counts) {
            cdf.set_weights(&counts[self.role]);
        }
        Coding::Modelled
    }
    fn update(&mut self, symbols: &[u8]) {
        for (counts, &symbol) in self.counts.iter_mut().zip(symbols) {
            counts[self.role][usize::from(symbol)] += 30;
        }
        self.role = (self.role + 1) % 4;
    }
}

/// Blocks of different numbers of records and lanes, among them none and one record, and more lanes
/// than records.
fn blocks() -> Vec<(Vec<u8>, usize)> {
    let shapes =
        [(0, 1), (1, 4), (5, 3), (64, 64), (64, 2), (0, 9), (7, 7), (200, 13), (199, 1024)];
    let mut random = Random(5);
    let mut block = |(records, lanes)| {
        let mut bytes = Vec::new();
        for _ in 0..records {
            let draw = random.bytes(4);
            bytes.extend([draw[0] & 7, draw[1] & 3, draw[2] & 1, draw[3]]);
        }
        (bytes, lanes)
    };
    shapes.into_iter().map(&mut block).collect()
}

fn group(blocks: &[(Vec<u8>, usize)]) -> Vec<BlockRecords<'_>> {
    blocks.iter().map(|(bytes, lanes)| BlockRecords { bytes, lanes: *lanes }).collect()
}

#[test]
fn a_group_of_any_width_is_coded_as_its_blocks_alone() {
    let (layout, blocks) = (layout(), blocks());
    let mut alone = LaneCounts::new(1);
    let payloads: Vec<Vec<u8>> = blocks
        .iter()
        .map(|(bytes, lanes)| encode_records(&mut alone, &layout, bytes, *lanes).unwrap())
        .collect();
    let costs: Vec<Vec<u64>> = blocks
        .iter()
        .map(|(bytes, lanes)| measure_records(&mut alone, &layout, bytes, *lanes).unwrap())
        .collect();
    let lanes = blocks.iter().map(|(bytes, lanes)| (*lanes).min(bytes.len() / 4));
    let lanes: Vec<usize> = lanes.collect();
    for width in WIDTHS {
        let mut predictor = LaneCounts::new(width);
        for records in [1, 3, 1000] {
            predictor.records_to_score = records;
            assert_eq!(encode_group(&mut predictor, &layout, &group(&blocks)).unwrap(), payloads);
            assert_eq!(measure_group(&mut predictor, &layout, &group(&blocks)).unwrap(), costs);
        }
        predictor.records_to_score = 0;
        assert_eq!(encode_group(&mut predictor, &layout, &group(&blocks)).unwrap(), payloads);
        let together = lanes.chunks(width.min(lanes.len())).map(|group| group.iter().sum()).max();
        assert_eq!(Some(predictor.most.load(Relaxed)), together, "lanes at once");
        assert_eq!(measure_group(&mut predictor, &layout, &group(&blocks)).unwrap(), costs);

        let mut out: Vec<Vec<u8>> = blocks.iter().map(|(bytes, _)| vec![0; bytes.len()]).collect();
        let coded = out.iter_mut().zip(&payloads).zip(&blocks);
        let mut coded: Vec<BlockPayload<'_>> = coded
            .map(|((out, payload), (_, lanes))| BlockPayload { payload, lanes: *lanes, out })
            .collect();
        for result in decode_group(&mut predictor, &layout, &mut coded) {
            result.unwrap();
        }
        assert!(out.iter().zip(&blocks).all(|(out, (bytes, _))| out == bytes));
    }
}

/// Distributions that do not contain the symbols of the data.
struct TooFew(usize);

impl Predictor for TooFew {
    fn records_to_score(&self, _lanes: usize) -> usize {
        self.0
    }
    fn begin(&mut self, _lanes: usize) {}
    fn predict(&mut self, _active: usize, out: &mut [Cdf]) -> Coding {
        out.iter_mut().for_each(|cdf| cdf.set_uniform(2));
        Coding::Modelled
    }
    fn update(&mut self, _symbols: &[u8]) {}
}

#[test]
fn symbols_that_cannot_be_are_an_error_in_steps_and_scored() {
    for records in [0, 2] {
        let error = encode_records(&mut TooFew(records), &layout(), &[1, 0, 1, 9], 1).unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidArgument);
        assert!(error.message.contains("symbol 9 of role 3"), "{error}");
    }
}

#[test]
fn a_bad_block_does_not_hide_the_others() {
    let (layout, blocks) = (layout(), blocks());
    let mut payloads = encode_group(&mut LaneCounts::new(9), &layout, &group(&blocks)).unwrap();
    let mut lanes: Vec<usize> = blocks.iter().map(|(_, lanes)| *lanes).collect();
    payloads[3].truncate(20); // the longest of its lanes is not the longest of all
    payloads[4].extend([0; 16]);
    lanes[6] = 0;
    for width in WIDTHS {
        let mut predictor = LaneCounts::new(width);
        let mut out: Vec<Vec<u8>> = blocks.iter().map(|(bytes, _)| vec![0; bytes.len()]).collect();
        let coded = out.iter_mut().zip(&payloads).zip(&lanes);
        let mut coded: Vec<BlockPayload<'_>> = coded
            .map(|((out, payload), lanes)| BlockPayload { payload, lanes: *lanes, out })
            .collect();
        let results = decode_group(&mut predictor, &layout, &mut coded);
        for (i, result) in results.into_iter().enumerate() {
            let mut alone = vec![0; blocks[i].0.len()];
            let expected =
                decode_records(&mut predictor, &layout, &payloads[i], lanes[i], &mut alone);
            let kind = |result: vortex_coder::Result<()>| result.map_err(|error| error.kind);
            let found = kind(result);
            assert_eq!(found, kind(expected), "block {i}");
            match i {
                3 => assert_eq!(found, Err(ErrorKind::Truncated)),
                4 => assert_eq!(found, Err(ErrorKind::Corrupt)),
                6 => assert_eq!(found, Err(ErrorKind::InvalidArgument)),
                _ => assert!(out[i] == blocks[i].0, "block {i}"),
            }
        }
    }
}

#[test]
fn groups_do_not_take_more_memory_than_a_block_may() {
    let (layout, blocks) = (layout(), blocks());
    let payloads = encode_group(&mut LaneCounts::new(1), &layout, &group(&blocks)).unwrap();
    let mut predictor = LaneCounts::new(usize::MAX);
    // With a limit of 200 lanes, the last block with its 199 is coded alone, the others together.
    predictor.lane_bytes = usize::try_from(MAX_STATE_BYTES / 200).unwrap();
    assert_eq!(encode_group(&mut predictor, &layout, &group(&blocks)).unwrap(), payloads);
    assert_eq!(predictor.most.load(Relaxed), 199);
    // With a limit of 198, only the last block is refused, in any group.
    predictor.lane_bytes = usize::try_from(MAX_STATE_BYTES / 198).unwrap();
    let error = encode_group(&mut predictor, &layout, &group(&blocks)).unwrap_err();
    assert_eq!(error.kind, ErrorKind::LimitExceeded, "{error}");
    let mut out: Vec<Vec<u8>> = blocks.iter().map(|(bytes, _)| vec![0; bytes.len()]).collect();
    let coded = out.iter_mut().zip(&payloads).zip(&blocks);
    let mut coded: Vec<BlockPayload<'_>> =
        coded.map(|((out, payload), b)| BlockPayload { payload, lanes: b.1, out }).collect();
    let results = decode_group(&mut predictor, &layout, &mut coded);
    let last = results.len() - 1;
    for (i, result) in results.into_iter().enumerate() {
        let expected = if i == last { Err(ErrorKind::LimitExceeded) } else { Ok(()) };
        assert_eq!(result.map_err(|error| error.kind), expected, "block {i}");
    }
}

/// Blocks of 1023 bytes with every method, and a tail that is not a whole record.
fn data() -> Vec<u8> {
    let mut data = records(400, 3);
    data.extend(Random(9).bytes(2046));
    data.extend([7; 3000]);
    data.extend(records(700, 4));
    data.extend([1, 2, 3]);
    data
}

#[test]
fn files_do_not_depend_on_the_width_of_groups() {
    let data = data();
    let coders = [
        Coder::Classic(schema()),
        Coder::adaptive(schema()),
        Coder::Model(Arc::new(SeedModel::new(1))),
    ];
    for coder in coders {
        let modelled = !matches!(coder, Coder::Classic(_));
        let (file, summary) = encode(&data, small_blocks(coder.clone()));
        assert!(summary.raw_blocks > 0 && summary.zstd_blocks > 0);
        assert_eq!(summary.modelled_blocks > 0, modelled);
        for width in WIDTHS.map(Some).into_iter().chain([Some(0)]) {
            for threads in [1, 3] {
                let options = WriterOptions {
                    group: width,
                    threads,
                    verify: true,
                    ..small_blocks(coder.clone())
                };
                assert!(encode(&data, options).0 == file, "{width:?}, {threads} threads");
                let options = || ReaderOptions { group: width, threads, ..with_models() };
                assert!(decode_with(&file, options()).unwrap() == data);
                assert!(decode_indexed(&file, options()).unwrap() == data);
                let mut reader = IndexedReader::open(Cursor::new(&file), options()).unwrap();
                assert_eq!(reader.read_range(1000, 4000).unwrap(), data[1000..5000]);
            }
        }
    }
}

#[test]
fn blocks_before_the_damage_are_given_out_whatever_the_width() {
    let data = data();
    let (mut file, _) = encode(&data, small_blocks(Coder::adaptive(schema())));
    let mut reader = IndexedReader::open(Cursor::new(&file), ReaderOptions::default()).unwrap();
    let blocks = reader.blocks(0).unwrap();
    let damaged = blocks.iter().rposition(|b| b.header.method == Method::Modelled).unwrap() - 1;
    file[usize::try_from(blocks[damaged].file_offset).unwrap() + 30] ^= 1;
    for width in WIDTHS {
        let options = ReaderOptions { group: Some(width), ..ReaderOptions::default() };
        let mut reader = Reader::new(file.as_slice(), options);
        for block in &blocks[..damaged] {
            let start = usize::try_from(block.original_offset).unwrap();
            let expected = &data[start..start + block.header.original_bytes as usize];
            assert_eq!(reader.next_block().unwrap().unwrap(), expected);
        }
        assert_eq!(reader.next_block().unwrap_err().kind, ErrorKind::ChecksumMismatch);
        assert_eq!(reader.next_block().unwrap_err().kind, ErrorKind::InvalidArgument);
    }
}
