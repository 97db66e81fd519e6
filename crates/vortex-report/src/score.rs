//! The state of a training run in a few words: bits per byte, speed, other codecs, time left.

use vortex_codec::baselines::Rivals;
use vortex_codec::train::Phase;
use vortex_codec::training::Score;

use crate::table::thousands;

/// Bits per byte: of the training, of the best validation, and of the last validations.
pub fn bits(score: &Score) -> String {
    let now = score.now.map_or("-".into(), |bits| format!("{bits:.4}"));
    let best = score
        .best
        .map_or("-".into(), |(bits, step)| format!("{bits:.4} at step {}", thousands(step)));
    let change = score.change().map_or(String::new(), |change| format!(" {change:+.4}"));
    let trend = sparkline(&score.trend);
    format!("bits/byte: training {now}   validation best {best}   trend {trend}{change}")
}

/// Speed in KB/s and tokens/s, step, phase, learning rate, and memory in MB if it is known.
pub fn speed(score: &Score) -> String {
    let phase = match score.phase {
        Phase::Float => "float",
        Phase::Quantised => "quantised",
    };
    let memory = score.memory.map_or(String::new(), |b| format!("   memory {} MB", b / 1_000_000));
    format!(
        "{:.0} KB/s   {} tokens/s   step {} ({phase})   rate {:.1e}{memory}",
        score.bytes_per_second / 1e3,
        thousands(score.tokens_per_second() as u64),
        thousands(score.step),
        score.rate,
    )
}

/// The results of other codecs so far, and how `best` bits per byte compare with the smallest of
/// them.
pub fn compared(rivals: &Rivals, best: Option<f64>) -> String {
    if rivals.known.is_empty() {
        return "gzip, zstd and xz on the same bytes: being measured".into();
    }
    let all: Vec<String> =
        rivals.known.iter().map(|(name, bits)| format!("{name} {bits:.4}")).collect();
    let saved = best.and_then(|best| rivals.saved(best)).map_or(String::new(), |saved| {
        let word = if saved >= 0.0 { "smaller" } else { "larger" };
        format!("; best is {:.1} % {word}", saved.abs() * 100.0)
    });
    format!("on the same bytes {}{saved}", all.join(", "))
}

/// A bar for each value; the largest value has the highest bar.
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

/// Seconds in readable form: `59 s`, `1 min 01 s`, `1 h 02 min`.
pub fn duration(seconds: f64) -> String {
    let seconds = seconds.max(0.0) as u64;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s:02} s"),
        (h, m, _) => format!("{h} h {m:02} min"),
    }
}

#[cfg(test)]
mod tests {
    use vortex_codec::Schema;
    use vortex_codec::train::TrainEvent;

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
            bits(&score),
            "bits/byte: training 3.2500   validation best 3.5000 at step 1,000   trend █▁▅ +0.2500"
        );
        assert_eq!(speed(&score), "41 KB/s   41,234 tokens/s   step 1,234 (float)   rate 8.0e-3");
    }

    #[test]
    fn the_smallest_is_compared_with() {
        let mut rivals = Rivals::new();
        assert!(compared(&rivals, Some(4.0)).contains("being measured"));
        rivals.known = vec![("gzip -9".into(), 6.0), ("xz -9e".into(), 5.0)];
        assert_eq!(compared(&rivals, None), "on the same bytes gzip -9 6.0000, xz -9e 5.0000");
        assert!(compared(&rivals, Some(4.0)).ends_with("; best is 20.0 % smaller"));
        assert!(compared(&rivals, Some(5.5)).ends_with("; best is 10.0 % larger"));
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
