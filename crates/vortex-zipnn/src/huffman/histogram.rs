//! Counts of each byte.

/// Occurrences of each byte of a plane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Histogram {
    pub counts: [u32; 256],
    pub total: usize,
}

impl Histogram {
    /// Bits of the plane coded by its own frequencies.
    pub(crate) fn entropy_bits(&self) -> f64 {
        let total = self.total as f64;
        self.counts
            .iter()
            .filter(|&&count| count > 0)
            .map(|&count| f64::from(count) * (total / f64::from(count)).log2())
            .sum()
    }

    /// Mean bits per byte; there must be at least one byte.
    pub(crate) fn bits_per_byte(&self) -> f64 {
        self.entropy_bits() / self.total as f64
    }

    /// The only byte that occurs.
    pub(crate) fn only_symbol(&self) -> Option<u8> {
        let symbol = self.counts.iter().position(|&count| count > 0)?;
        (self.counts[symbol] as usize == self.total).then_some(symbol as u8)
    }

    /// Counts the bytes of `part` too.
    pub(crate) fn add(&mut self, part: &[u8]) {
        for &byte in part {
            self.counts[usize::from(byte)] += 1;
        }
        self.total += part.len();
    }

    /// A histogram without bytes.
    pub(crate) fn empty() -> Self {
        Self { counts: [0; 256], total: 0 }
    }
}

/// Counts the bytes of a plane. It uses four tables, so that increments of one byte do not wait for
/// each other.
pub(crate) fn histogram(plane: &[u8]) -> Histogram {
    let mut tables = [[0u32; 256]; 4];
    let (groups, rest) = plane.as_chunks::<8>();
    for group in groups {
        let word = u64::from_le_bytes(*group);
        for i in 0..8 {
            tables[i % 4][(word >> (8 * i)) as usize & 255] += 1;
        }
    }
    let mut counts = [0; 256];
    for (i, count) in counts.iter_mut().enumerate() {
        *count = tables.iter().map(|table| table[i]).sum();
    }
    let mut out = Histogram { counts, total: plane.len() - rest.len() };
    out.add(rest);
    out
}
