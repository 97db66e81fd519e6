//! The filter, called as HDF5 does.

use super::*;
use crate::chunk::{STORED, STORED_HEAD};

/// A buffer of the C library.
struct Buffer {
    at: *mut c_void,
    size: usize,
}

impl Buffer {
    fn new(bytes: &[u8], size: usize) -> Self {
        // SAFETY: there is room for the bytes, and the pointer is checked.
        let at = unsafe {
            let at = libc::malloc(size.max(bytes.len()).max(1));
            assert!(!at.is_null());
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), at.cast(), bytes.len());
            at
        };
        Self { at, size: size.max(bytes.len()) }
    }

    fn bytes(&self, n: usize) -> Vec<u8> {
        assert!(n <= self.size);
        // SAFETY: the buffer has this size, and the bytes were written.
        unsafe { std::slice::from_raw_parts(self.at.cast(), n) }.to_vec()
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        // SAFETY: allocated by `malloc`, here or in the filter.
        unsafe { libc::free(self.at) };
    }
}

/// What the filter makes of bytes; `None` after a failure, which must leave them as they were.
fn call(flags: c_uint, values: &[u32], bytes: &[u8]) -> Option<Vec<u8>> {
    let mut buffer = Buffer::new(bytes, bytes.len());
    // SAFETY: the buffer and the values are as HDF5 passes them.
    let n = unsafe {
        (CLASS.filter)(
            flags,
            values.len(),
            values.as_ptr(),
            bytes.len(),
            &mut buffer.size,
            &mut buffer.at,
        )
    };
    if n == 0 {
        assert_eq!(buffer.bytes(bytes.len()), bytes);
        return None;
    }
    Some(buffer.bytes(n))
}

/// Records of a slow counter and a small number.
fn table(n: u32) -> Vec<u8> {
    (0..n).flat_map(|i| [i.to_le_bytes(), (i * i % 7).to_le_bytes()].concat()).collect()
}

fn noise(n: usize) -> Vec<u8> {
    let mut state = 1u64;
    let mut draw = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    };
    (0..n).map(|_| draw()).collect()
}

#[test]
fn the_description_is_that_of_a_filter() {
    assert_eq!(H5PLget_plugin_type(), 0);
    // SAFETY: the pointer is to a constant.
    let class = unsafe { &*H5PLget_plugin_info() };
    assert_eq!((class.version, class.encoder_present, class.decoder_present), (1, 1, 1));
    assert!((256..512).contains(&class.id));
    assert_eq!(NAME.iter().filter(|byte| **byte == 0).count(), 1);
}

#[test]
fn chunks_come_back_at_every_level_and_with_the_level_alone() {
    let bytes = table(2000);
    for level in 0..=9 {
        let chunk = call(0, &[level], &bytes).unwrap();
        assert!(chunk.len() < bytes.len() / 3, "level {level}: {}", chunk.len());
        assert!(vortex_codec::decompress(&chunk).unwrap() == bytes);
        assert!(call(REVERSE, &[level], &chunk).unwrap() == bytes, "level {level}");
        // A chunk describes itself.
        assert!(call(REVERSE, &[], &chunk).unwrap() == bytes);
    }
    assert!(call(0, &[], &bytes).is_some());
}

#[test]
fn what_does_not_shrink_is_stored_with_a_checksum() {
    for n in [1, 7, 1000, 70_000] {
        let bytes = noise(n);
        let chunk = call(0, &[2], &bytes).unwrap();
        assert_eq!(chunk.len(), n + STORED_HEAD);
        assert!(chunk.starts_with(&STORED));
        assert_eq!(call(REVERSE, &[], &chunk).unwrap(), bytes);
    }
    let chunk = call(0, &[2], &noise(50)).unwrap();
    for bit in 0..chunk.len() * 8 {
        let mut damaged = chunk.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(call(REVERSE, &[], &damaged), None, "bit {bit}");
    }
}

