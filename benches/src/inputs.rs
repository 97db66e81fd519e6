//! The fixed inputs of regressions: the same bytes on every machine and in every version.

use vortex_codec::Schema;
use vortex_codec::data::synthetic::SyntheticJets;

/// A named input, with the schema that it is coded with; `None`: what the first look finds.
pub struct Input {
    /// Its name in tables.
    pub name: &'static str,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The schema.
    pub schema: Option<Schema>,
}

/// Every input, of about `len` bytes each.
pub fn all(len: usize) -> Vec<Input> {
    let input = |name, bytes| Input { name, bytes, schema: None };
    let jets = jets(len);
    vec![
        Input { name: "jets", bytes: jets.clone(), schema: Some(SyntheticJets::schema()) },
        input("jets without a schema", jets),
        input("energies of masses and momenta", energies(len)),
        input("waveform of 16 bits", waveform(len)),
        input("counter of 64 bits", counter(len)),
        input("lines of text", text(len)),
        input("noise", noise(len)),
    ]
}

/// Synthetic jets.
pub fn jets(len: usize) -> Vec<u8> {
    SyntheticJets::generate(1, len / SyntheticJets::schema().stride())
}

/// Uniform numbers (a xorshift generator, which nothing else uses).
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A multiple of 2^-24 from 0 up to, but without, 1.
    fn unit(&mut self) -> f64 {
        (self.next() >> 40) as f64 / f64::from(1 << 24)
    }
}

/// Records of four float32: a momentum in steps of 0.01, a mass, the energy of both, a pull.
fn energies(len: usize) -> Vec<u8> {
    let mut draws = Draws(3);
    let mut out = Vec::with_capacity(len);
    while out.len() + 16 <= len {
        let p = ((500.0 * draws.unit() * draws.unit()) * 100.0).round() as f32 / 100.0;
        let m = (0.1 + draws.unit()) as f32;
        let e = (f64::from(p) * f64::from(p) + f64::from(m) * f64::from(m)).sqrt() as f32;
        let pull = (draws.unit() + draws.unit() - 1.0) as f32;
        for value in [p, m, e, pull] {
            out.extend(value.to_le_bytes());
        }
    }
    out
}

/// A triangle wave with noise: no function of a library, whose last bit could differ.
fn waveform(len: usize) -> Vec<u8> {
    let mut draws = Draws(5);
    let sample = |i: usize, noise: u64| {
        let phase = (i % 251) as i64;
        (phase.min(251 - phase) * 180 - 11_000 + (noise % 23) as i64) as i16
    };
    (0..len / 2).flat_map(|i| sample(i, draws.next()).to_le_bytes()).collect()
}

fn counter(len: usize) -> Vec<u8> {
    (0..len as u64 / 8).flat_map(|i| (1_000_000 + i).to_le_bytes()).collect()
}

fn text(len: usize) -> Vec<u8> {
    let mut draws = Draws(7);
    let mut out = Vec::with_capacity(len + 80);
    let mut event = 0u64;
    while out.len() < len {
        event += 1 + draws.next() % 3;
        let (pt, id) = (draws.next() % 100_000, draws.next() % 5);
        let line = format!("E {event} {}.{:03} p{id} status={}\n", pt / 1000, pt % 1000, id % 2);
        out.extend(line.bytes());
    }
    out.truncate(len);
    out
}

fn noise(len: usize) -> Vec<u8> {
    let mut draws = Draws(9);
    (0..len).map(|_| (draws.next() >> 56) as u8).collect()
}
