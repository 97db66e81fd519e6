//! Memory grows with the contents of a file, not with the lengths that it states. This test runs
//! alone in its process, because it measures the peak memory.
#![allow(clippy::cast_possible_truncation, clippy::unwrap_used)]

#[path = "container/support/mod.rs"]
mod support;

use support::*;
use vortex_coder::container::constants::*;
use vortex_coder::container::*;
use vortex_coder::{ErrorKind, Identity};

/// Peak memory of this process in bytes, if the system reports it.
fn peak_memory() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<usize>().ok()? << 10)
}

#[test]
fn announced_sizes_allocate_nothing() {
    let header = MemberHeader {
        predictor: None,
        block_bytes: MAX_BLOCK_BYTES,
        schema_bytes: 0,
        model_bytes: 0,
        labelled: false,
        packed_schema: false,
    };
    let block = BlockHeader {
        method: Method::Raw,
        lanes: 0,
        original_bytes: MAX_BLOCK_BYTES,
        payload_bytes: MAX_BLOCK_BYTES,
        tail_bytes: 0,
        tail_payload_bytes: 0,
        original_crc: 0,
        payload_crc: 0,
    };
    let mut with_block = Vec::new();
    header.write_to(&mut with_block);
    block.write_to(&mut with_block);
    let headers = [
        MemberHeader { schema_bytes: MAX_SCHEMA_BYTES, ..header },
        MemberHeader {
            predictor: Some(Identity::Network([1; 32])),
            model_bytes: MAX_MODEL_BYTES,
            ..header
        },
    ];
    let mut files = vec![with_block];
    for header in headers {
        let mut file = Vec::new();
        header.write_to(&mut file);
        files.push(file);
    }
    // An index of 2^60 entries.
    let mut file = Vec::new();
    header.write_to(&mut file);
    let index_offset = file.len() as u64;
    IndexHeader { n_blocks: 1 << 60 }.write_to(&mut file);
    let footer = Footer {
        original_bytes: u64::MAX,
        n_blocks: 1 << 60,
        index_offset,
        member_bytes: index_offset + (1 << 63) + 96,
        original_digest: [0; 32],
        index_crc: 0,
    };
    footer.write_to(&mut file);
    files.push(file);

    let before = peak_memory();
    for file in &mut files {
        file.extend([0; 200]);
        let limits = Limits { max_model_bytes: u32::MAX, ..Limits::default() };
        for _ in 0..20 {
            let options = ReaderOptions { limits, ..with_models() };
            let error = decode_with(file, options.clone()).unwrap_err();
            assert!(matches!(error.kind, ErrorKind::Truncated | ErrorKind::Corrupt), "{error}");
            decode_indexed(file, options).unwrap_err();
        }
    }
    match (before, peak_memory()) {
        (Some(before), Some(after)) => {
            assert!(after < before + (16 << 20), "{before} -> {after} bytes");
        }
        _ => println!("skipped: this system does not tell its peak memory"),
    }
}
