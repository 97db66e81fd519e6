//! Round trips: all coders, lengths, numbers of threads and ways of reading.

use std::io::{Cursor, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use crate::support::*;
use proptest::prelude::*;
use vortex_coder::container::constants::*;
use vortex_coder::container::*;
use vortex_coder::{DType, ErrorKind, Field, Identity, Schema};

fn coders() -> Vec<(&'static str, Coder)> {
    vec![
        ("classic", Coder::Classic(schema())),
        ("classic bytes", Coder::Classic(Schema::bytes())),
        ("adaptive", Coder::adaptive(schema())),
        ("adaptive bytes", Coder::adaptive(Schema::bytes())),
        ("model", Coder::Model(Arc::new(SeedModel::new(1)))),
    ]
}

#[test]
fn every_coder_and_length() {
    let data = [records(400, 5), Random(9).bytes(1500), vec![0; 3000]].concat();
    for (name, coder) in coders() {
        for len in [0, 1, 2, 10, 11, 12, 1022, 1023, 1024, 1025, 2047, 2048, 5000, data.len()] {
            let (file, summary) = encode(&data[..len], small_blocks(coder.clone()));
            assert_eq!(summary.original_bytes, len as u64);
            assert_eq!(summary.compressed_bytes, file.len() as u64);
            assert_eq!(decode_with(&file, with_models()).unwrap(), data[..len], "{name} {len}");
            assert_eq!(decode_indexed(&file, with_models()).unwrap(), data[..len], "{name} {len}");
        }
    }
}

#[test]
fn all_methods_are_used_and_the_smallest_wins() {
    let data = [records(93, 5), Random(9).bytes(1023), vec![0; 1023]].concat();
    let (file, summary) = encode(&data, small_blocks(Coder::adaptive(schema())));
    let methods = (summary.modelled_blocks, summary.raw_blocks, summary.zstd_blocks);
    assert_eq!(methods, (1, 1, 1));
    let mut reader = IndexedReader::open(Cursor::new(&file), ReaderOptions::default()).unwrap();
    let found: Vec<Method> =
        reader.blocks(0).unwrap().iter().map(|block| block.header.method).collect();
    assert_eq!(found, [Method::Modelled, Method::Raw, Method::Zstd]);
    // Without zstd the zeros are modelled.
    let options = WriterOptions { zstd_level: None, ..small_blocks(Coder::adaptive(schema())) };
    assert_eq!(encode(&data, options).1.zstd_blocks, 0);
}

#[test]
fn the_file_does_not_depend_on_threads_or_pieces() {
    let data = [records(3000, 7), Random(3).bytes(5000)].concat();
    for (name, coder) in coders() {
        let (expected, _) = encode(&data, small_blocks(coder.clone()));
        for threads in [0, 2, 5] {
            let options = WriterOptions { threads, ..small_blocks(coder.clone()) };
            let mut writer = Writer::new(Vec::new(), options).unwrap();
            for piece in data.chunks(777) {
                Write::write_all(&mut writer, piece).unwrap();
            }
            assert_eq!(writer.finish().unwrap().0, expected, "{name}, {threads} threads");
            let options = ReaderOptions { threads, ..with_models() };
            assert_eq!(decode_with(&expected, options).unwrap(), data);
        }
    }
}

#[test]
fn verification_accepts_what_is_right() {
    let data = records(1000, 1);
    for (name, coder) in coders() {
        let plain = encode(&data, small_blocks(coder.clone())).0;
        let verified = encode(&data, WriterOptions { verify: true, ..small_blocks(coder) }).0;
        assert_eq!(plain, verified, "{name}");
    }
}

#[test]
fn verification_names_the_block_of_a_faulty_machine() {
    let mut model = SeedModel::new(1);
    model.faulty = true;
    let options = WriterOptions { verify: true, ..small_blocks(Coder::Model(Arc::new(model))) };
    let mut writer = Writer::new(Vec::new(), options).unwrap();
    let error = write(&mut writer, &records(1000, 1)).and_then(|()| writer.finish().map(|_| ()));
    let error = error.unwrap_err();
    assert_eq!(error.kind, ErrorKind::VerifyFailed);
    assert!(error.message.contains("block 0 (Modelled)"), "{error}");
}

#[test]
fn a_panicking_predictor_is_an_error() {
    let mut model = SeedModel::new(1);
    model.panics = true;
    let mut writer = Writer::new(Vec::new(), small_blocks(Coder::Model(Arc::new(model)))).unwrap();
    let error = write(&mut writer, &records(1000, 1)).and_then(|()| writer.finish().map(|_| ()));
    assert_eq!(error.unwrap_err().kind, ErrorKind::WorkerPanicked);
}

#[test]
fn members_follow_each_other() {
    let parts = [records(100, 1), Vec::new(), Random(2).bytes(3000), records(500, 3)];
    let mut file = Vec::new();
    for (part, (_, coder)) in parts.iter().zip(coders().into_iter().rev()) {
        file.extend(encode(part, small_blocks(coder)).0);
    }
    let data = parts.concat();
    assert_eq!(decode_with(&file, with_models()).unwrap(), data);
    let mut reader = IndexedReader::open(Cursor::new(&file), with_models()).unwrap();
    assert_eq!(reader.members().len(), 4);
    assert_eq!(reader.len(), data.len() as u64);
    assert_eq!(reader.file_bytes(), file.len() as u64);
    let mut random = Random(77);
    for _ in 0..300 {
        let start = random.next() as usize % (data.len() + 1);
        let len = random.next() as usize % (data.len() + 1 - start);
        let range = reader.read_range(start as u64, len).unwrap();
        assert_eq!(range, data[start..start + len], "{start} {len}");
    }
    for (start, len) in [(data.len() as u64, 1), (0, data.len() + 1), (u64::MAX, 1)] {
        let error = reader.read_range(start, len).unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidArgument);
    }
    assert!(reader.read_range(data.len() as u64, 0).unwrap().is_empty());
}

