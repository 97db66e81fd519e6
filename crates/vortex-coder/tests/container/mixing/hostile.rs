//! Damaged, falsified and random payloads: an error or other bytes, never a panic, a hang or much
//! memory.

use std::io::Cursor;
use std::sync::Arc;

use proptest::prelude::*;
use vortex_coder::container::{Coder, IndexedReader, Method, ReaderOptions, WriterOptions};
use vortex_coder::mixing::{Level, MixingModel};
use vortex_coder::{
    BlockPayload, BlockRecords, DType, ErrorKind, Field, FieldCoding, Model, Schema,
};

use super::blocks::{decode, encode};
use super::made_bytes::{float_rows, walk, words};
use super::made_records::{far_partners, noise_beside_sense};
use super::plans::{self, BIG_ENDIAN, FAR, FURTHER, NUMBERS, RECORDS, REGIONS, number, numbers};
use crate::support::{self, Random, small_blocks};

/// Small blocks whose plans have every possible part.
fn blocks() -> Vec<(Schema, Vec<u8>)> {
    let mut mixed = words(60).0;
    mixed.extend(float_rows(32, 800, 4).0);
    let records = [noise_beside_sense(1600), far_partners(1600)];
    let records = records.into_iter().map(|made| (made.schema, made.bytes));
    let bytes = [mixed, walk(2, false, 400, 4).0, words(50).0];
    records.chain(bytes.map(|bytes| (Schema::bytes(), bytes))).collect()
}

#[test]
fn every_bit_of_a_plan_matters() {
    let (mut flat, mut partners, mut far, mut text) = (0, 0, 0, 0);
    for (schema, bytes) in blocks() {
        let payload = encode(&schema, Level::HIGHEST, &bytes);
        let plan = plans::plan(&payload, &schema);
        flat += plan.flat.iter().filter(|flat| **flat).count();
        partners += plan.partners.iter().flatten().count();
        far += plan.regions.iter().map(|region| region.far.len()).sum::<usize>();
        text += plan.regions.iter().filter(|region| region.code == 0).count();
        let mut harmless = 0;
        for bit in 0..plan.bytes * 8 {
            let mut damaged = payload.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            match decode(&schema, &damaged, bytes.len()) {
                Ok(decoded) => harmless += usize::from(decoded == bytes),
                Err(error) => assert!(
                    matches!(error.kind, ErrorKind::Corrupt | ErrorKind::Truncated),
                    "bit {bit}: {error}"
                ),
            }
        }
        // Those of a partner of noise, and whether a single byte is text or a number.
        assert!(harmless <= plan.bytes, "{harmless} bits of {plan:?}");
    }
    assert!(flat > 0 && partners > 0 && far > 0 && text > 0, "{flat} {partners} {far} {text}");
}

#[test]
fn every_cut_and_every_byte_more_is_noticed() {
    let records = support::records(120, 95);
    for (schema, bytes) in [
        (support::schema(), records),
        (Schema::bytes(), words(60).0),
        (Schema::bytes(), walk(4, false, 200, 6).0),
    ] {
        let payload = encode(&schema, Level::DEFAULT, &bytes);
        let plan = plans::plan(&payload, &schema).bytes;
        for cut in 0..payload.len() {
            match decode(&schema, &payload[..cut], bytes.len()) {
                // The last few bytes of a range coder may be needed by the last few symbols only.
                Ok(decoded) => assert!(decoded != bytes && cut + 8 > payload.len(), "{cut}"),
                Err(error) if cut < plan => assert_eq!(error.kind, ErrorKind::Corrupt, "{cut}"),
                Err(error) => assert_eq!(error.kind, ErrorKind::Truncated, "{cut}"),
            }
        }
        let longer = [&payload[..], &[0; 9]].concat();
        let error = decode(&schema, &longer, bytes.len()).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Corrupt, "{error}");
        // Decode as a block of another length.
        for len in [0, schema.stride(), bytes.len() / 2 / schema.stride() * schema.stride()] {
            let error = decode(&schema, &payload, len).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Corrupt, "{len} bytes: {error}");
        }
    }
}

#[test]
fn damage_of_the_stream_gives_other_bytes() {
    let bytes = support::records(60, 96);
    for (schema, bytes) in [(support::schema(), bytes), (Schema::bytes(), walk(8, false, 60, 20).0)]
    {
        let payload = encode(&schema, Level::DEFAULT, &bytes);
        for at in plans::plan(&payload, &schema).bytes..payload.len() {
            let mut damaged = payload.clone();
            damaged[at] ^= 1 << (at % 8);
            let decoded = decode(&schema, &damaged, bytes.len());
            // Only a part of the last byte may be needed.
            let last = at + 1 == payload.len();
            assert!(last || decoded.is_err() || decoded.unwrap() != bytes, "byte {at}");
        }
    }
}

