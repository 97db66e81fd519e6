//! Networks mixed with contexts: the same bytes with all instructions and on every execution, and no
//! damage that remains unnoticed.
#![allow(clippy::unwrap_used)] // helpers of tests

mod golden_files;

use std::io::{Cursor, Write};
use std::sync::Arc;

use vortex_coder::container::constants::{BLOCK_HEADER_BYTES, CRC_BYTES, HEADER_BYTES};
use vortex_coder::container::{
    Coder, IndexedReader, ModelLoader, NoModels, OneModel, Reader, ReaderOptions, Writer,
    WriterOptions,
};
use vortex_coder::mixing::{Level, MixedModel};
use vortex_coder::{BlockPayload, BlockRecords, Error, ErrorKind, Identity, Model, Result, Schema};
use vortex_infer::random::{Sizes, network};
use vortex_infer::{Instructions, IntModel};

use golden_files::{
    Embedded, Golden, all_instructions, records, records_network, text, text_network,
};

fn options(models: impl ModelLoader + 'static) -> ReaderOptions {
    ReaderOptions { models: Arc::new(models), ..ReaderOptions::default() }
}

fn read(file: &[u8], options: ReaderOptions) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    Reader::new(file, options).copy_to(&mut out)?;
    Ok(out)
}

fn read_indexed(file: &[u8], options: ReaderOptions) -> Result<Vec<u8>> {
    let mut reader = IndexedReader::open(Cursor::new(file), options)?;
    let len = usize::try_from(reader.len()).unwrap();
    reader.read_range(0, len)
}

fn mixed(network: &Arc<IntModel>, level: Level) -> MixedModel {
    MixedModel::new(Arc::clone(network) as _, level).unwrap()
}

fn decode(model: &dyn Model, payload: &[u8], len: usize) -> Result<Vec<u8>> {
    let mut out = vec![0xaa; len];
    model.coder().decode(&mut [BlockPayload { payload, lanes: 1, out: &mut out }]).remove(0)?;
    Ok(out)
}

#[test]
fn all_instructions_write_read_and_measure_the_same() {
    for (net, bytes) in [(records_network(), records(400)), (text_network(), text())] {
        let block = [BlockRecords { bytes: &bytes, lanes: 1 }];
        for level in [Level::LOWEST, Level::HIGHEST] {
            let mut found = None;
            for instructions in all_instructions() {
                let network = Arc::new(IntModel::new(net.clone(), instructions).unwrap());
                let model = mixed(&network, level);
                let payload = model.coder().encode(&block).unwrap().remove(0);
                let costs = model.coder().measure(&block).unwrap().remove(0);
                let measured = costs.iter().sum::<u64>() / (8 << 16);
                assert!(payload.len() as u64 + 4 >= measured);
                assert!(payload.len() as u64 <= measured + measured / 500 + 40, "{measured}");
                let (first, at_first) = found.get_or_insert((payload.clone(), costs.clone()));
                assert!(*first == payload && *at_first == costs, "{instructions:?}");
                // A decoder is not told the level.
                let decoder = mixed(&network, Level::DEFAULT);
                assert!(decode(&decoder, first, bytes.len()).unwrap() == bytes, "{instructions:?}");
            }
        }
    }
}

