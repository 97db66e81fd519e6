//! The curve of a run, as `metrics.jsonl` in its folder has it.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Name of the file in the folder of a run.
const METRICS: &str = "metrics.jsonl";
/// Longest line; longer ones are not read.
const MAX_LINE: u64 = 4 << 20;
/// Most steps and most validations that are kept. When there are more, every second one is dropped.
const MOST: usize = 2048;

/// Bits per byte during a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Curve {
    /// Of the training records, smoothed.
    pub steps: Vec<Point>,
    /// Of the held-out records; the best is always among them.
    pub validations: Vec<Point>,
    /// Validations of the run, also those that are not kept.
    pub validated: u64,
    /// The step after which the network was trained with rounded numbers.
    pub quantised_from: Option<u64>,
}

/// A measurement.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    /// Steps done.
    pub step: u64,
    /// Bits per byte.
    pub bits: f64,
}

/// The events that are used; others are passed over.
#[derive(Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Event {
    Step { step: u64, bits_per_byte: f64 },
    Validation { step: u64, bits_per_byte: f64 },
    Phase { step: u64, phase: String },
}

impl Curve {
    /// The curve of the run in a folder; `None` if it has no metrics. Lines that are not events are
    /// passed over.
    ///
    /// # Errors
    /// Those of reading the file.
    pub fn of_run(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join(METRICS);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::from(error).context(path.display())),
        };
        Self::read(BufReader::new(file)).map(Some).map_err(|e| e.context(path.display()))
    }

    fn read(mut lines: impl BufRead) -> Result<Self> {
        let mut curve = Self::default();
        let (mut steps, mut validations) = (Thinning::default(), Thinning::default());
        let mut line = Vec::new();
        loop {
            line.clear();
            if lines.by_ref().take(MAX_LINE).read_until(b'\n', &mut line)? == 0 {
                break;
            }
            match serde_json::from_slice(&line) {
                Ok(Event::Step { step, bits_per_byte: bits }) => steps.push(Point { step, bits }),
                Ok(Event::Validation { step, bits_per_byte: bits }) => {
                    validations.push(Point { step, bits });
                }
                Ok(Event::Phase { step, phase }) if phase == "quantised" => {
                    curve.quantised_from = Some(step);
                }
                _ => {}
            }
        }
        curve.validated = validations.seen;
        (curve.steps, curve.validations) = (steps.done(), validations.done());
        Ok(curve)
    }
}

/// Keeps points at equal distances, the lowest one and the last one; all with their numbers.
#[derive(Default)]
struct Thinning {
    kept: Vec<(u64, Point)>,
    seen: u64,
    every: u64,
    lowest: Option<(u64, Point)>,
    last: Option<(u64, Point)>,
}

impl Thinning {
    fn push(&mut self, point: Point) {
        if !point.bits.is_finite() {
            return;
        }
        let numbered = (self.seen, point);
        self.every = self.every.max(1);
        if self.seen.is_multiple_of(self.every) {
            self.kept.push(numbered);
        }
        if self.kept.len() > MOST {
            let mut odd = false;
            self.kept.retain(|_| {
                odd = !odd;
                odd
            });
            self.every *= 2;
        }
        self.seen += 1;
        if self.lowest.is_none_or(|(_, lowest)| point.bits < lowest.bits) {
            self.lowest = Some(numbered);
        }
        self.last = Some(numbered);
    }

    fn done(mut self) -> Vec<Point> {
        self.kept.extend(self.lowest.into_iter().chain(self.last));
        self.kept.sort_by_key(|(number, _)| *number);
        self.kept.dedup_by_key(|(number, _)| *number);
        self.kept.into_iter().map(|(_, point)| point).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(n: u64) -> String {
        let step = |i| {
            format!(
                "{{\"event\":\"step\",\"step\":{i},\"bits_per_byte\":{},\"rate\":1}}\n",
                8 - i / n
            )
        };
        (1..=n).map(step).collect()
    }

    #[test]
    fn events_become_points_and_anything_else_is_passed_over() {
        let text = lines(3)
            + "{\"event\":\"start\",\"parameters\":7}\nnot json\n"
            + "{\"event\":\"phase\",\"step\":2,\"phase\":\"quantised\"}\n"
            + "{\"event\":\"validation\",\"step\":3,\"bits_per_byte\":2.5,\"best\":true}\n{\"torn";
        let curve = Curve::read(text.as_bytes()).unwrap();
        assert_eq!(curve.steps.iter().map(|p| p.step).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(curve.validations, [Point { step: 3, bits: 2.5 }]);
        assert_eq!(curve.quantised_from, Some(2));
        assert_eq!(Curve::of_run(Path::new("no such run")).unwrap(), None);
    }

    #[test]
    fn long_runs_are_thinned_at_equal_distances() {
        let n = 3 * MOST as u64;
        let points = Curve::read(lines(n).as_bytes()).unwrap().steps;
        assert!(points.len() > MOST / 2 && points.len() <= MOST + 2, "{}", points.len());
        assert_eq!((points[0].step, points[1].step), (1, 5));
        assert_eq!(points.last().unwrap().step, n);
    }

    #[test]
    fn the_best_validation_is_kept_and_all_are_counted() {
        let n = 3 * MOST as u64;
        let bits = |step| if step == 1235 { 1.5 } else { 2.0 };
        let line = |step| {
            format!(
                "{{\"event\":\"validation\",\"step\":{step},\"bits_per_byte\":{}}}\n",
                bits(step)
            )
        };
        let text: String = (1..=n).map(line).collect();
        let curve = Curve::read(text.as_bytes()).unwrap();
        assert_eq!(curve.validated, n);
        assert!(curve.validations.contains(&Point { step: 1235, bits: 1.5 }));
        assert!(curve.validations.is_sorted_by(|a, b| a.step < b.step));
    }

    #[test]
    fn a_line_without_an_end_takes_bounded_memory() {
        let text = vec![b'x'; MAX_LINE as usize * 2 + 5];
        assert_eq!(Curve::read(text.as_slice()).unwrap(), Curve::default());
    }
}