#[test]
fn damaged_and_cut_chunks_fail() {
    let bytes = table(300);
    let values = Parameters { chunk_bytes: Some(2400), ..Parameters::default() }.to_values();
    let chunk = call(0, &values, &bytes).unwrap();
    for cut in 0..chunk.len() {
        assert_eq!(call(REVERSE, &values, &chunk[..cut]), None, "cut at {cut}");
    }
    for at in 0..chunk.len() {
        let mut damaged = chunk.clone();
        damaged[at] ^= 0x55;
        assert_eq!(call(REVERSE, &values, &damaged), None, "byte {at}");
    }
    assert_eq!(call(REVERSE, &values, &noise(500)), None);
    // Two chunks in one are a valid file of twice the length.
    assert_eq!(call(REVERSE, &values, &[&chunk[..], &chunk].concat()), None);
    let other = Parameters { chunk_bytes: Some(2408), ..Parameters::default() }.to_values();
    assert_eq!(call(REVERSE, &other, &chunk), None);
    assert_eq!(call(0, &other, &bytes), None);
}

#[test]
fn hostile_values_fail_or_are_ignored_when_reading() {
    let bytes = table(300);
    let chunk = call(0, &[2], &bytes).unwrap();
    for values in
        [&[10][..], &[u32::MAX], &[5, 9], &[5, 1], &[5, 1, u32::MAX, 0], &[5, 1, 4, 0, 99]]
    {
        assert_eq!(call(0, values, &bytes), None, "{values:?}");
    }
    for values in [&[10][..], &[5, 9, 0, 1], &[5, 1, u32::MAX, 0]] {
        assert!(call(REVERSE, values, &chunk).unwrap() == bytes, "{values:?}");
    }
}

#[test]
fn a_missing_model_is_named() {
    let parameters = Parameters { model: Some([0xAB; 32]), ..Parameters::default() };
    assert_eq!(call(0, &parameters.to_values(), &table(100)), None);
    let error = encode(&parameters, &table(100), models()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MissingModel);
    assert!(error.message().contains("abababab") && error.message().contains("VORTEX_MODEL_PATH"));
}

#[test]
fn a_stated_schema_is_stored_with_short_names_only() {
    let field = |i: u32| {
        vortex_codec::Field::new(
            format!("a_long_name_of_field_{i}"),
            vortex_codec::DType::U32,
            4 * i,
        )
    };
    let schema = vortex_codec::Schema::new(160, (0..40).map(field).collect()).unwrap();
    let parameters = Parameters { schema: Some(schema), ..Parameters::default() };
    let chunk = call(0, &parameters.to_values(), &table(2000)).unwrap();
    let text = String::from_utf8_lossy(&chunk);
    assert!(!text.contains("long_name"));
    assert!(call(REVERSE, &[], &chunk).unwrap() == table(2000));
}

#[test]
fn a_result_that_fits_uses_the_buffer_of_the_host() {
    let bytes = table(500);
    let mut buffer = Buffer::new(&bytes, bytes.len());
    let before = buffer.at;
    // SAFETY: the buffer and the values are as HDF5 passes them.
    let n =
        unsafe { filter(0, 0, std::ptr::null(), bytes.len(), &mut buffer.size, &mut buffer.at) };
    assert!(n > 0 && buffer.at == before && buffer.size == bytes.len());
}

#[test]
fn panics_and_errors_stop_at_the_border() {
    assert_eq!(guarded::<()>("as a test", || panic!("as a test")), None);
    let error = || Error::new(ErrorKind::Corrupt, "as a test, with a \0 byte");
    assert_eq!(guarded::<()>("as a test", || Err(error())), None);
    assert_eq!(guarded("as a test", || Ok(3)), Some(3));
    // No HDF5 in this process: the values stay as they are.
    // SAFETY: the function takes any numbers.
    assert_eq!(unsafe { set_local(1, 2, 3) }, 1);
}
