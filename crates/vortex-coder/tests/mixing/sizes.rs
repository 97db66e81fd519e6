//! Made data comes back at every level, as small as what chance put into it: a predictor that no longer sees
//! what is there would still be lossless.

use vortex_coder::mixing::Level;

use crate::blocks::{check_measure, encode, levels, measure, round_trip};
use crate::made_bytes::{self, Made};
use crate::made_records::{self, FOLLOWER, FOLLOWER_ROLES, NOISE_ROLES, PARTNER};
use crate::plans;

/// A round trip at every level. Returns the longest payload's length.
fn check(made: &Made) -> usize {
    let Made { name, schema, bytes, bits, more } = made;
    // A few bytes of the plan, and what the first symbols cost whatever they are.
    let most = (bits / 8.0 * (1.0 + more)) as usize + 30;
    let mut longest = 0;
    for level in levels() {
        let payload = round_trip(schema, level, bytes);
        if level == Level::LOWEST || level == Level::HIGHEST {
            check_measure(schema, level, bytes, &payload);
        }
        let len = payload.len();
        println!(
            "{name}, {level:?}: {len} bytes, {:.3} more than {:.0}",
            len as f64 / bits * 8.0 - 1.0,
            bits / 8.0
        );
        if std::env::var_os("LOOK").is_none() {
            assert!(len <= most, "{name}, {level:?}: {len} bytes, more than {most}");
        }
        longest = longest.max(len);
    }
    longest
}

/// The same, and smaller than a general compressor makes it.
fn check_against_zstd(made: &Made) {
    let (longest, zstd) = (check(made), zstd::bulk::compress(&made.bytes, 19).unwrap().len());
    println!("zstd {zstd}");
    if std::env::var_os("LOOK").is_none() {
        assert!(longest < zstd, "{}: {longest} bytes, zstd {zstd}", made.name);
    }
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
        // Three bits of a label, and next to nothing of a counter.
        assert!(costs[0] < 1600.0 * 3.2, "{costs:?}");
        assert!(costs[7..].iter().sum::<f64>() < 1600.0 * 0.1, "{costs:?}");
    }
}

#[test]
fn partners_tell_what_neighbours_do_not() {
    let made = made_records::far_partners(1600);
    for level in levels() {
        let payload = encode(&made.schema, level, &made.bytes);
        let partners = plans::plan(&payload, &made.schema).partners;
        assert_eq!(partners[FOLLOWER], [Some(PARTNER), None]);
        let costs = measure(&made.schema, level, &made.bytes);
        let follower = costs[FOLLOWER_ROLES].iter().sum::<f64>();
        // The key alone is worth four bits.
        assert!(follower < 1600.0 * 0.5, "{follower} bits at {level:?}");
    }
}
