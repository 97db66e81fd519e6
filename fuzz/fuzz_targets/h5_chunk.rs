//! Chunks of the HDF5 filter: any bytes decode to a chunk of the stated length or are refused, and
//! what is encoded with any values of the filter comes back.
#![no_main]

use std::sync::Arc;

use h5vortex::{Parameters, decode, encode};
use libfuzzer_sys::fuzz_target;
use vortex_codec::Models;

fuzz_target!(|input: (Vec<u32>, Vec<u8>, Option<u16>)| {
    let (values, bytes, stated) = input;
    let models = Arc::new(Models::new());
    let stated = stated.map(u32::from);
    if let Ok(chunk) = decode(&bytes, stated, &models) {
        assert!(stated.is_none_or(|stated| stated as usize == chunk.len()));
    }
    let Ok(parameters) = Parameters::from_values(&values) else { return };
    if bytes.is_empty() || bytes.len() > 1 << 16 {
        return;
    }
    if let Ok(packed) = encode(&parameters, &bytes, &models) {
        let back = decode(&packed, Some(bytes.len() as u32), &models);
        assert!(back.is_ok_and(|back| back == bytes));
    }
});
