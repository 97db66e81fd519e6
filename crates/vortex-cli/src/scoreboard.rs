//! The display of a training run: a few lines on a terminal that are updated all the time, or plain
//! lines in a log.

use std::io;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use vortex_codec::Schema;
use vortex_codec::baselines::Rivals;
use vortex_codec::train::{LogLines, TrainEvent, TrainObserver};
use vortex_codec::training::Score;
use vortex_report::score::{bits, compared, duration, speed};

/// Lines on a terminal.
pub struct Board {
    score: Score,
    rivals: Rivals,
    schema: Schema,
    all: MultiProgress,
    bar: ProgressBar,
    /// Bits, rivals, speed.
    lines: [ProgressBar; 3],
}

impl Board {
    /// A board for records of a schema.
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
        Self { score, rivals, schema: schema.clone(), all, bar, lines }
    }

    fn draw(&mut self) {
        self.rivals.poll();
        self.score.look_at_memory();
        let best = self.score.best.map(|(bits, _)| bits);
        let texts = [bits(&self.score), compared(&self.rivals, best), speed(&self.score)];
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
                // The last state remains visible.
                self.draw();
                self.bar.set_message("done");
                self.bar.abandon();
                self.lines.iter().for_each(ProgressBar::abandon);
                eprintln!("{event}");
                return;
            }
            _ => self.all.suspend(|| eprintln!("{event}")),
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
    /// With `verbose`, a line for each step and each file; otherwise a step every ten seconds.
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
        // Print them once when they are known, and once at the end.
        if self.rivals.poll() || matches!(event, TrainEvent::Done { .. }) {
            eprintln!("validation: {}", compared(&self.rivals, self.best));
        }
    }
}
