//! Flip every bit, cut at every length: always an error of the right kind, never a panic, a wrong
//! byte, a hang or memory beyond the limits.

use std::io::Cursor;
use std::sync::Arc;

use crate::support::*;
use vortex_coder::ErrorKind::*;
use vortex_coder::Schema;
use vortex_coder::container::constants::*;
use vortex_coder::container::*;

/// Members of one block each: modelled with a tail and an embedded model, zstd, raw, and none.
fn members() -> Vec<Vec<u8>> {
    let model = Arc::new(SeedModel::new(1));
    let embed = WriterOptions { embed_model: Some(model.file()), ..ordinary(Coder::Model(model)) };
    let mut with_tail = records(60, 5);
    with_tail.extend([1, 2, 3]);
    let bytes = || ordinary(Coder::Classic(Schema::bytes()));
    vec![
        encode(&with_tail, embed).0,
        encode(&[5; 200], bytes()).0,
        encode(&Random(3).bytes(50), bytes()).0,
        encode(&[], ordinary(Coder::adaptive(schema()))).0,
        encode(&records(30, 8), ordinary(Coder::adaptive(schema()))).0,
    ]
}

/// Checks the stored bytes, without models.
fn stored(file: &[u8]) -> Result<(), vortex_coder::Error> {
    IndexedReader::open(Cursor::new(file), ReaderOptions::default())?.check_stored()
}

#[test]
fn every_flipped_bit_is_an_error() {
    for (member, file) in members().into_iter().enumerate() {
        let [streamed, indexed] = both(&file);
        assert_eq!(streamed.unwrap(), indexed.unwrap());
        stored(&file).unwrap();
        for bit in 0..file.len() * 8 {
            let mut damaged = file.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            for decoded in both(&damaged) {
                let kind = decoded.expect_err(&format!("{member}: bit {bit}")).kind;
                assert!(blames_the_file(kind), "{member}: bit {bit}: {kind:?}");
            }
            let kind = stored(&damaged).expect_err(&format!("{member}: stored bit {bit}")).kind;
            assert!(blames_the_file(kind), "{member}: stored bit {bit}: {kind:?}");
        }
    }
}

#[test]
fn a_flipped_bit_has_the_kind_of_its_place() {
    let file = members().swap_remove(0);
    let len = file.len();
    let mut reader = IndexedReader::open(Cursor::new(&file), with_models()).unwrap();
    let block = reader.blocks(0).unwrap()[0];
    let (block_at, payload_at) =
        (block.file_offset as usize, block.file_offset as usize + BLOCK_HEADER_BYTES);
    let index_at = len - FOOTER_BYTES - INDEX_HEADER_BYTES - INDEX_ENTRY_BYTES;
    let kind_at = |byte: usize| match byte {
        0..8 => NotVxc,
        8 => UnsupportedVersion,
        // The tags, which distinguish a block from an index, and the end magic.
        _ if byte == block_at || byte == index_at || byte >= len - 8 => Corrupt,
        _ => ChecksumMismatch,
    };
    assert!(block.header.tail_bytes == 3 && payload_at < index_at);
    for bit in 0..len * 8 {
        let mut damaged = file.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let error = decode_with(&damaged, with_models()).unwrap_err();
        assert_eq!(error.kind, kind_at(bit / 8), "byte {}: {error}", bit / 8);
    }
}

#[test]
fn flips_in_a_file_of_many_blocks() {
    let data = [records(500, 5), Random(9).bytes(3000), vec![0; 3000]].concat();
    let model = Arc::new(SeedModel::new(1));
    let (file, _) = encode(&data, ordinary(Coder::Model(model)));
    for bit in (0..file.len() * 8).step_by(61) {
        let mut damaged = file.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        for decoded in both(&damaged) {
            assert!(blames_the_file(decoded.unwrap_err().kind), "bit {bit}");
        }
        // The bytes before the damage are right.
        let mut reader = Reader::new(damaged.as_slice(), with_models());
        let mut good = Vec::new();
        while let Ok(Some(block)) = reader.next_block() {
            good.extend(block);
        }
        assert!(data.starts_with(&good), "bit {bit}");
    }
}

#[test]
fn every_cut_is_an_error() {
    let members = members();
    let file = members.concat();
    let mut starts = vec![0];
    for member in &members {
        starts.push(starts[starts.len() - 1] + member.len());
    }
    for cut in 0..file.len() {
        let whole = cut > 0 && starts.contains(&cut);
        for decoded in both(&file[..cut]) {
            match decoded {
                // As with gzip, a file that ends after a whole member is valid.
                Ok(_) => assert!(whole, "cut at {cut}"),
                Err(error) => {
                    assert!(!whole && error.kind == Truncated, "{cut}: {error}");
                }
            }
        }
    }
}

#[test]
fn what_follows_the_last_member_is_an_error() {
    let file = members().concat();
    let tails: [&[u8]; 6] =
        [&[0], b"\n", &[0; 4096], b"\x9EVXCx", &Random(1).bytes(99), b"\x9FVXC"];
    for tail in tails {
        let [streamed, indexed] = both(&[&file[..], tail].concat());
        assert_eq!(streamed.unwrap_err().kind, TrailingData, "{tail:02x?}");
        assert_eq!(indexed.unwrap_err().kind, Truncated, "{tail:02x?}");
    }
    for decoded in both(&[&file[..], &MAGIC].concat()) {
        assert_eq!(decoded.unwrap_err().kind, Truncated);
    }
    // Between members, and before the first.
    let members = members();
    let inside = [&members[1][..], b"?", &members[2]].concat();
    let [streamed, indexed] = both(&inside);
    assert_eq!(streamed.unwrap_err().kind, TrailingData);
    assert_eq!(indexed.unwrap_err().kind, Truncated);
    for decoded in both(&[b"?", &file[..]].concat()) {
        assert_eq!(decoded.unwrap_err().kind, NotVxc);
    }
}

#[test]
fn other_files_are_not_vxc() {
    let mut text_mode = members().concat();
    let cr = text_mode.iter().position(|&b| b == b'\r').unwrap();
    text_mode.remove(cr);
    let mut seven_bits = members().concat();
    seven_bits[0] &= 0x7F;
    let files: [&[u8]; 7] =
        [b"\x1f\x8b\x08\0", b"hello", &[0], &[0; 4096], &text_mode, &seven_bits, b"\x9eVXB"];
    for file in files {
        for decoded in both(file) {
            assert_eq!(decoded.unwrap_err().kind, NotVxc, "{file:02x?}");
        }
    }
    for decoded in both(&[]) {
        assert_eq!(decoded.unwrap_err().kind, Truncated);
    }
}