#[test]
fn inspection_tells_what_was_written() {
    let data = records(1000, 1);
    let model = Arc::new(SeedModel::new(9));
    let options = WriterOptions {
        embed_model: Some(model.file()),
        lanes: Some(7),
        ..small_blocks(Coder::Model(Arc::clone(&model) as _))
    };
    let (file, summary) = encode(&data, options);
    // Inspecting the file does not need the model.
    let mut reader = IndexedReader::open(Cursor::new(&file), ReaderOptions::default()).unwrap();
    let info = reader.members().next().unwrap().clone();
    assert_eq!(info.version, VERSION);
    assert_eq!(info.predictor, Some(Identity::Network(*blake3::hash(&model.file()).as_bytes())));
    assert_eq!(info.schema.as_deref(), Some(&schema()));
    assert_eq!((info.model_bytes, info.block_bytes), (100, 1023));
    assert_eq!(info.original_bytes, data.len() as u64);
    assert_eq!(info.original_digest, *blake3::hash(&data).as_bytes());
    assert_eq!(info.member_bytes, summary.compressed_bytes);
    let blocks = reader.blocks(0).unwrap();
    assert_eq!(blocks.len() as u64, info.n_blocks);
    assert_eq!(blocks[1].original_offset, 1023);
    assert_eq!((blocks[1].header.method, blocks[1].header.lanes), (Method::Modelled, 7));
    assert_eq!(reader.embedded_model(0).unwrap().unwrap(), *model.file());
    assert_eq!(reader.blocks(1).unwrap_err().kind, ErrorKind::InvalidArgument);
    // Decoding needs it.
    assert_eq!(reader.read_range(0, 1).unwrap_err().kind, ErrorKind::WrongModel);
    assert_eq!(decode_with(&file, with_models()).unwrap(), data);
    assert_eq!(decode_indexed(&file, with_models()).unwrap(), data);
}

#[test]
fn the_wrong_model_is_refused_by_name() {
    let (needed, offered) = (SeedModel::new(2), SeedModel::new(3));
    let digests: Vec<String> =
        [&needed, &offered].map(|model| blake3::hash(&model.file()).to_hex().to_string()).into();
    let (file, _) = encode(&records(100, 1), small_blocks(Coder::Model(Arc::new(needed))));
    let options =
        ReaderOptions { models: Arc::new(OneModel(Arc::new(offered))), ..Default::default() };
    let error = decode_with(&file, options).unwrap_err();
    assert_eq!(error.kind, ErrorKind::WrongModel);
    for digest in digests {
        assert!(error.message.contains(&digest), "{error}");
    }
    let error = decode(&file).unwrap_err();
    assert_eq!(error.kind, ErrorKind::WrongModel);
    assert!(error.message.contains("none was given"), "{error}");
}