#[test]
fn files_do_not_depend_on_threads_and_groups() {
    let network = Arc::new(IntModel::new(records_network(), Instructions::detect()).unwrap());
    let plain = Arc::new(IntModel::new(records_network(), Instructions::Portable).unwrap());
    let mut data = records(900);
    data.extend([1, 2, 3]);
    let model: Arc<dyn Model> = Arc::new(mixed(&network, Level::DEFAULT));
    let write = |group, threads, embed_model| {
        let options = WriterOptions {
            group,
            threads,
            embed_model,
            block_bytes: 1400,
            zstd_level: None,
            verify: true,
            ..WriterOptions::new(Coder::Model(Arc::clone(&model)))
        };
        let mut writer = Writer::new(Vec::new(), options).unwrap();
        writer.write_all(&data).unwrap();
        writer.finish().unwrap()
    };
    let (file, summary) = write(None, 1, None);
    assert!(summary.modelled_blocks > 3, "{summary:?}");
    assert!(write(Some(3), 2, None).0 == file && write(Some(100), 3, None).0 == file);
    for group in [None, Some(2), Some(50)] {
        let with = |models| ReaderOptions { group, threads: 2, ..options(OneModel(models)) };
        for models in [Arc::clone(&plain) as Arc<dyn Model>, Arc::clone(&network) as _] {
            assert!(read(&file, with(Arc::clone(&models))).unwrap() == data, "{group:?}");
            let mut reader = IndexedReader::open(Cursor::new(&file), with(models)).unwrap();
            assert_eq!(reader.read_range(1000, 3000).unwrap(), data[1000..4000]);
            let predictor = reader.members().next().unwrap().predictor.unwrap();
            assert!(matches!(predictor, Identity::NetworkMixed(_)), "{predictor}");
        }
    }
    let (embedded, _) = write(None, 1, Some(network.file()));
    assert!(read(&embedded, options(Embedded(Instructions::Portable))).unwrap() == data);
    // Without the model, and with another one.
    let other = network_of_other_seed();
    for models in [options(NoModels), options(OneModel(other))] {
        for error in [read(&file, models.clone()), read_indexed(&file, models)] {
            assert_eq!(error.unwrap_err().kind, ErrorKind::WrongModel);
        }
    }
}

fn network_of_other_seed() -> Arc<dyn Model> {
    let schema = records_network().schema;
    let net = network(schema, Sizes::SMALLEST, 99);
    Arc::new(IntModel::new(net, Instructions::detect()).unwrap())
}

#[test]
fn what_has_no_lanes_or_no_file_cannot_be_mixed() {
    let network = Arc::new(IntModel::new(records_network(), Instructions::detect()).unwrap());
    let twice = Arc::new(mixed(&network, Level::DEFAULT));
    let error = MixedModel::new(twice, Level::DEFAULT).err().unwrap();
    assert_eq!(error.kind, ErrorKind::InvalidArgument, "{error}");
    let built_in = vortex_coder::AdaptiveModel::new(Schema::bytes());
    let error = MixedModel::new(Arc::new(built_in), Level::DEFAULT).err().unwrap();
    assert_eq!(error.kind, ErrorKind::InvalidArgument, "{error}");
    // More lanes than one.
    let model = mixed(&network, Level::DEFAULT);
    let bytes = records(20);
    let error = model.coder().encode(&[BlockRecords { bytes: &bytes, lanes: 2 }]).unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidArgument, "{error}");
}

fn refused(result: Result<Vec<u8>>, original: &[u8], what: std::fmt::Arguments<'_>) {
    let harmless = result.is_ok_and(|bytes| bytes == original);
    assert!(!harmless, "{what} went unnoticed");
}

#[test]
fn every_bit_and_every_cut_of_a_file_is_noticed() {
    let network = Arc::new(IntModel::new(records_network(), Instructions::detect()).unwrap());
    let data = records(120);
    let model: Arc<dyn Model> = Arc::new(mixed(&network, Level::DEFAULT));
    let options_of_writer = WriterOptions {
        zstd_level: None,
        block_bytes: 1 << 16,
        short: false,
        ..WriterOptions::new(Coder::Model(model))
    };
    let mut writer = Writer::new(Vec::new(), options_of_writer).unwrap();
    writer.write_all(&data).unwrap();
    let (file, summary) = writer.finish().unwrap();
    assert_eq!(summary.modelled_blocks, 1);
    let with = || options(OneModel(Arc::clone(&network) as _));
    assert!(read(&file, with()).unwrap() == data);
    for bit in 0..file.len() * 8 {
        let mut damaged = file.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        refused(read(&damaged, with()), &data, format_args!("bit {bit}"));
    }
    for cut in 0..file.len() {
        let error = read(&file[..cut], with()).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Truncated, "{cut}");
        read_indexed(&file[..cut], with()).unwrap_err();
    }
    // Another number of lanes, with right checksums.
    let schema_bytes = u32::from_le_bytes(file[16..20].try_into().unwrap()) as usize;
    let block = HEADER_BYTES + schema_bytes + CRC_BYTES;
    for lanes in [2u16, 64] {
        let mut lie = file.clone();
        lie[block + 2..block + 4].copy_from_slice(&lanes.to_le_bytes());
        fix_crc(&mut lie[block..block + BLOCK_HEADER_BYTES]);
        assert_eq!(read(&lie, with()).unwrap_err().kind, ErrorKind::Corrupt);
    }
    // Another digest.
    let mut lie = file.clone();
    lie[24] ^= 1;
    fix_crc(&mut lie[..HEADER_BYTES]);
    assert_eq!(read(&lie, with()).unwrap_err().kind, ErrorKind::WrongModel);
}