fn head(kind: u8, slots_log2: u8, contexts: u8) -> Vec<u8> {
    vec![kind, slots_log2, contexts]
}

/// A plan of regions: bytes, code and distances; numbers have no flat byte.
fn regions(slots_log2: u8, contexts: u8, all: &[(u64, u8, &[u64])]) -> Vec<u8> {
    let mut plan = head(REGIONS, slots_log2, contexts);
    plan.extend(number(all.len() as u64));
    for (bytes, code, far) in all {
        plan.extend(number(*bytes));
        plan.push(*code);
        plan.extend(numbers(far));
        if code & NUMBERS != 0 {
            plan.push(0);
        }
    }
    plan
}

/// A plan of records with the fewest slots, which are possible in blocks of any length: runs of
/// roles; and partners, each with the fields since the last field that has one.
fn records(contexts: u8, runs: &[u64], partners: &[[u64; 2]]) -> Vec<u8> {
    let mut plan = head(RECORDS, 4, contexts);
    plan.extend(number(runs.len() as u64));
    plan.extend(numbers(runs));
    plan.extend(number(partners.len() as u64));
    plan.extend(numbers(partners.as_flattened()));
    plan
}

/// Length of the blocks with falsified plans; at most 2^17 slots are allowed for them.
const LEN: usize = 3300;

/// Decodes a block with this plan and any stream.
fn decode_plan(schema: &Schema, plan: &[u8]) -> vortex_coder::Result<Vec<u8>> {
    let payload = [plan, &Random(97).bytes(5000)].concat();
    decode(schema, &payload, LEN)
}

#[test]
fn lying_plans_are_refused() {
    let text = (LEN as u64, 0, &[][..]);
    let code = |width: u8, form: u8| NUMBERS | width << 2 | form;
    let one = |bytes: u64, code: u8, far: &'static [u64]| regions(8, 10, &[(bytes, code, far)]);
    let len = LEN as u64;
    let with = |head: Vec<u8>, rest: &[u8]| [head, rest.to_vec()].concat();
    let of_bytes: Vec<(Vec<u8>, &str)> = vec![
        (regions(3, 10, &[text]), "slots"),
        (regions(18, 10, &[text]), "slots"),
        (regions(255, 10, &[text]), "slots"),
        (regions(8, 0, &[text]), "contexts"),
        (regions(8, 18, &[text]), "contexts"),
        (regions(8, 255, &[text]), "contexts"),
        (head(2, 8, 10), "unknown kind"),
        (head(255, 8, 10), "unknown kind"),
        (regions(8, 10, &[]), "in no region"),
        (one(len - 1, 0, &[]), "in no region"),
        (one(len + 1, 0, &[]), "are left"),
        (one(u64::from(u32::MAX), 0, &[]), "are left"),
        (regions(8, 10, &[(3000, 0, &[]), (301, 0, &[])]), "are left"),
        (regions(8, 10, &[text, (0, 0, &[])]), "0 bytes"),
        (regions(8, 10, &[(0, 0, &[]), text]), "0 bytes"),
        (regions(8, 10, &[text, (0, code(0, 0), &[])]), "0 bytes"),
        (one(len, code(3, 0), &[]), "code"),
        (one(len, code(0, 3), &[]), "code"),
        (one(len, 1, &[]), "code"),
        (one(len, BIG_ENDIAN, &[]), "code"),
        (one(len, FAR | 4, &[8]), "code"),
        (one(len, code(2, 0) | FAR, &[3]), "distance"),
        (one(len, code(2, 0) | FAR, &[0]), "distance"),
        (one(len, code(2, 2) | FAR | FURTHER, &[4, 1]), "distance"),
        (regions(8, 10, &[(len, code(2, 2) | FURTHER, &[len])]), "distance"),
        (one(len, code(2, 2) | FAR, &[0xffff_ffff]), "distance"),
        // Numbers without an end, or too large.
        (with(head(REGIONS, 8, 10), &[0x80; 10]), "5 bytes"),
        (
            with(
                head(REGIONS, 8, 10),
                &[1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
            ),
            "5 bytes",
        ),
        (with(head(REGIONS, 8, 10), &[0xff, 0xff, 0xff, 0xff, 0x7f]), "the number"),
        (with(head(REGIONS, 8, 10), &[1, 0xff, 0xff, 0xff, 0xff, 0x7f]), "the number"),
        (with(head(REGIONS, 8, 10), &[1, 4, code(2, 2), 5]), "5 flat bytes in numbers of 4"),
        (with(head(REGIONS, 8, 10), &[1, 1, code(0, 0), 0x80, 1]), "128 flat bytes"),
        (
            with(head(REGIONS, 8, 10), &[1, 4, code(2, 2) | FAR, 0x80, 0x80, 0x80, 0x80, 0x80]),
            "5 bytes",
        ),
    ];
    for (plan, what) in &of_bytes {
        let error = decode_plan(&Schema::bytes(), plan).expect_err(what);
        assert_eq!(error.kind, ErrorKind::Corrupt, "{plan:?}: {error}");
        assert!(error.message.contains(what), "{plan:?}: {error}");
    }
    // Fields of 4, 4, 1 and 2 bytes.
    let of_records: Vec<(Vec<u8>, &str)> = vec![
        (records(0, &[], &[]), "contexts"),
        (records(29, &[], &[]), "contexts"),
        (records(10, &[12], &[]), "a run of 12 roles"),
        (records(10, &[4, 8], &[]), "a run of 8 roles after 4"),
        (records(10, &[0xffff_ffff], &[]), "a run of"),
        (records(10, &[5, 5, 2], &[]), "a run of 2 roles after 10"),
        (records(10, &[], &[[0, 0]]), "field 0 as the partner of field 0"),
        (records(13, &[], &[[1, 0], [0, 2]]), "field 2 as the partner of field 2"),
        (records(28, &[], &[[3, 4]]), "field 4 as the partner of field 3"),
        (records(28, &[], &[[3, 0xffff_ffff]]), "as the partner of field 3"),
        (records(28, &[], &[[3, 65_536]]), "as the partner of field 3"),
        (records(28, &[], &[[4, 0]]), "a partner of field 4 of 4"),
        (records(28, &[], &[[3, 0], [0, 0]]), "a partner of field 4 of 4"),
        (records(28, &[], &[[0xffff_ffff, 0]]), "a partner of field 4294967295 of 4"),
        (regions(8, 10, &[text]), "regions in records"),
        (with(head(RECORDS, 8, 10), &[0xff; 10]), "5 bytes"),
    ];
    for (plan, what) in &of_records {
        let error = decode_plan(&support::schema(), plan).expect_err(what);
        assert_eq!(error.kind, ErrorKind::Corrupt, "{plan:?}: {error}");
        assert!(error.message.contains(what), "{plan:?}: {error}");
    }
}

#[test]
fn announced_numbers_are_not_believed() {
    for (schema, kind) in [(Schema::bytes(), REGIONS), (support::schema(), RECORDS)] {
        // The largest possible numbers of regions or runs, all empty.
        let mut plan = head(kind, 8, 10);
        plan.extend(number(u32::MAX.into()));
        plan.extend(vec![0; 1 << 20]);
        let error = decode(&schema, &plan, LEN).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Corrupt, "{error}");
    }
}

