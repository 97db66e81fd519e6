//! Choice of the activation scales.

use std::collections::BTreeMap;

use crate::quant::{Observer, QuantSpec, RESIDUAL_BITS, ResidualWriter, power};

/// Fewest fractional bits of a residual stream; weights that would need fewer are clipped.
const LEAST_RESIDUAL_BITS: i32 = 4;

impl Observer {
    /// For each site, the scale with the least mean square error on the observed values; for the
    /// residual streams, scales with which every weight can use its eight bits.
    pub fn into_spec(self) -> QuantSpec {
        let samples = self.samples.into_inner();
        let choose = |(site, values): (String, Vec<f32>)| {
            let bits = best_bits(&values).clamp(least_bits(&site), most_bits(&site));
            (site, bits)
        };
        let mut fraction_bits: BTreeMap<String, i32> = samples.into_iter().map(choose).collect();
        for (stream, bits) in residual_bits(&self.writers.into_inner(), &fraction_bits) {
            fraction_bits.insert(stream.to_string(), bits);
        }
        QuantSpec { fraction_bits }
    }
}

/// The integer network only shifts products to the right. So a stream with more fractional bits
/// than input and weight together would clip the largest weights.
fn residual_bits(
    writers: &[ResidualWriter],
    inputs: &BTreeMap<String, i32>,
) -> BTreeMap<&'static str, i32> {
    let mut streams = BTreeMap::new();
    for writer in writers {
        let Some(input) = inputs.get(&writer.input) else { continue };
        let bits = streams.entry(writer.stream).or_insert(RESIDUAL_BITS);
        *bits = (*bits).min(input + writer.weight_bits).max(LEAST_RESIDUAL_BITS);
    }
    streams
}

fn kind(site: &str) -> &str {
    site.rsplit('.').next().unwrap_or(site)
}

/// Normalised vectors have a mean square of 1; more bits would also need numerators beyond `u32`
/// range in wide models.
fn most_bits(site: &str) -> i32 {
    if matches!(kind(site), "norm" | "input" | "output") { 5 } else { 12 }
}

/// Products of queries and keys are shifted down to 5 fractional bits, never up.
fn least_bits(site: &str) -> i32 {
    if matches!(kind(site), "q" | "k") { 3 } else { -4 }
}

/// Fractional bits that round these values to eight bits with the least square error.
fn best_bits(values: &[f32]) -> i32 {
    let error = |bits: i32| -> f64 {
        let scale = power(bits);
        let one = |&v: &f32| {
            let rounded = (v * scale).round().clamp(-127.0, 127.0) / scale;
            f64::from(v - rounded).powi(2)
        };
        values.iter().map(one).sum()
    };
    (-4..=12).map(|b| (error(b), b)).min_by(|a, b| a.0.total_cmp(&b.0)).map_or(4, |best| best.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_residual_stream_leaves_room_for_its_largest_weight() {
        let writer = |stream, input: &str, weight_bits| ResidualWriter {
            stream,
            input: input.to_string(),
            weight_bits,
        };
        let writers = [
            writer("residual", "wide", 9),
            writer("residual", "narrow", 6),
            writer("head.residual", "wide", 20),
        ];
        let inputs = [("wide".to_string(), 5), ("narrow".to_string(), 1)].into();
        let streams = residual_bits(&writers, &inputs);
        assert_eq!(streams, [("residual", 7), ("head.residual", 10)].into());
    }

    #[test]
    fn rare_large_values_may_clip() {
        let mut values: Vec<f32> = (0..10_000).map(|i| (i as f32 / 5000.0) - 1.0).collect();
        assert_eq!(best_bits(&values), 7);
        values.push(2.1);
        assert_eq!(best_bits(&values), 6);
        values.extend([30.0; 50]);
        assert_eq!(best_bits(&values), 2);
    }
}
