//! From draws to the bytes of a record.

use vortex_coder::schema::{DType, Field, FieldCoding, Schema};

use super::draws::{EventDraws, JetDraws};
use super::tables::{LABELS, PARTONS};

/// The columns, in order and without gaps.
const COLUMNS: [(&str, DType); 26] = [
    ("eventNumber", DType::I32),
    ("mcChannelNumber", DType::I32),
    ("nJets", DType::I8),
    ("jetIndex", DType::I8),
    ("mcEventWeight", DType::F32),
    ("averageInteractionsPerCrossing", DType::F16),
    ("pt", DType::F32),
    ("eta", DType::F32),
    ("phi", DType::F32),
    ("mass", DType::F32),
    ("energy", DType::F32),
    ("HadronConeExclTruthLabelID", DType::I32),
    ("PartonTruthLabelID", DType::I32),
    ("pb", DType::F32),
    ("pc", DType::F32),
    ("pu", DType::F32),
    ("nTracks", DType::I8),
    ("isJvtHS", DType::I8),
    ("isJvtPU", DType::I8),
    ("jvt", DType::F16),
    ("nSV", DType::I8),
    ("svMass", DType::F16),
    ("svDistance", DType::F32),
    ("ptFromTruthJet", DType::F32),
    ("etaFromTruthJet", DType::F32),
    ("truthMatched", DType::Bool),
];

/// Bytes per record.
pub(super) const STRIDE: usize = {
    let (mut sum, mut i) = (0, 0);
    while i < COLUMNS.len() {
        sum += COLUMNS[i].1.size();
        i += 1;
    }
    sum
};

const FIRST_CHANNEL: i32 = 801_165;
/// Units of the tagger outputs: 2^16 of them are one.
pub(super) const SHARES: u32 = 1 << 16;
const F16_NAN: u16 = 0x7e00;
const F32_NAN: u32 = 0x7fc0_0000;
/// Top bits of the first half-precision values drawn: 0.25 and 0.5.
const JVT_FIRST: u32 = 0x3400;
const VERTEX_MASS_FIRST: u32 = 0x3800;
/// Top 16 bits of the first event weight drawn, about 0.0098 as a float.
const WEIGHT_FIRST: u32 = 0x3c20;

pub(super) fn schema() -> Schema {
    let mut offset = 0;
    let fields = COLUMNS
        .iter()
        .map(|&(name, dtype)| {
            let coding = FieldCoding::usual(dtype);
            let field = Field { coding, ..Field::new(name, dtype, offset) };
            offset += dtype.size() as u32;
            field
        })
        .collect();
    Schema::new(STRIDE, fields).expect("a fixed list of columns")
}

/// Appends the record of a jet.
pub(super) fn append(
    out: &mut Vec<u8>,
    event_number: i32,
    event: &EventDraws,
    index: u8,
    jet: &JetDraws,
) {
    let flavour = usize::from(jet.flavour);
    let pt = f64::from(f32::from_bits(jet.pt));
    let eta = eta(jet);
    let mass = decimals(mass_tenths(jet, pt), 10.0);
    let [pb, pc, pu] = shares(jet).map(|units| units as f32 / SHARES as f32);
    let (vertex_mass, vertex_distance) = match jet.vertex {
        None => (F16_NAN, F32_NAN),
        Some((mass, distance)) => {
            ((VERTEX_MASS_FIRST + mass) as u16, decimals(i64::from(distance), 100.0).to_bits())
        }
    };
    let mut put = |bytes: &[u8]| out.extend_from_slice(bytes);
    put(&event_number.to_le_bytes());
    put(&(FIRST_CHANNEL + i32::from(event.slice)).to_le_bytes());
    put(&[event.jets(), index]);
    put(&((WEIGHT_FIRST << 16) + event.weight).to_le_bytes());
    put(&half_of_halves(40 + event.pile_up).to_le_bytes());
    put(&jet.pt.to_le_bytes());
    put(&eta.to_le_bytes());
    put(&phi(jet).to_le_bytes());
    put(&mass.to_le_bytes());
    put(&energy(pt, f64::from(eta), f64::from(mass)).to_le_bytes());
    put(&LABELS[flavour].to_le_bytes());
    put(&PARTONS[flavour][usize::from(jet.parton)].0.to_le_bytes());
    put(&pb.to_le_bytes());
    put(&pc.to_le_bytes());
    put(&pu.to_le_bytes());
    put(&[jet.tracks as u8, jet.hard_scatter as u8, 1 - jet.hard_scatter as u8]);
    put(&((JVT_FIRST + jet.vertex_tagger) as u16).to_le_bytes());
    put(&[jet.vertices as u8]);
    put(&vertex_mass.to_le_bytes());
    put(&vertex_distance.to_le_bytes());
    put(&decimals(truth_pt_tenths(jet, pt), 10.0).to_le_bytes());
    put(&decimals(truth_eta_thousandths(jet), 1000.0).to_le_bytes());
    put(&[u8::from(jet.response.abs_diff(16) < 8)]);
}

