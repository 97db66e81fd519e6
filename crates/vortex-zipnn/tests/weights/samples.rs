//! Files that the tests share.

use vortex_base::random::SplitMix64;

/// Random weights.
pub struct Noise(SplitMix64);

impl Noise {
    pub fn new(seed: u64) -> Self {
        Self(SplitMix64::new(seed))
    }

    pub fn next(&mut self) -> u64 {
        self.0.draw()
    }

    /// Sums of eight small numbers: bell-shaped, mean 0, about 0.02 wide. Exact, so that every machine
    /// makes the same ones.
    pub fn weight(&mut self) -> f32 {
        let sum: i64 = self.next().to_le_bytes().map(i64::from).iter().sum::<i64>() - 1020;
        let fine = (self.next() >> 48) as i64 - 32768;
        (sum * 65536 + fine) as f32 * (1.0 / 655_360_000.0)
    }
}

/// A safetensors file: name, type, shape and bytes of each tensor, with `gap` bytes before each.
pub fn safetensors(tensors: &[(&str, &str, &[usize], Vec<u8>)], gap: usize) -> Vec<u8> {
    let mut entries = vec![r#""__metadata__":{"format":"pt","note":"kept"}"#.to_string()];
    let mut data = Vec::new();
    for (name, dtype, shape, bytes) in tensors {
        data.extend(std::iter::repeat_n(0xEE, gap));
        let begin = data.len();
        data.extend(bytes);
        entries.push(format!(
            r#""{name}":{{"dtype":"{dtype}","shape":{shape:?},"data_offsets":[{begin},{}]}}"#,
            data.len()
        ));
    }
    // Unordered and with irregular spaces, which JSON allows.
    entries.reverse();
    let json = format!("{{ {} }}  ", entries.join(" , "));
    [&(json.len() as u64).to_le_bytes()[..], json.as_bytes(), &data].concat()
}

/// Little-endian bytes of float32 weights.
pub fn f32_bytes(values: impl IntoIterator<Item = f32>) -> Vec<u8> {
    values.into_iter().flat_map(f32::to_le_bytes).collect()
}

/// A file with all kinds of data; `step` changes the weights a little, as training does.
pub fn model(step: u32, gap: usize) -> Vec<u8> {
    let mut noise = Noise::new(1);
    let mut drift = Noise::new(step.into());
    let dense: Vec<f32> =
        (0..40_000).map(|_| noise.weight() + step as f32 * 1e-4 * drift.weight()).collect();
    let half: Vec<u8> = dense[..9000]
        .iter()
        .flat_map(|v| v.to_bits().to_be_bytes()[..2].iter().rev().copied().collect::<Vec<_>>())
        .collect();
    let rounded =
        f32_bytes(dense[..5000].iter().map(|v| f32::from_bits(v.to_bits() & 0xffff_0000)));
    let doubles: Vec<u8> =
        dense[..3000].iter().flat_map(|v| (f64::from(*v) * 0.1).to_le_bytes()).collect();
    let special = [
        f32::NAN,
        -f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        -0.0,
        1e-42,
        f32::from_bits(0x7f80_0001),
    ];
    // Columns of few magnitudes with changing signs.
    let repeated: Vec<f32> = (0..200 * 100)
        .map(|at| {
            let (i, j) = (at / 100, at % 100);
            let v = dense[j * 40 + (i * (j + 1)) % 40];
            if (i / 3 + j) % 2 == 0 { -v } else { v }
        })
        .collect();
    let index: Vec<u8> = (0..2000i64).flat_map(i64::to_le_bytes).collect();
    let eight: Vec<u8> = (0..5000).map(|_| (noise.next().trailing_zeros() * 8) as u8).collect();
    safetensors(
        &[
            ("dense.weight", "F32", &[200, 200], f32_bytes(dense)),
            ("dense.bias", "F32", &[7], f32_bytes(special)),
            ("half", "BF16", &[90, 100], half),
            ("rounded", "F32", &[5000], rounded),
            ("doubles", "F64", &[3000], doubles),
            ("repeated", "F32", &[200, 100], f32_bytes(repeated)),
            ("index", "I64", &[2000], index),
            ("eight", "F8_E4M3", &[50, 100], eight),
            ("odd", "F4", &[6], vec![1, 2, 3]),
        ],
        gap,
    )
}
