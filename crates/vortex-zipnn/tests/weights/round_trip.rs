//! All bytes are restored, the file is the same for any number of threads, and it is almost never
//! larger than the input.

use std::io::{Cursor, Read};

use proptest::prelude::*;
use vortex_zipnn::{
    Base, Codec, Contents, DType, ErrorKind, Filter, Layout, Level, Options, Summary, compress,
    compress_tensor, compress_tensor_with, decompress, decompress_tensor, list,
};

use crate::samples::{Noise, model};

fn packed(bytes: &[u8], contents: Contents, base: Option<&[u8]>, options: &Options) -> Vec<u8> {
    let mut base = base.map(|b| Base::open(Cursor::new(b)).unwrap());
    let mut out = Vec::new();
    let summary = compress(bytes, &mut out, contents, base.as_mut(), options).unwrap();
    assert_eq!(summary.original_bytes, bytes.len() as u64);
    assert_eq!(summary.file_bytes, out.len() as u64);
    assert!(Codec::new(*options).unwrap().compress(bytes, contents, base.as_mut()).unwrap() == out);
    out
}

fn unpacked(packed: &[u8], base: Option<&[u8]>, threads: usize) -> Vec<u8> {
    let mut base = base.map(|b| Base::open(Cursor::new(b)).unwrap());
    let mut out = Vec::new();
    let summary = decompress(packed, &mut out, base.as_mut(), threads).unwrap();
    let listing = list(Cursor::new(packed)).unwrap();
    let n_chunks = listing.chunks.len() as u64;
    let Summary { original_bytes, file_bytes, n_chunks: n } = summary;
    assert_eq!((original_bytes, file_bytes), (listing.original_bytes, listing.file_bytes));
    assert_eq!(n, n_chunks);
    let mut codec = Codec::new(Options { threads, ..Options::default() }).unwrap();
    assert!(codec.decompress(packed, base.as_mut()).unwrap() == out);
    out
}

#[test]
fn whole_files_at_every_level_and_number_of_threads() {
    for gap in [0, 5] {
        let file = model(0, gap);
        for level in [Level::Fast, Level::Default, Level::Best] {
            let options = Options { level, threads: 1, chunk_bytes: 1 << 16 };
            let one = packed(&file, Contents::Safetensors, None, &options);
            let three =
                packed(&file, Contents::Safetensors, None, &Options { threads: 3, ..options });
            assert!(one == three, "threads change the file");
            assert!(one.len() < file.len() * 9 / 10);
            for threads in [1, 2, 0] {
                assert!(unpacked(&one, None, threads) == file);
            }
        }
    }
}

#[test]
fn tensors_of_one_type_share_chunks_and_repeats_are_found() {
    let file = model(0, 0);
    let listing =
        list(Cursor::new(packed(&file, Contents::Safetensors, None, &Options::default()))).unwrap();
    let has = |dtype, layout| listing.chunks.iter().any(|c| (c.dtype, c.layout) == (dtype, layout));
    assert!(has(DType::F32, Layout::Planes) && has(DType::F32, Layout::Repeats));
    assert!(has(DType::Bf16, Layout::Planes) && has(DType::F64, Layout::Planes));
    assert!(has(DType::F8E4M3, Layout::Planes));
}

#[test]
fn differences_from_a_base() {
    let (base, file) = (model(0, 0), model(3, 0));
    let options = Options::default();
    let alone = packed(&file, Contents::Safetensors, None, &options);
    let delta = packed(&file, Contents::Safetensors, Some(&base), &options);
    assert!(
        delta.len() * 10 < alone.len() * 9,
        "{} alone, {} as difference",
        alone.len(),
        delta.len()
    );
    assert!(unpacked(&delta, Some(&base), 2) == file);
    let listing = list(Cursor::new(&delta)).unwrap();
    assert!(listing.chunks.iter().any(|c| c.filter == Filter::Difference));
    // Compressing the same file again costs almost nothing, and a base with other tensors does no
    // harm.
    assert!(packed(&file, Contents::Safetensors, Some(&file), &options).len() < file.len() / 50);
    let other = model(0, 5);
    let delta = packed(&file, Contents::Safetensors, Some(&other), &options);
    assert!(unpacked(&delta, Some(&other), 1) == file);
    // Raw values use the same place of the base, up to its end.
    let raw = packed(&file, Contents::Raw(DType::F32), Some(&base[..100_000]), &options);
    assert!(unpacked(&raw, Some(&base[..100_000]), 1) == file);
}

