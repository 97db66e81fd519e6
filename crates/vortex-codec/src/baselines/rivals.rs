//! gzip, zstd and xz on the validation bytes of a training run, measured during the run.

use std::sync::mpsc::{Receiver, channel};

use vortex_coder::schema::Schema;

use super::{Choice, list, measure};

/// Bits per byte of other codecs that have been measured so far.
#[derive(Debug, Default)]
pub struct Rivals {
    incoming: Option<Receiver<(String, f64)>>,
    /// Name and bits per byte, in the order of the tables.
    pub known: Vec<(String, f64)>,
}

impl Rivals {
    /// No results yet.
    pub fn new() -> Self {
        Self { incoming: None, known: Vec::new() }
    }

    /// Measures on `bytes` in a separate thread; this takes a fraction of a second for the bytes of
    /// a validation.
    pub fn start(&mut self, bytes: &[u8], schema: &Schema) {
        let (bytes, schema) = (bytes.to_vec(), schema.clone());
        let (sender, incoming) = channel();
        self.incoming = Some(incoming);
        std::thread::spawn(move || {
            for codec in list(Choice::Few) {
                // A codec that fails is left out, because it is only a comparison.
                let Ok(measured) = measure(codec.as_ref(), &bytes, &schema) else { continue };
                let bits = measured.bytes as f64 * 8.0 / bytes.len().max(1) as f64;
                if sender.send((measured.name, bits)).is_err() {
                    return;
                }
            }
        });
    }

    /// The share by which `bits` per byte are smaller than the smallest known result; negative if
    /// they are larger.
    pub fn saved(&self, bits: f64) -> Option<f64> {
        let smallest = self.known.iter().map(|(_, bits)| *bits).reduce(f64::min)?;
        Some(1.0 - bits / smallest)
    }

    /// Stores new results; true when the last one has arrived.
    pub fn poll(&mut self) -> bool {
        let Some(incoming) = &self.incoming else { return false };
        loop {
            match incoming.try_recv() {
                Ok(rival) => self.known.push(rival),
                Err(std::sync::mpsc::TryRecvError::Empty) => return false,
                Err(std::sync::mpsc::TryRecvError::Disconnected) => {
                    self.incoming = None;
                    return true;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_is_compared_with() {
        let mut rivals = Rivals::new();
        assert!(!rivals.poll() && rivals.saved(4.0).is_none());
        rivals.known = vec![("gzip -9".into(), 6.0), ("xz -9e".into(), 5.0)];
        assert_eq!(rivals.saved(4.0), Some(1.0 - 4.0 / 5.0));
        assert!(rivals.saved(5.5).is_some_and(|saved| saved < 0.0));
    }

    #[test]
    fn codecs_are_measured_on_the_bytes() {
        let mut rivals = Rivals::new();
        rivals.start(&[7; 10_000], &Schema::bytes());
        while !rivals.poll() {
            std::thread::yield_now();
        }
        assert_eq!(rivals.known.len(), 3);
        assert!(rivals.known.iter().all(|(_, bits)| *bits > 0.0 && *bits < 0.2));
    }
}