#[test]
fn impossible_requests_are_refused() {
    let bytes = support::records(20, 98);
    let model = MixingModel::new(support::schema(), Level::DEFAULT);
    assert_eq!((model.lanes(0), model.lanes(1 << 26)), (1, 1));
    let mut coder = model.coder();
    for (bytes, lanes) in [(&bytes[..], 0), (&bytes, 2), (&bytes, usize::MAX), (&bytes[..15], 1)] {
        let block = BlockRecords { bytes, lanes };
        let sound = BlockRecords { bytes: &[], lanes: 1 };
        for group in [vec![block], vec![sound, block]] {
            assert_eq!(coder.encode(&group).unwrap_err().kind, ErrorKind::InvalidArgument);
            assert_eq!(coder.measure(&group).unwrap_err().kind, ErrorKind::InvalidArgument);
        }
        let mut out = bytes.to_vec();
        let payload = BlockPayload { payload: &[0; 99], lanes, out: &mut out };
        let error = coder.decode(&mut [payload]).remove(0).unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidArgument, "{error}");
    }
}

#[test]
fn damaged_files_are_refused() {
    let data = support::records(100, 99);
    let model = Arc::new(MixingModel::new(support::schema(), Level::DEFAULT));
    let options = WriterOptions { zstd_level: None, ..small_blocks(Coder::Model(model)) };
    let (file, summary) = support::encode(&data, options);
    assert_eq!(summary.modelled_blocks, 2);
    for bit in (0..file.len() * 8).step_by(29) {
        let mut damaged = file.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        support::decode(&damaged).unwrap_err();
        support::decode_indexed(&damaged, ReaderOptions::default()).unwrap_err();
    }
    for cut in (0..file.len()).step_by(3) {
        let error = support::decode(&file[..cut]).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Truncated, "{cut}");
    }
    let mut reader = IndexedReader::open(Cursor::new(&file), ReaderOptions::default()).unwrap();
    for block in reader.blocks(0).unwrap() {
        assert_eq!((block.header.method, block.header.lanes), (Method::Modelled, 1));
    }
}

