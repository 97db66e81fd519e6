//! gzip, zstd and xz on the bytes that training validates on, measured while it runs.

use std::sync::mpsc::{Receiver, channel};

use vortex_coder::schema::Schema;

use crate::baselines::{Choice, list, measure};

/// Bits per byte of other codecs, as they become known.
pub struct Rivals {
    incoming: Option<Receiver<(String, f64)>>,
    /// Name and bits per byte, in the order of the tables.
    pub known: Vec<(String, f64)>,
}

impl Rivals {
    /// None yet.
    pub fn new() -> Self {
        Self { incoming: None, known: Vec::new() }
    }

    /// Measures on `bytes` in a thread of its own: a fraction of a second for what a validation reads.
    pub fn start(&mut self, bytes: &[u8], schema: &Schema) {
        let (bytes, schema) = (bytes.to_vec(), schema.clone());
        let (sender, incoming) = channel();
        self.incoming = Some(incoming);
        std::thread::spawn(move || {
            for codec in list(Choice::Few) {
                // A codec that fails is left out; it is only there to compare with.
                let Ok(measured) = measure(codec.as_ref(), &bytes, &schema) else { continue };
                let bits = measured.bytes as f64 * 8.0 / bytes.len().max(1) as f64;
                if sender.send((measured.name, bits)).is_err() {
                    return;
                }
            }
        });
    }

    /// Takes up what became known; true when that was the last.
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

    /// What is known, and how `best` bits per byte compare with the smallest of it.
    pub fn line(&self, best: Option<f64>) -> String {
        if self.known.is_empty() {
            return "gzip, zstd and xz on the same bytes: being measured".into();
        }
        let all: Vec<String> =
            self.known.iter().map(|(name, bits)| format!("{name} {bits:.4}")).collect();
        let smallest = self.known.iter().map(|(_, bits)| *bits).fold(f64::INFINITY, f64::min);
        let compared = best.map_or(String::new(), |best| {
            let percent = (1.0 - best / smallest) * 100.0;
            let word = if percent >= 0.0 { "smaller" } else { "larger" };
            format!("; best is {:.1} % {word}", percent.abs())
        });
        format!("on the same bytes {}{compared}", all.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_is_compared_with() {
        let mut rivals = Rivals::new();
        assert!(!rivals.poll());
        assert!(rivals.line(Some(4.0)).contains("being measured"));
        rivals.known = vec![("gzip -9".into(), 6.0), ("xz -9e".into(), 5.0)];
        assert_eq!(rivals.line(None), "on the same bytes gzip -9 6.0000, xz -9e 5.0000");
        assert!(rivals.line(Some(4.0)).ends_with("; best is 20.0 % smaller"));
        assert!(rivals.line(Some(5.5)).ends_with("; best is 10.0 % larger"));
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