#[test]
fn records_longer_than_a_block_and_tails() {
    let long = Schema::new(5000, vec![Field::new("first", DType::F64, 0)]).unwrap();
    let mut data = Vec::new();
    for i in 0..40u8 {
        data.extend([&[i, 1, 2, 3, 4, 5, 6, 7][..], &[i % 3; 4992]].concat());
    }
    data.extend(Random(4).bytes(2000));
    data.extend([7; 2000]);
    let mut writer = Writer::new(Vec::new(), small_blocks(Coder::adaptive(long))).unwrap();
    assert_eq!(writer.block_bytes(), 5000);
    writer.write_all(&data).unwrap();
    let (file, _) = writer.finish().unwrap();
    // 4,992 fields of padding have names.
    assert!(file.len() < 60_000, "{}", file.len());
    assert_eq!(decode(&file).unwrap(), data);

    // Tails: raw, and zstd if that is smaller.
    for (tail, stored) in [(vec![9u8; 700], 0..100u16), (Random(8).bytes(700), 700..701)] {
        let schema = Schema::new(1000, vec![]).unwrap();
        let data = [vec![1; 1000], Random(1).bytes(20), vec![3; 980], tail].concat();
        let options =
            WriterOptions { block_bytes: 1 << 16, ..WriterOptions::new(Coder::adaptive(schema)) };
        let (file, _) = encode(&data, options);
        let mut reader = IndexedReader::open(Cursor::new(&file), ReaderOptions::default()).unwrap();
        let header = reader.blocks(0).unwrap()[0].header;
        if header.method == Method::Modelled {
            assert_eq!(header.tail_bytes, 700);
            assert!(stored.contains(&header.tail_payload_bytes), "{header:?}");
        }
        assert_eq!(decode(&file).unwrap(), data);
    }
}

#[test]
fn noise_costs_next_to_nothing() {
    let data = Random(1).bytes(5 << 18);
    for (name, coder) in coders() {
        let options = WriterOptions { threads: 2, ..WriterOptions::new(coder) };
        let (file, _) = encode(&data, options);
        assert!(file.len() < data.len() + 500, "{name}: {}", file.len() - data.len());
        // Blocks of 64 KiB keep the promise too.
        let options = WriterOptions {
            block_bytes: 1 << 16,
            ..WriterOptions::new(Coder::Classic(Schema::bytes()))
        };
        let (file, _) = encode(&data, options);
        assert!(file.len() <= data.len() + data.len() / 1000 + MIN_MEMBER_BYTES, "{name}");
    }
    assert_eq!(encode(&[], ordinary(Coder::Classic(Schema::bytes()))).0.len(), 156);
}

#[test]
fn progress_and_cancelling() {
    let data = records(1000, 1);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let hook = |seen: &Arc<Mutex<Vec<Progress>>>| -> OnBlock {
        let seen = Arc::clone(seen);
        Box::new(move |progress| seen.lock().unwrap().push(progress))
    };
    let mut writer = Writer::new(Vec::new(), small_blocks(Coder::adaptive(schema()))).unwrap();
    writer.on_block(hook(&seen));
    writer.write_all(&data).unwrap();
    let (file, summary) = writer.finish().unwrap();
    let written = std::mem::take(&mut *seen.lock().unwrap());
    assert_eq!(
        written.len() as u64,
        summary.modelled_blocks + summary.raw_blocks + summary.zstd_blocks
    );
    assert_eq!(written.last().unwrap().original_bytes, data.len() as u64);
    let mut reader = Reader::new(file.as_slice(), ReaderOptions::default());
    reader.on_block(hook(&seen));
    reader.copy_to(&mut Vec::new()).unwrap();
    assert_eq!(*seen.lock().unwrap(), written);
    assert_eq!(reader.summary(), summary);

    let cancel = Arc::new(AtomicBool::new(false));
    let options = WriterOptions {
        cancel: Some(Arc::clone(&cancel)),
        ..small_blocks(Coder::adaptive(schema()))
    };
    let mut writer = Writer::new(Vec::new(), options).unwrap();
    writer.write_all(&data[..5000]).unwrap();
    let options = ReaderOptions { cancel: Some(Arc::clone(&cancel)), ..Default::default() };
    let mut reader = Reader::new(file.as_slice(), options.clone());
    let mut indexed = IndexedReader::open(Cursor::new(&file), options).unwrap();
    reader.next_block().unwrap().unwrap();
    cancel.store(true, Ordering::Relaxed);
    assert_eq!(write(&mut writer, &data).unwrap_err().kind, ErrorKind::Cancelled);
    assert_eq!(write(&mut writer, &data).unwrap_err().kind, ErrorKind::InvalidArgument);
    assert_eq!(reader.next_block().unwrap_err().kind, ErrorKind::Cancelled);
    cancel.store(false, Ordering::Relaxed);
    assert_eq!(reader.next_block().unwrap_err().kind, ErrorKind::InvalidArgument);
    cancel.store(true, Ordering::Relaxed);
    assert_eq!(indexed.read_range(0, 1).unwrap_err().kind, ErrorKind::Cancelled);
}