/// Streams that give very different decisions: random bytes, and one byte repeated.
fn any_stream() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![Just(0), Just(0xff), any::<u8>()];
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..3000),
        (prop::collection::vec(byte, 1..20), 1usize..300).prop_map(|(bytes, n)| bytes.repeat(n)),
    ]
}

/// Bytes per number in a region with this code; 1 for text.
fn width_of(code: u8) -> usize {
    1 << (code >> 2 & 3)
}

/// Bytes, code and distances of a region, before they are made valid.
fn any_region() -> impl Strategy<Value = (usize, u8, [u64; 2])> {
    (1usize..1200, any::<u8>(), [1u64..5000, 1u64..100])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn any_payload_of_records_is_decoded_or_refused(
        payload in prop::collection::vec(any::<u8>(), 0..400),
        records in 0usize..200,
    ) {
        let schema = support::schema();
        let _ = decode(&schema, &payload, records * schema.stride());
        let _ = decode(&Schema::bytes(), &payload, records);
    }

    #[test]
    fn any_stream_of_regions_is_decoded(
        stream in any_stream(),
        described in prop::collection::vec(any_region(), 1..8),
        contexts in 1u8..=17,
    ) {
        let mut all: Vec<(usize, u8, [u64; 2])> = described;
        for (bytes, code, _) in &mut all {
            *code = if *code < 30 { 0 } else { (*code | NUMBERS) - u8::from(*code & 3 == 3) };
            *bytes = bytes.div_ceil(width_of(*code)) * width_of(*code);
        }
        let len = all.iter().map(|(bytes, ..)| bytes).sum();
        let all: Vec<(u64, u8, Vec<u64>)> = all
            .into_iter()
            .map(|(bytes, code, far)| {
                let bits = [FAR, FURTHER].into_iter().zip(far);
                let far = bits.filter(|(bit, _)| code & NUMBERS != 0 && code & bit != 0);
                // Some number before, but not before the block.
                let far = far.map(|(_, far)| (far % len as u64).max(width_of(code) as u64));
                match far.collect::<Vec<_>>() {
                    far if width_of(code) < len => (bytes as u64, code, far),
                    _ => (bytes as u64, code & !(FAR | FURTHER), vec![]),
                }
            })
            .collect();
        let all: Vec<_> = all.iter().map(|(bytes, code, far)| (*bytes, *code, &far[..])).collect();
        let payload = [regions(4, contexts, &all), stream].concat();
        let of_bytes = decode(&Schema::bytes(), &payload, len);
        if let Err(error) = &of_bytes {
            prop_assert!(
                error.kind == ErrorKind::Truncated || error.message.contains("continues"), "{}", error);
        }
        // The fields of an array change nothing.
        let schema = support::schema();
        if len.is_multiple_of(schema.stride()) {
            let model = MixingModel::of_array(schema, Level::DEFAULT);
            let mut out = vec![0; len];
            let block = BlockPayload { payload: &payload, lanes: 1, out: &mut out };
            let of_records = model.coder().decode(&mut [block]).remove(0).map(|()| out);
            prop_assert_eq!(of_records.ok(), of_bytes.ok());
        }
    }

    #[test]
    fn any_stream_of_records_is_decoded(
        stream in any_stream(),
        flat in prop::collection::vec(any::<bool>(), 47),
        partners in prop::collection::vec(any::<u16>(), 12),
        contexts in 1u8..=28,
        n in 1usize..100,
    ) {
        let mut offset = 0;
        let fields = DType::ALL.into_iter().map(|dtype| {
            let field = Field { coding: FieldCoding::ORDERED, ..Field::new(format!("f{offset}"), dtype, offset) };
            offset += dtype.size() as u32;
            field
        });
        let fields: Vec<_> = fields.collect();
        let stride = offset as usize;
        let schema = Schema::new(stride, fields).unwrap();
        let mut runs = vec![0];
        for flat in &flat {
            if *flat != (runs.len() % 2 == 0) {
                runs.push(0);
            }
            *runs.last_mut().unwrap() += 1;
        }
        runs.pop();
        // Of all fields but the first one.
        let partners = (1..).zip(partners).map(|(field, partner)| u64::from(partner) % field);
        let partners: Vec<_> = partners.enumerate().map(|(i, partner)| [u64::from(i == 0), partner]).collect();
        let payload = [records(contexts, &runs, &partners), stream].concat();
        match decode(&schema, &payload, n * stride) {
            Ok(_) => {}
            Err(error) => prop_assert!(
                error.kind == ErrorKind::Truncated || error.message.contains("continues"), "{}", error),
        }
    }
}
