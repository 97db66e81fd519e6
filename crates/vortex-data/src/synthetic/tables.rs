//! All the distributions of the generator.

use super::table::Table;

/// Momentum slices, classes of momentum, and flavours.
pub(super) const SLICES: usize = 5;
pub(super) const CLASSES: usize = 3;
pub(super) const FLAVOURS: usize = 4;

/// Top 16 bits of the float 20.0, where the softest slice begins. Steps of the top 16 bits are
/// 1/128 of a power of two.
pub(super) const SOFTEST_CODE: u16 = 0x41a0;
const CODES_AN_OCTAVE: u16 = 128;
/// Codes of a slice: three powers of two.
const SLICE_CODES: u16 = 3 * CODES_AN_OCTAVE;

/// Label of each flavour: light, charm, bottom, tau.
pub(super) const LABELS: [i32; FLAVOURS] = [0, 4, 5, 15];

/// Parton numbers of each flavour, with weights.
pub(super) const PARTONS: [&[(i32, u64)]; FLAVOURS] = [
    &[(21, 50), (1, 12), (-1, 6), (2, 16), (-2, 6), (3, 4), (-3, 4), (-999, 2)],
    &[(4, 44), (-4, 44), (21, 12)],
    &[(5, 46), (-5, 46), (21, 8)],
    &[(15, 50), (-15, 50)],
];

/// The fields are named after the drawn values; arrays are indexed by slice, class or flavour.
#[derive(Clone, Debug)]
pub(super) struct Tables {
    pub(super) slice: Table,
    pub(super) jets: Table,
    pub(super) event_step: Table,
    pub(super) weight: Table,
    pub(super) pile_up: Table,
    pub(super) pt: [Table; SLICES],
    pub(super) eta: Table,
    pub(super) mass: Table,
    pub(super) response: Table,
    pub(super) eta_shift: Table,
    pub(super) flavour: [Table; CLASSES],
    pub(super) tracks: [Table; CLASSES],
    pub(super) hard_scatter: [Table; CLASSES],
    pub(super) vertex_tagger: [Table; CLASSES],
    pub(super) parton: [Table; FLAVOURS],
    pub(super) bottom_share: [Table; FLAVOURS],
    pub(super) charm_share: [Table; FLAVOURS],
    pub(super) vertices: [Table; FLAVOURS],
    pub(super) vertex_mass: [Table; FLAVOURS],
    pub(super) vertex_distance: [Table; FLAVOURS],
}

impl Tables {
    pub(super) fn new() -> Self {
        Self {
            slice: Table::new(&[8, 4, 2, 1, 1]),
            jets: Table::new(&[20, 30, 25, 14, 7, 4]),
            event_step: Table::new(&[32, 16, 8, 4, 2, 1, 1, 1]),
            weight: Table::bell(96, 60, 10),
            pile_up: Table::bell(80, 38, 14),
            pt: std::array::from_fn(steep_spectrum),
            eta: Table::bell(256, 128, 70),
            mass: Table::bell(16, 5, 2),
            response: Table::bell(32, 16, 3),
            eta_shift: Table::bell(64, 32, 4),
            flavour: [[80, 10, 8, 2], [62, 14, 21, 3], [54, 16, 27, 3]].map(|w| Table::new(&w)),
            tracks: [(6, 3), (11, 5), (18, 7)]
                .map(|(center, width)| Table::bell(48, center, width)),
            hard_scatter: [[1, 5], [1, 30], [1, 400]].map(|w| Table::new(&w)),
            vertex_tagger: [(20, 8), (26, 4), (30, 2)]
                .map(|(center, width)| Table::bell(32, center, width)),
            parton: PARTONS.map(|list| {
                Table::new(&list.iter().map(|(_, weight)| *weight).collect::<Vec<u64>>())
            }),
            bottom_share: [(1, 3), (12, 14), (245, 20), (10, 12)]
                .map(|(center, width)| Table::bell(255, center, width)),
            charm_share: [(1, 2), (26, 6), (8, 8), (20, 9)]
                .map(|(center, width)| Table::bell(32, center, width)),
            vertices: [[95, 4, 1], [70, 27, 3], [28, 56, 16], [60, 38, 2]].map(|w| Table::new(&w)),
            vertex_mass: [(30, 20), (50, 16), (84, 14), (40, 10)]
                .map(|(center, width)| Table::bell(128, center, width)),
            vertex_distance: [(5, 8), (20, 14), (40, 25), (6, 5)]
                .map(|(center, width)| Table::bell(200, center, width)),
        }
    }
}

/// First code of a slice; each slice begins at twice the momentum of the one before.
pub(super) fn first_code(slice: usize) -> u16 {
    SOFTEST_CODE + CODES_AN_OCTAVE * slice as u16
}

/// Momentum class of a code: below 40 GeV, below 160 GeV, above.
pub(super) fn class_of(code: u16) -> usize {
    match (code - SOFTEST_CODE) / CODES_AN_OCTAVE {
        0 => 0,
        1 | 2 => 1,
        _ => 2,
    }
}

/// Number density falling with the fifth power of the momentum. A code with significand `m` (of
/// 128 to 255) and exponent `e` stands for the interval of width `2^e` at `m * 2^e`.
fn steep_spectrum(slice: usize) -> Table {
    let first = first_code(slice);
    let weights: Vec<u64> = (first..first + SLICE_CODES)
        .map(|code| {
            let m = u64::from(code & 127) + 128;
            let e = (code >> 7) - (first >> 7);
            ((1u64 << 60) / m.pow(5)) >> (4 * e)
        })
        .collect();
    Table::new(&weights)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spectrum_falls_with_the_fifth_power() {
        let pt = |code: u16| f32::from_bits(u32::from(code) << 16);
        assert_eq!(pt(SOFTEST_CODE), 20.0);
        assert_eq!(pt(first_code(4) + SLICE_CODES), 2560.0);
        let table = steep_spectrum(0);
        let density = |at: f32| {
            let i = ((at.to_bits() >> 16) as u16 - SOFTEST_CODE) as usize;
            let width = pt(SOFTEST_CODE + i as u16 + 1) - pt(SOFTEST_CODE + i as u16);
            table.probability(i) / f64::from(width)
        };
        for at in [20.0f32, 30.0, 40.0, 70.0] {
            let ratio = density(at) / density(2.0 * at);
            assert!((ratio - 32.0).abs() < 1.0, "{at}: {ratio}");
        }
    }

    #[test]
    fn classes_begin_where_they_should() {
        let class = |pt: f32| class_of((pt.to_bits() >> 16) as u16);
        assert_eq!([20.0, 39.0, 40.0, 159.0, 160.0, 2559.0].map(class), [0, 0, 1, 1, 2, 2]);
    }
}