#[test]
fn the_reader_is_a_read() {
    let data = records(1000, 1);
    let (file, _) = encode(&data, small_blocks(Coder::adaptive(schema())));
    let mut out = Vec::new();
    Reader::new(file.as_slice(), ReaderOptions::default()).read_to_end(&mut out).unwrap();
    assert_eq!(out, data);
    let cut = &file[..file.len() - 1];
    let error = Reader::new(cut, ReaderOptions::default()).read_to_end(&mut out).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
    assert!(is_vxc(&file[..8]) && !is_vxc(&file[..7]) && !is_vxc(&data));
}

#[test]
fn options_that_do_not_fit_are_refused() {
    let good = || WriterOptions::new(Coder::adaptive(schema()));
    let bad = [
        WriterOptions { block_bytes: 1023, ..good() },
        WriterOptions { block_bytes: MAX_BLOCK_BYTES + 1, ..good() },
        WriterOptions { lanes: Some(0), ..good() },
        WriterOptions { lanes: Some(MAX_LANES + 1), ..good() },
        WriterOptions { zstd_level: Some(23), ..good() },
        WriterOptions { embed_model: Some(SeedModel::new(1).file()), ..good() },
        WriterOptions {
            embed_model: Some(SeedModel::new(1).file()),
            ..WriterOptions::new(Coder::Model(Arc::new(SeedModel::new(2))))
        },
    ];
    for (i, options) in bad.into_iter().enumerate() {
        let error = Writer::new(Vec::new(), options).err().expect("refused");
        assert_eq!(error.kind, ErrorKind::InvalidArgument, "{i}: {error}");
    }
}

#[test]
fn a_full_disk_is_an_io_error() {
    struct Full(usize);
    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            if self.0 < bytes.len() {
                return Err(std::io::ErrorKind::StorageFull.into());
            }
            self.0 -= bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let data = Random(1).bytes(20_000);
    let (file, _) = encode(&data, small_blocks(Coder::adaptive(schema())));
    for space in (0..file.len()).step_by(97) {
        let failed = Writer::new(Full(space), small_blocks(Coder::adaptive(schema()))).and_then(
            |mut writer| write(&mut writer, &data).and_then(|()| writer.finish().map(|_| ())),
        );
        assert_eq!(failed.unwrap_err().kind, ErrorKind::Io(std::io::ErrorKind::StorageFull));
        let failed =
            Reader::new(file.as_slice(), Default::default()).copy_to(&mut Full(space.min(19_999)));
        assert_eq!(failed.unwrap_err().kind, ErrorKind::Io(std::io::ErrorKind::StorageFull));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn anything_comes_back(
        pieces in prop::collection::vec((any::<u64>(), 0usize..1500, 0u8..3), 0..6),
        coder in 0usize..5,
        lanes in prop::option::of(1u16..=100),
        threads in 1usize..4,
        block_bytes in 1024u32..4000,
    ) {
        let mut data = Vec::new();
        for (seed, len, kind) in pieces {
            match kind {
                0 => data.extend(Random(seed | 1).bytes(len)),
                1 => data.extend(records(len / 11, seed | 1)),
                _ => data.extend(vec![seed as u8; len]),
            }
        }
        let (_, coder) = coders().swap_remove(coder);
        let options =
            WriterOptions { lanes, threads, block_bytes, ..WriterOptions::new(coder) };
        let (file, _) = encode(&data, options);
        prop_assert_eq!(&decode_with(&file, with_models()).unwrap(), &data);
        prop_assert_eq!(&decode_indexed(&file, with_models()).unwrap(), &data);
    }
}
