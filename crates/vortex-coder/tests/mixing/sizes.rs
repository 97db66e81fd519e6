//! Made data comes back at every level, as small as what chance put into it: a predictor that no longer sees
//! what is there would still be lossless.

use vortex_coder::mixing::Level;

use crate::blocks::{levels, measure, round_trip};
use crate::made_bytes::{self, Made};
use crate::made_records::{self, FOLLOWER, FOLLOWER_ROLES, NOISE_ROLES, PARTNER};
use crate::plans;

fn zstd_len(bytes: &[u8]) -> usize {
    zstd::bulk::compress(bytes, 19).unwrap().len()
}

/// Round trips at every level, and sizes of at most so much more than the data's bits and than 100 bytes.
fn check(made: &Made, more: f64) {
    let Made { name, schema, bytes, bits } = made;
    let zstd = zstd_len(bytes);
    for level in levels() {
        let len = round_trip(schema, level, bytes).len();
        let most = (bits / 8.0 * (1.0 + more)) as usize + 100;
        println!("{name}, {level:?}: {len} bytes, at most {most}, zstd {zstd}");
        if std::env::var_os("LOOK").is_none() {
            assert!(len <= most, "{name}, {level:?}: {len} bytes, more than {most}");
            assert!(len < zstd || zstd < 100, "{name}, {level:?}: {len} bytes, zstd {zstd}");
        }
    }
}

#[test]
fn text() {
    made_bytes::text().iter().for_each(|made| check(made, 0.1));
}

#[test]
fn numbers() {
    made_bytes::numbers().iter().for_each(|made| check(made, 0.1));
}

#[test]
fn mixtures() {
    made_bytes::mixtures().iter().for_each(|made| check(made, 0.1));
}

#[test]
fn silence() {
    made_bytes::silence().iter().for_each(|made| check(made, 0.1));
}

#[test]
fn records() {
    made_records::records().iter().for_each(|made| check(made, 0.1));
}
