//! What a person sees of a training run: a few lines on a terminal that are always up to date, plain lines in a log.

use std::io;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use vortex_coder::schema::Schema;
use vortex_train::observer::line;
use vortex_train::{LogLines, Phase, TrainEvent, TrainObserver, memory};

use crate::report::table::thousands;
use crate::rivals::Rivals;

/// Validations of which the trend is drawn.
const TREND: usize = 16;

/// The figures.
struct Score {
    /// Fields of a byte of records.
    tokens_per_byte: f64,
    phase: Phase,
    step: u64,
    now: Option<f64>,
    best: Option<(f64, u64)>,
    /// Results of the last validations.
    trend: Vec<f64>,
    rate: f64,
    bytes_per_second: f64,
    /// Bytes of this process.
    memory: Option<u64>,
}

impl Score {
    fn new(schema: &Schema) -> Self {
        Self {
            tokens_per_byte: schema.fields().len() as f64 / schema.stride() as f64,
            phase: Phase::Float,
            step: 0,
            now: None,
            best: None,
            trend: Vec::new(),
            rate: 0.0,
            bytes_per_second: 0.0,
            memory: None,
        }
    }

    fn take(&mut self, event: &TrainEvent) {
        match event {
            TrainEvent::Step { step, bits_per_byte, learning_rate, bytes_per_second, .. } => {
                (self.step, self.now) = (*step, Some(*bits_per_byte));
                (self.rate, self.bytes_per_second) = (*learning_rate, *bytes_per_second);
            }
            TrainEvent::Validation { step, bits_per_byte, .. } => {
                if self.best.is_none_or(|(best, _)| *bits_per_byte < best) {
                    self.best = Some((*bits_per_byte, *step));
                }
                self.trend.push(*bits_per_byte);
                if self.trend.len() > TREND {
                    self.trend.remove(0);
                }
            }
            TrainEvent::Phase { phase, .. } => self.phase = *phase,
            _ => {}
        }
    }

    /// Bits per byte: of training, of the best validation, of the last ones.
    fn bits(&self) -> String {
        let now = self.now.map_or("-".into(), |bits| format!("{bits:.4}"));
        let best = self
            .best
            .map_or("-".into(), |(bits, step)| format!("{bits:.4} at step {}", thousands(step)));
        let change = match self.trend[..] {
            [.., before, last] => format!(" {:+.4}", last - before),
            _ => String::new(),
        };
        let trend = sparkline(&self.trend);
        format!("bits/byte: training {now}   validation best {best}   trend {trend}{change}")
    }

    /// Speed and state.
    fn speed(&self) -> String {
        let phase = match self.phase {
            Phase::Float => "float",
            Phase::Quantised => "quantised",
        };
        let memory =
            self.memory.map_or(String::new(), |b| format!("   memory {} MB", b / 1_000_000));
        format!(
            "{:.0} KB/s   {} tokens/s   step {} ({phase})   rate {:.1e}{memory}",
            self.bytes_per_second / 1e3,
            thousands((self.bytes_per_second * self.tokens_per_byte) as u64),
            thousands(self.step),
            self.rate,
        )
    }
}

/// A bar for each value, the largest one highest.
fn sparkline(values: &[f64]) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let bar = |v: &f64| match high > low {
        true => BARS[((v - low) / (high - low) * 7.0).round() as usize],
        false => BARS[0],
    };
    values.iter().map(bar).collect()
}

/// Seconds as a person says them.
fn duration(seconds: f64) -> String {
    let seconds = seconds.max(0.0) as u64;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s:02} s"),
        (h, m, _) => format!("{h} h {m:02} min"),
    }
}

/// Lines on a terminal.
pub struct Board {
    score: Score,
    rivals: Rivals,
    schema: Schema,
    all: MultiProgress,
    bar: ProgressBar,
    /// Bits, rivals, speed.
    lines: [ProgressBar; 3],
    looked: Instant,
}

impl Board {
    /// For records of a schema.
    pub fn new(schema: &Schema) -> Self {
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        let add = |len, template: &str| {
            let style = ProgressStyle::with_template(template);
            let bar = all.add(ProgressBar::new(len));
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        };
        let bar = add(1000, "train {wide_bar} {percent} %  {msg}");
        let lines = [(); 3].map(|()| add(1, "  {wide_msg}"));
        let (score, rivals) = (Score::new(schema), Rivals::new());
        let looked = Instant::now();
        Self { score, rivals, schema: schema.clone(), all, bar, lines, looked }
    }

