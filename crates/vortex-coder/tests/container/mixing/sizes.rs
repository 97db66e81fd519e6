//! Generated data is restored at every level, with a size close to its entropy: a predictor that no
//! longer finds the structure would still be lossless.

use vortex_coder::mixing::Level;

use super::blocks::{check_measure, encode, levels, measure, round_trip};
use super::made_bytes::{self, Made};
use super::made_records::{self, FOLLOWER, FOLLOWER_ROLES, NOISE_ROLES, PARTNER};
use super::plans;

/// A round trip at every level. Returns the longest payload's length.
fn check(made: &Made) -> usize {
    let Made { schema, bytes, .. } = made;
    let mut longest = 0;
    for level in levels() {
        let payload = round_trip(schema, level, bytes);
        if level == Level::LOWEST || level == Level::HIGHEST {
            check_measure(schema, level, bytes, &payload);
        }
        check_size(made, level, payload.len());
        longest = longest.max(payload.len());
    }
    longest
}

fn check_size(made: &Made, level: Level, len: usize) {
    let Made { name, bits, more, .. } = made;
    let worth = bits / 8.0;
    // The plan and the last symbol need some bytes, even for constant data.
    let most = worth * (1.0 + more) + 16.0;
    println!("{name} at {level:?}: {len} bytes, worth {worth:.0}, {most:.0} allowed");
    assert!(len as f64 <= most, "{name} at {level:?}: {len} bytes, {most:.0} allowed");
}

/// The same check, and the result is smaller than that of a general compressor.
fn check_against_zstd(made: &Made) {
    let (longest, zstd) = (check(made), zstd::bulk::compress(&made.bytes, 19).unwrap().len());
    assert!(longest < zstd, "{}: {longest} bytes, zstd {zstd}", made.name);
}

#[test]
fn text() {
    made_bytes::text().iter().for_each(check_against_zstd);
}

#[test]
fn numbers() {
    made_bytes::numbers().iter().for_each(check_against_zstd);
}

#[test]
fn text_and_numbers_in_one_block() {
    let made = made_bytes::mixture();
    check_against_zstd(&made);
    let payload = encode(&made.schema, Level::DEFAULT, &made.bytes);
    let plan = plans::plan(&payload, &made.schema);
    for width in [0, 2, 4, 8] {
        assert!(plan.regions.iter().any(|region| region.width() == width), "{width}: {plan:?}");
    }
    assert!(plan.regions.iter().any(|region| !region.far.is_empty()), "{plan:?}");
}

#[test]
fn noise_and_silence() {
    made_bytes::extremes().iter().for_each(|made| {
        check(made);
    });
}

#[test]
fn records() {
    made_records::records().iter().for_each(check_against_zstd);
}

#[test]
fn noise_costs_what_it_is() {
    let made = made_records::noise_beside_sense(1600);
    for level in levels() {
        let payload = encode(&made.schema, level, &made.bytes);
        let flat = plans::plan(&payload, &made.schema).flat;
        assert!((0..11).all(|role| flat[role] == NOISE_ROLES.contains(&role)), "{flat:?}");
        let costs = measure(&made.schema, level, &made.bytes);
        assert!(costs[NOISE_ROLES].iter().all(|bits| *bits == 8.0 * 1600.0), "{costs:?}");
        // Three bits of a label; and each value of a counter's lowest byte is new once.
        assert!(costs[0] < 1600.0 * 3.1, "{costs:?}");
        assert!(costs[7..].iter().sum::<f64>() < 256.0 * 11.5, "{costs:?}");
    }
}

#[test]
fn partners_tell_what_neighbours_do_not() {
    let made = made_records::far_partners(1600);
    for level in levels() {
        let payload = encode(&made.schema, level, &made.bytes);
        let partners = plans::plan(&payload, &made.schema).partners;
        assert_eq!(partners[FOLLOWER], Some(PARTNER), "{partners:?}");
        let costs = measure(&made.schema, level, &made.bytes);
        let follower = costs[FOLLOWER_ROLES].iter().sum::<f64>();
        // Only the key has entropy: four bits.
        assert!(follower < 1600.0 * 0.5, "{follower} bits at {level:?}");
    }
}

#[test]
fn a_table_of_very_many_fields() {
    let made = made_records::wide(3);
    for level in [Level::LOWEST, Level::HIGHEST] {
        let payload = round_trip(&made.schema, level, &made.bytes);
        // Its plan is long, because it has an entry for each field.
        check_size(&made, level, payload.len() - plans::plan(&payload, &made.schema).bytes);
    }
}