/// -2.5 to 2.5 in steps of 5 * 2^-18: exact, with the last bits of the mantissa empty.
fn eta(jet: &JetDraws) -> f32 {
    eta_steps(jet) as f32 * (5.0 / 262_144.0)
}

fn eta_steps(jet: &JetDraws) -> i32 {
    jet.eta as i32 - (1 << 17)
}

/// The middle of one of 2^12 sectors, in radians: one rounding, in the product.
fn phi(jet: &JetDraws) -> f32 {
    (2 * jet.phi as i32 + 1 - (1 << 12)) as f32 * (std::f32::consts::PI / 4096.0)
}

/// A share of the momentum. The product is exact (24 + 8 bits), its tenths rounded down.
fn mass_tenths(jet: &JetDraws, pt: f64) -> i64 {
    (pt * f64::from((u32::from(jet.mass) + 2) * 10) / 128.0) as i64
}

/// The momentum times a response around one, as above.
fn truth_pt_tenths(jet: &JetDraws, pt: f64) -> i64 {
    (pt * f64::from((u32::from(jet.response) + 48) * 10) / 64.0) as i64
}

fn truth_eta_thousandths(jet: &JetDraws) -> i64 {
    (i64::from(eta_steps(jet)) * 5000).div_euclid(1 << 18) + i64::from(jet.eta_shift) - 32
}

/// `n / scale` to the nearest float, as a table printed with decimals is read.
fn decimals(n: i64, scale: f32) -> f32 {
    n as f32 / scale
}

/// Rounded to whole GeV: sqrt((pt cosh(eta))^2 + mass^2).
fn energy(pt: f64, eta: f64, mass: f64) -> f32 {
    let momentum = pt * cosh(eta);
    ((momentum * momentum + mass * mass).sqrt() + 0.5) as u32 as f32
}

/// The power series up to x^24, for |x| of at most 2.5: accurate enough, and the same on every
/// machine.
fn cosh(x: f64) -> f64 {
    let squared = x * x;
    (1..=12).rev().fold(1.0, |sum, k| 1.0 + sum * squared / f64::from((2 * k - 1) * 2 * k))
}

/// Tagger outputs bottom, charm and light, in units that sum to [`SHARES`].
fn shares(jet: &JetDraws) -> [u32; 3] {
    let bottom = jet.bottom_share;
    let charm = ((SHARES - bottom) * jet.charm_share) >> 8;
    [bottom, charm, SHARES - bottom - charm]
}

/// `n / 2` in half precision, for `n` of 1 to 2047: exact.
fn half_of_halves(n: u16) -> u16 {
    let exponent = n.ilog2() as u16;
    let mantissa = (n << (10 - exponent)) & 0x3ff;
    (exponent + 14) << 10 | mantissa
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_series_is_the_hyperbolic_cosine() {
        for i in -250..=250 {
            let x = f64::from(i) / 100.0;
            assert!((cosh(x) / x.cosh() - 1.0).abs() < 1e-14, "{x}");
        }
    }

    #[test]
    fn half_precision_of_halves() {
        for (n, bits) in [(1, 0x3800), (2, 0x3c00), (3, 0x3e00), (80, 0x5100), (2047, 0x63ff)] {
            assert_eq!(half_of_halves(n), bits, "{n}");
        }
    }

    #[test]
    fn records_are_dense_and_odd() {
        let schema = schema();
        assert_eq!(schema.stride(), STRIDE);
        assert_eq!(schema.fields().len(), COLUMNS.len());
        assert!(!STRIDE.is_multiple_of(4) && (60..=110).contains(&STRIDE));
    }
}
