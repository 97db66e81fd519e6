//! The random draws: those of an event, and those of a jet.

use super::table::Table;
use super::tables::{Tables, class_of, first_code};
use vortex_base::random::SplitMix64;

/// Fewest jets of an event.
const MIN_JETS: u8 = 2;

/// Number of uniform bits after a table, for draws that have them.
pub(super) const WEIGHT_BITS: u32 = 16;
pub(super) const PT_BITS: u32 = 16;
pub(super) const ETA_BITS: u32 = 10;
pub(super) const PHI_BITS: u32 = 12;
pub(super) const BOTTOM_BITS: u32 = 8;
pub(super) const CHARM_BITS: u32 = 3;
pub(super) const VERTEX_TAGGER_BITS: u32 = 6;
pub(super) const VERTEX_MASS_BITS: u32 = 5;
pub(super) const VERTEX_DISTANCE_BITS: u32 = 3;

/// Draws of an event. Each is the entry of a table, with uniform bits below it if there is a
/// constant for them above.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct EventDraws {
    pub(super) slice: u16,
    pub(super) jets: Option<u16>,
    pub(super) step: u16,
    pub(super) weight: u32,
    pub(super) pile_up: u16,
}

/// Draws of a jet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct JetDraws {
    /// Top 16 bits of the momentum as a float, and 16 uniform bits.
    pub(super) pt: u32,
    pub(super) eta: u32,
    pub(super) phi: u32,
    pub(super) mass: u16,
    pub(super) response: u16,
    pub(super) eta_shift: u16,
    pub(super) flavour: u16,
    pub(super) parton: u16,
    pub(super) tracks: u16,
    pub(super) hard_scatter: u16,
    pub(super) vertex_tagger: u32,
    pub(super) bottom_share: u32,
    pub(super) charm_share: u32,
    pub(super) vertices: u16,
    /// Mass and distance, when there is a vertex.
    pub(super) vertex: Option<(u32, u32)>,
}

impl EventDraws {
    pub(super) fn draw(rng: &mut SplitMix64, tables: &Tables) -> Self {
        Self {
            slice: tables.slice.draw(rng),
            jets: Some(tables.jets.draw(rng)),
            step: tables.event_step.draw(rng),
            weight: with_bits(rng, &tables.weight, WEIGHT_BITS),
            pile_up: tables.pile_up.draw(rng),
        }
    }

    /// Jets of the event; 0 before the first event.
    pub(super) fn jets(&self) -> u8 {
        self.jets.map_or(0, |jets| jets as u8 + MIN_JETS)
    }

    /// Difference between the number of the event and that of the previous event.
    pub(super) fn event_step(&self) -> i32 {
        i32::from(self.step) + 1
    }
}

impl JetDraws {
    pub(super) fn draw(rng: &mut SplitMix64, tables: &Tables, slice: u16) -> Self {
        let slice = usize::from(slice);
        let code = first_code(slice) + tables.pt[slice].draw(rng);
        let class = class_of(code);
        let mut jet = Self {
            pt: u32::from(code) << PT_BITS | rng.bits(PT_BITS),
            eta: with_bits(rng, &tables.eta, ETA_BITS),
            phi: rng.bits(PHI_BITS),
            mass: tables.mass.draw(rng),
            response: tables.response.draw(rng),
            eta_shift: tables.eta_shift.draw(rng),
            flavour: tables.flavour[class].draw(rng),
            tracks: tables.tracks[class].draw(rng),
            hard_scatter: tables.hard_scatter[class].draw(rng),
            vertex_tagger: with_bits(rng, &tables.vertex_tagger[class], VERTEX_TAGGER_BITS),
            ..Self::default()
        };
        let flavour = usize::from(jet.flavour);
        jet.parton = tables.parton[flavour].draw(rng);
        jet.bottom_share = with_bits(rng, &tables.bottom_share[flavour], BOTTOM_BITS);
        jet.charm_share = with_bits(rng, &tables.charm_share[flavour], CHARM_BITS);
        jet.vertices = tables.vertices[flavour].draw(rng);
        jet.vertex = (jet.vertices > 0).then(|| {
            let mass = with_bits(rng, &tables.vertex_mass[flavour], VERTEX_MASS_BITS);
            let distance = with_bits(rng, &tables.vertex_distance[flavour], VERTEX_DISTANCE_BITS);
            (mass, distance)
        });
        jet
    }
}

/// An entry of a table, with `n` uniform bits below it.
fn with_bits(rng: &mut SplitMix64, table: &Table, n: u32) -> u32 {
    u32::from(table.draw(rng)) << n | rng.bits(n)
}
