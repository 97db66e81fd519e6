//! Any bytes as a file, and any bytes as the fields and payloads of a member whose checksums are
//! right: both readers end, without a panic, within the limits, and agree where both succeed.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use vortex_coder::container::constants::*;
use vortex_coder::container::*;
use vortex_coder::{Identity, Schema};

fn read_both_ways(file: &[u8]) {
    let limits = Limits { max_block_bytes: 1 << 16, ..Limits::default() };
    let options = ReaderOptions { limits, ..ReaderOptions::default() };
    let mut streamed = Vec::new();
    let stream = Reader::new(file, options.clone()).copy_to(&mut streamed);
    let indexed = IndexedReader::open(Cursor::new(file), options).and_then(|mut reader| {
        let n_members = reader.members().len();
        for member in 0..n_members {
            reader.blocks(member)?;
            reader.embedded_model(member)?;
        }
        // A lying footer cannot ask for more than its blocks hold.
        assert!(reader.len() <= (file.len() as u64) << 16);
        reader.read_range(0, usize::try_from(reader.len()).expect("64 bits"))
    });
    if stream.is_ok() {
        assert_eq!(indexed.expect("a sound file"), streamed);
    }
}

/// A member of one block whose every field comes from `data`.
fn forge(data: &[u8]) -> Option<Vec<u8>> {
    let (head, rest) = data.split_first_chunk::<16>()?;
    let [method, schema_len, lanes, blocks, o0, o1, o2, t0, t1, u0, u1, p, b0, b1, c, d] = *head;
    let (schema, payload) = rest.split_at_checked(schema_len.into())?;
    let mut with_schema = schema;
    let schema = match Schema::read_from(&mut with_schema) {
        Ok(_) => &schema[..schema.len() - with_schema.len()],
        Err(_) if d & 1 == 0 => &[],
        Err(_) => schema,
    };
    let known = [
        Some(Identity::Adaptive),
        Some(Identity::Mixing),
        Some(Identity::MixingArray),
        Some(Identity::Columns),
        None,
    ];
    let predictor = known[usize::from(p) % known.len()];
    let mut file = Vec::new();
    let header = MemberHeader {
        predictor,
        block_bytes: u32::from_le_bytes([b0, b1, c & 1, 0]),
        schema_bytes: schema.len() as u32,
        model_bytes: 0,
        labelled: false,
        packed_schema: false,
    };
    header.write_to(&mut file);
    if !schema.is_empty() {
        file.extend(schema);
        file.extend(crc32fast::hash(schema).to_le_bytes());
    }
    let block = BlockHeader {
        method: [Method::Raw, Method::Zstd, Method::Modelled, Method::Modelled]
            [usize::from(method % 4)],
        lanes: lanes.into(),
        original_bytes: u32::from_le_bytes([o0, o1, o2 & 1, 0]),
        payload_bytes: payload.len() as u32,
        tail_bytes: u16::from_le_bytes([t0, t1]),
        tail_payload_bytes: u16::from_le_bytes([u0, u1]),
        original_crc: crc32fast::hash(payload),
        payload_crc: crc32fast::hash(payload),
    };
    let mut entries = Vec::new();
    for _ in 0..blocks % 3 {
        block.write_to(&mut file);
        file.extend(payload);
        entries.extend(IndexEntry::of(&block).expect("short").to_bytes());
    }
    let index_offset = file.len() as u64;
    IndexHeader { n_blocks: (entries.len() / INDEX_ENTRY_BYTES) as u64 }.write_to(&mut file);
    file.extend(&entries);
    let footer = Footer {
        original_bytes: u64::from(block.original_bytes) * u64::from(blocks % 3),
        n_blocks: u64::from(blocks % 3),
        index_offset,
        member_bytes: (file.len() + FOOTER_BYTES) as u64,
        original_digest: [0; DIGEST_BYTES],
        index_crc: crc32fast::hash(&entries),
    };
    footer.write_to(&mut file);
    Some(file)
}

/// A short member with fields, schema and payload from `data`.
fn forge_short(data: &[u8]) -> Option<Vec<u8>> {
    let (head, rest) = data.split_first_chunk::<12>()?;
    let [flags, id, l0, l1, o0, o1, t0, t1, s0, fit, d0, d1] = *head;
    let (schema, payload) = rest.split_at_checked(usize::from(s0))?;
    let stored = u16::try_from(payload.len()).ok()?;
    let crc = |bytes: &[u8]| crc32fast::hash(bytes).to_le_bytes();
    let mut file = [&MAGIC[..], &[SHORT_VERSION, flags, id, l0, l1, o0, o1]].concat();
    file.extend(stored.to_le_bytes());
    if flags & FLAG_TAIL != 0 {
        file.extend([t0, t1]);
    }
    if flags & FLAG_SCHEMA != 0 {
        file.extend((schema.len() as u16).to_le_bytes());
    }
    if matches!(id, 2 | 4) {
        file.extend([d0; DIGEST_BYTES]);
    }
    file.extend(crc(&file));
    if flags & FLAG_SCHEMA != 0 {
        file.extend(schema);
        file.extend(crc(schema));
    }
    file.extend(payload);
    let end_at = file.len();
    file.extend(crc(payload));
    file.extend(blake3::hash(payload).as_bytes());
    // Mostly the true length of the member.
    let lie = if fit == 0 { usize::from(d1) } else { 0 };
    file.extend(u16::try_from(file.len() + 7 + lie).ok()?.to_le_bytes());
    file.extend(crc(&file[end_at..]));
    file.push(SHORT_END_TAG);
    Some(file)
}

fuzz_target!(|data: &[u8]| {
    read_both_ways(data);
    if let Some(file) = forge_short(data) {
        read_both_ways(&file);
    }
    if let Some(file) = forge(data) {
        read_both_ways(&file);
    }
});