/// Writes the right CRC32 after changed bytes.
fn fix_crc(bytes: &mut [u8]) {
    let end = bytes.len() - CRC_BYTES;
    let crc = vortex_base::fields::crc32(&bytes[..end]);
    bytes[end..].copy_from_slice(&crc.to_le_bytes());
}

#[test]
fn damaged_payloads_and_lying_plans_are_refused_or_give_other_bytes() {
    for (net, bytes) in [(records_network(), records(120)), (text_network(), text())] {
        let of_records = net.schema.stride() > 1;
        let network = Arc::new(IntModel::new(net, Instructions::detect()).unwrap());
        let model = mixed(&network, Level::DEFAULT);
        let block = [BlockRecords { bytes: &bytes, lanes: 1 }];
        let payload = model.coder().encode(&block).unwrap().remove(0);
        let mut harmless = 0;
        for bit in 0..payload.len() * 8 {
            let mut damaged = payload.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            match decode(&model, &damaged, bytes.len()) {
                Ok(decoded) => harmless += usize::from(decoded == bytes),
                Err(error) => assert!(is_damage(&error), "bit {bit}: {error}"),
            }
        }
        // Bits of the plan about flat roles without symbols, and of the last byte.
        assert!(harmless <= 24, "{harmless}");
        for cut in 0..payload.len() {
            match decode(&model, &payload[..cut], bytes.len()) {
                // Zeros after the cut may be what the predictor expects; the checksum notices.
                Ok(decoded) => assert!(decoded != bytes || cut + 8 > payload.len(), "{cut}"),
                Err(error) => assert!(is_damage(&error), "{cut}: {error}"),
            }
        }
        let len = u8::try_from(bytes.len() & 127).unwrap() | 128;
        let more = u8::try_from(bytes.len() >> 7).unwrap();
        let plans: Vec<(Vec<u8>, &str)> = match of_records {
            true => vec![
                (vec![0, 8, 0], "contexts"),
                (vec![0, 8, 200], "contexts"),
                (vec![0, 200, 9, 0, 0], "slots"),
                (vec![1, 8, 9, 1, len, more, 0], "regions"),
                (vec![7, 8, 9], "kind"),
            ],
            // Numbers of one byte.
            false => vec![
                (vec![1, 8, 9, 1, len, more, 0x80, 0], "numbers"),
                (vec![1, 8, 18, 1, len, more, 0], "contexts"),
                (vec![1, 8, 9, 0], "in no region"),
            ],
        };
        for (plan, what) in plans {
            let lie = [&plan[..], &payload].concat();
            let error = decode(&model, &lie, bytes.len()).expect_err(what);
            assert_eq!(error.kind, ErrorKind::Corrupt, "{error}");
            assert!(error.message.contains(what), "{what}: {error}");
        }
    }
}

fn is_damage(error: &Error) -> bool {
    matches!(error.kind, ErrorKind::Corrupt | ErrorKind::Truncated)
}

#[test]
fn the_golden_file_is_read() {
    let Golden { file, bytes: original } = golden_files::mixed();
    for instructions in all_instructions() {
        let with = || options(Embedded(instructions));
        assert!(read(&file, with()).unwrap() == original, "{instructions:?}");
        assert!(read_indexed(&file, with()).unwrap() == original, "{instructions:?}");
    }
    let reader = IndexedReader::open(Cursor::new(&file), options(NoModels)).unwrap();
    let members: Vec<_> = reader.members().map(|member| member.predictor).collect();
    assert_eq!(members.len(), 2);
    assert!(members.iter().all(|p| matches!(p, Some(Identity::NetworkMixed(_)))), "{members:?}");
}