    fn draw(&mut self) {
        self.rivals.poll();
        if self.score.memory.is_none() || self.looked.elapsed() > Duration::from_secs(1) {
            (self.score.memory, self.looked) = (memory::resident(), Instant::now());
        }
        let best = self.score.best.map(|(bits, _)| bits);
        let texts = [self.score.bits(), self.rivals.line(best), self.score.speed()];
        for (line, text) in self.lines.iter().zip(texts) {
            line.set_message(text);
        }
    }
}

impl TrainObserver for Board {
    fn held_out(&mut self, bytes: &[u8]) {
        self.rivals.start(bytes, &self.schema);
    }

    fn event(&mut self, event: &TrainEvent) {
        self.score.take(event);
        match event {
            TrainEvent::Step { fraction, seconds_left, .. } => {
                self.bar.set_position((fraction * 1000.0) as u64);
                self.bar.set_message(format!("{} left", duration(*seconds_left)));
            }
            TrainEvent::Checkpoint { .. } | TrainEvent::Validation { .. } => {}
            TrainEvent::Done { .. } => {
                // The last state stays to be read.
                self.draw();
                self.bar.set_message("done");
                self.bar.abandon();
                self.lines.iter().for_each(ProgressBar::abandon);
                eprintln!("{}", line(event));
                return;
            }
            _ => self.all.suspend(|| eprintln!("{}", line(event))),
        }
        self.draw();
    }
}

/// Lines for a log.
pub struct Lines {
    log: LogLines<io::Stderr>,
    rivals: Rivals,
    schema: Schema,
    best: Option<f64>,
    verbose: bool,
}

impl Lines {
    /// A line for each step and each file with `verbose`, else a step every ten seconds.
    pub fn new(schema: &Schema, verbose: bool) -> Self {
        let log = LogLines::new(io::stderr(), if verbose { 0.0 } else { 10.0 });
        Self { log, rivals: Rivals::new(), schema: schema.clone(), best: None, verbose }
    }
}

impl TrainObserver for Lines {
    fn held_out(&mut self, bytes: &[u8]) {
        self.rivals.start(bytes, &self.schema);
    }

    fn event(&mut self, event: &TrainEvent) {
        if self.verbose || !matches!(event, TrainEvent::Checkpoint { .. }) {
            self.log.event(event);
        }
        if let TrainEvent::Validation { bits_per_byte, best: true, .. } = event {
            self.best = Some(*bits_per_byte);
        }
        // Once when they are known, and once at the end.
        if self.rivals.poll() || matches!(event, TrainEvent::Done { .. }) {
            eprintln!("validation: {}", self.rivals.line(self.best));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_say_what_happened() {
        let mut score = Score::new(&Schema::bytes());
        score.take(&TrainEvent::Step {
            step: 1234,
            fraction: 0.5,
            bits_per_byte: 3.25,
            learning_rate: 0.008,
            gradient_norm: 1.0,
            bytes_per_second: 41_234.0,
            seconds: 10.0,
            seconds_left: 10.0,
        });
        for (step, bits_per_byte) in [(500, 4.0), (1000, 3.5), (1200, 3.75)] {
            score.take(&TrainEvent::Validation { step, bits_per_byte, best: false });
        }
        assert_eq!(
            score.bits(),
            "bits/byte: training 3.2500   validation best 3.5000 at step 1,000   trend █▁▅ +0.2500"
        );
        assert_eq!(score.speed(), "41 KB/s   41,234 tokens/s   step 1,234 (float)   rate 8.0e-3");
    }

    #[test]
    fn durations_are_short() {
        let texts = [-1.0, 59.9, 61.0, 3600.0, 90_000.0].map(duration);
        assert_eq!(texts, ["0 s", "59 s", "1 min 01 s", "1 h 00 min", "25 h 00 min"]);
    }

    #[test]
    fn a_trend_of_equal_values_is_flat() {
        assert_eq!(sparkline(&[2.0, 2.0]), "▁▁");
        assert_eq!(sparkline(&[]), "");
    }
}
