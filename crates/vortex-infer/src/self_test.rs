//! The self-test of a model: a digest of the frequencies that it gives on a fixed input.
//!
//! The writer of a model computes it with the interpreter; every machine that loads the model computes
//! it again with the kernels it is going to use. A machine with another result is refused before it
//! writes or reads a byte.

use vortex_coder::cdf::Cdf;
use vortex_coder::layout::RecordLayout;
use vortex_coder::predictor::{Coding, Predictor};

use crate::random;
use crate::spec::Network;

/// Lanes of the test: enough for every remainder of a tile of six rows.
const LANES: usize = 7;
/// Fewest tokens per lane.
const MIN_TOKENS: usize = 24;
/// Most symbols per lane, so that models with long segments load quickly.
const MAX_SYMBOLS: usize = 2048;

/// BLAKE3 of the frequencies (`u32`, little-endian) of every symbol of every lane at every step of
/// the test's input: seven lanes of pseudo-random records that reach into a second segment, if
/// 2,048 symbols per lane are enough for that. The number of active lanes decreases by one in the
/// middle.
pub fn digest(predictor: &mut dyn Predictor, net: &Network, layout: &RecordLayout) -> [u8; 32] {
    let n_roles = layout.roles().len();
    let tokens = MIN_TOKENS.max(net.segment + 1);
    let records = tokens.div_ceil(layout.n_fields()).min(MAX_SYMBOLS / n_roles).max(1);
    let lanes: Vec<Vec<u8>> =
        (0..LANES).map(|lane| random::symbols(layout, records, lane as u64)).collect();
    let mut hasher = blake3::Hasher::new();
    let mut cdfs = vec![Cdf::default(); LANES];
    let mut bytes = Vec::with_capacity(1024);
    predictor.begin(LANES);
    for step in 0..records * n_roles {
        let active = LANES - usize::from(step / n_roles > records / 2);
        if predictor.predict(active, &mut cdfs[..active]) == Coding::Modelled {
            for cdf in &cdfs[..active] {
                bytes.clear();
                for f in cdf.frequencies() {
                    bytes.extend(f.to_le_bytes());
                }
                hasher.update(&bytes);
            }
        }
        let symbols: Vec<u8> = lanes[..active].iter().map(|lane| lane[step]).collect();
        predictor.update(&symbols);
    }
    *hasher.finalize().as_bytes()
}
