//! The entropy of the draws, by the chain rule.

use super::draws::{
    BOTTOM_BITS, CHARM_BITS, ETA_BITS, PHI_BITS, PT_BITS, VERTEX_DISTANCE_BITS, VERTEX_MASS_BITS,
    VERTEX_TAGGER_BITS, WEIGHT_BITS,
};
use super::tables::{Tables, class_of, first_code};

/// Bits per record in the long run: the bits of an event divided by its mean number of jets, plus
/// the bits of a jet. (The number of jets is independent of everything else in the event.)
pub(super) fn bits_per_record(tables: &Tables) -> f64 {
    let jets = tables.jets.mean(|entry| entry as f64 + 2.0);
    event(tables) / jets + jet(tables)
}

fn event(t: &Tables) -> f64 {
    t.slice.entropy()
        + t.jets.entropy()
        + t.event_step.entropy()
        + t.weight.entropy()
        + f64::from(WEIGHT_BITS)
        + t.pile_up.entropy()
}

fn jet(t: &Tables) -> f64 {
    let independent = f64::from(PT_BITS + ETA_BITS + PHI_BITS)
        + t.eta.entropy()
        + t.mass.entropy()
        + t.response.entropy()
        + t.eta_shift.entropy();
    let by_class: Vec<f64> = (0..t.flavour.len()).map(|class| of_class(t, class)).collect();
    let by_slice = |slice: usize| {
        let pt = &t.pt[slice];
        pt.entropy() + pt.mean(|entry| by_class[class_of(first_code(slice) + entry as u16)])
    };
    independent + t.slice.mean(by_slice)
}

/// The part that depends on the momentum class.
fn of_class(t: &Tables, class: usize) -> f64 {
    t.flavour[class].entropy()
        + t.tracks[class].entropy()
        + t.hard_scatter[class].entropy()
        + t.vertex_tagger[class].entropy()
        + f64::from(VERTEX_TAGGER_BITS)
        + t.flavour[class].mean(|flavour| of_flavour(t, flavour))
}

/// The part that depends on the flavour.
fn of_flavour(t: &Tables, flavour: usize) -> f64 {
    let vertex = t.vertex_mass[flavour].entropy()
        + t.vertex_distance[flavour].entropy()
        + f64::from(VERTEX_MASS_BITS + VERTEX_DISTANCE_BITS);
    t.parton[flavour].entropy()
        + t.bottom_share[flavour].entropy()
        + t.charm_share[flavour].entropy()
        + f64::from(BOTTOM_BITS + CHARM_BITS)
        + t.vertices[flavour].entropy()
        + (1.0 - t.vertices[flavour].probability(0)) * vertex
}
