//! Sinusoidal positions.

use std::f32::consts::TAU;

/// Size of the sinusoids, compared with embeddings of size about 1.
const AMPLITUDE: f32 = 0.3;

/// Positions within a segment: `position[p][2 i] = A sin(2 pi k_i p / P)`, `[2 i + 1]` the cosine.
///
/// The frequencies `k_i` are harmonics of the segment, spaced evenly in their logarithm between 1
/// and `P / 2`: positions are then the same in every segment, and a fixed offset is a rotation of
/// each pair for any place of the segment's border ([Vaswani et al.
/// 2017](https://arxiv.org/abs/1706.03762), section 3.5, with a period).
///
/// # Shapes
/// - output: `[segment, d]`
pub fn sinusoids(segment: usize, d: usize) -> Vec<f32> {
    let pairs = d.div_ceil(2).max(2);
    let top = (segment as f32 / 2.0).max(1.0);
    let harmonic = |i: usize| top.powf(i as f32 / (pairs - 1) as f32).round();
    let value = |p: usize, c: usize| {
        let turns = harmonic(c / 2) * p as f32 / segment as f32;
        let angle = TAU * turns.fract();
        AMPLITUDE * if c.is_multiple_of(2) { angle.sin() } else { angle.cos() }
    };
    (0..segment).flat_map(|p| (0..d).map(move |c| value(p, c))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_rotations_across_the_border() {
        let (segment, d) = (12, 8);
        let positions = sinusoids(segment, d);
        let pair = |p: usize, i: usize| {
            let at = (p % segment) * d + 2 * i;
            (positions[at], positions[at + 1])
        };
        // The inner product of two positions depends on their distance only.
        for i in 0..d / 2 {
            let product = |p: usize, q: usize| {
                let ((a, b), (c, e)) = (pair(p, i), pair(q, i));
                a * c + b * e
            };
            for p in 0..segment {
                assert!((product(p, p + 5) - product(0, 5)).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn one_token_segments_work() {
        assert!(sinusoids(1, 6).iter().all(|v| v.is_finite()));
    }
}