#[test]
fn a_wrong_or_missing_base_is_refused() {
    let (base, file) = (model(0, 0), model(3, 0));
    let delta = packed(&file, Contents::Safetensors, Some(&base), &Options::default());
    let error = decompress(&delta[..], Vec::new(), None, 1).unwrap_err();
    assert_eq!(error.kind, ErrorKind::MissingBase);
    let mut near = base.clone();
    *near.last_mut().unwrap() ^= 1;
    for wrong in [&near[..], &base[..base.len() - 1], &file] {
        let mut wrong = Base::open(Cursor::new(wrong)).unwrap();
        let error = decompress(&delta[..], Vec::new(), Some(&mut wrong), 1).unwrap_err();
        assert_eq!(error.kind, ErrorKind::WrongBase);
        assert!(error.message.contains(&blake3::hash(&base).to_hex()[..]), "{error}");
    }
}

#[test]
fn what_is_no_safetensors_file_is_refused() {
    let file = model(0, 0);
    let result = |bytes: &[u8]| {
        compress(bytes, Vec::new(), Contents::Safetensors, None, &Options::default())
    };
    assert_eq!(result(b"hello").unwrap_err().kind, ErrorKind::NotSafetensors);
    assert_eq!(result(&file[..file.len() - 1]).unwrap_err().kind, ErrorKind::Truncated);
    assert_eq!(result(&file[..100]).unwrap_err().kind, ErrorKind::NotSafetensors);
    let options = Options { chunk_bytes: 1000, ..Options::default() };
    let error = compress_tensor_with(b"", DType::F32, &options).unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidArgument);
}

#[test]
fn every_bit_pattern_of_16_bits_and_all_types() {
    let all: Vec<u8> = (0..=u16::MAX).flat_map(u16::to_le_bytes).collect();
    for dtype in DType::ALL {
        for n in [0, 1, 3, 1000, all.len() - 1, all.len()] {
            let packed = compress_tensor(&all[..n], dtype).unwrap();
            assert!(decompress_tensor(&packed).unwrap() == all[..n], "{dtype}");
        }
    }
}

#[test]
fn noise_hardly_grows() {
    let mut noise = Noise::new(7);
    let bytes: Vec<u8> = (0..1 << 16).flat_map(|_| noise.next().to_le_bytes()).collect();
    for dtype in DType::ALL {
        for level in [Level::Fast, Level::Best] {
            for chunk_bytes in [1 << 16, 1 << 20] {
                let options = Options { level, threads: 1, chunk_bytes };
                let packed = compress_tensor_with(&bytes, dtype, &options).unwrap();
                assert!(packed.len() <= bytes.len() + bytes.len() / 1000 + 200, "{dtype}");
            }
        }
    }
}

/// A reader that returns a few bytes at a time.
struct Trickle<'a>(&'a [u8], usize);

impl Read for Trickle<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let n = self.1.min(out.len()).min(self.0.len());
        out[..n].copy_from_slice(&self.0[..n]);
        self.0 = &self.0[n..];
        self.1 = self.1 % 1000 + 7;
        Ok(n)
    }
}

#[test]
fn how_reads_are_cut_does_not_matter() {
    let file = model(1, 3);
    let whole = packed(&file, Contents::Safetensors, None, &Options::default());
    let mut out = Vec::new();
    compress(Trickle(&file, 1), &mut out, Contents::Safetensors, None, &Options::default())
        .unwrap();
    assert!(out == whole);
    let mut back = Vec::new();
    decompress(Trickle(&whole, 1), &mut back, None, 1).unwrap();
    assert!(back == file);
}

proptest! {
    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..5000), code in 0u8..16, mask in any::<u8>()) {
        let dtype = DType::from_code(code).unwrap();
        let bytes: Vec<u8> = bytes.iter().map(|b| b & mask).collect();
        let packed = compress_tensor(&bytes, dtype).unwrap();
        prop_assert_eq!(decompress_tensor(&packed).unwrap(), bytes);
    }
}
