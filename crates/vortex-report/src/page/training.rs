//! The page of a training: the model, its curve, what rounding cost, and other codecs on the same
//! held-out bytes.

use vortex_codec::evaluation::FailedCodec;
use vortex_codec::inspection::FieldRow;
use vortex_codec::train::ModelSummary;
use vortex_codec::train::TrainSummary;
use vortex_codec::training::Curve;

use super::super::table::thousands;
use super::bars::{failures, sizes};
use super::contest::Contest;
use super::curve::curve;
use super::escape::Text;
use super::evaluation::{bytes, compared};
use super::fields::{Coded, explained, fields};
use super::ledger::{Line, ledger};
use super::numbers::{percent, short};
use super::provenance::Provenance;
use super::skeleton::{Page, facts, key_figures, note};

/// A finished training.
pub struct Trained<'a> {
    /// Its folder.
    pub run: String,
    /// Its figures.
    pub summary: &'a TrainSummary,
    /// Those of its model.
    pub model: &'a ModelSummary,
    /// What it went through.
    pub curve: Option<&'a Curve>,
    /// The complete configuration.
    pub configuration: String,
    /// Other codecs on the held-out bytes: names and compressed bytes.
    pub others: Vec<(String, u64)>,
    /// Those that failed.
    pub failed: Vec<FailedCodec>,
    /// Each field with the bits of its symbols in a held-out block.
    pub fields: Vec<(FieldRow, Vec<f64>)>,
    /// Held-out bytes on which entropies were counted.
    pub field_bytes: u64,
}

/// The page.
pub fn training(trained: &Trained<'_>, provenance: &Provenance) -> String {
    let Trained { summary, model, .. } = trained;
    let coded = (model.integer_bits_per_byte * model.compared_bytes as f64 / 8.0).ceil() as u64;
    let contest = Contest::of_sizes(
        model.compared_bytes,
        ("vortex, this network", coded, model.bytes),
        &trained.others,
        trained.failed.iter().map(|f| (f.name.clone(), f.reason.clone())).collect(),
    );
    let mut page = Page::new("Training", &trained.run);
    page.lead(&lead(trained, &contest));
    page.section("Training", trained.curve.map(|c| curve(c, "")).unwrap_or_default());
    if contest.others() > 0 {
        page.section(
            "On the same held-out bytes",
            sizes(&contest)
                + &note(
                    "The others are whole outputs that were decoded and compared. The network's bytes are its own bits without the \
                     container; vortex evaluate measures whole files, on records that this training never read.",
                ),
        );
    }
    page.section("Where the bits went", lost(model));
    let all: Vec<Coded<'_>> = trained
        .fields
        .iter()
        .map(|(row, bits)| Coded { row, bits: Some(bits.clone()), whole: false })
        .collect();
    if !all.is_empty() {
        let sample = format!(
            "{} of held-out records; the bits on a block of {}",
            bytes(trained.field_bytes),
            bytes(model.block_bytes)
        );
        page.section("Bits by field", explained(true, &sample) + &fields(&all));
    }
    page.section(
        "Model and run",
        facts([
            ("Model", format!("{}, {}", model.path.display(), bytes(model.bytes))),
            ("Parameters", thousands(summary.parameters as u64)),
            ("Steps", thousands(summary.steps)),
            ("Time", format!("{:.0} s", summary.seconds)),
            ("Bytes seen", format!("{}, repetitions included", thousands(summary.bytes_seen))),
            ("Coded flat", format!("{} symbols of a record, which were found to be noise", summary.flat_roles.len())),
        ]) + &format!(
            "<details><summary>The complete configuration</summary><pre tabindex=\"0\">{}</pre></details>\n",
            Text(&clipped(&trained.configuration))
        ),
    );
    page.finish(provenance)
}

fn lead(trained: &Trained<'_>, contest: &Contest) -> String {
    let Trained { summary, model, .. } = trained;
    let mut text = format!(
        "{} parameters, trained for {} steps in {:.0} s. On {} of held-out records the finished network needs {:.4} bits per byte",
        thousands(summary.parameters as u64),
        thousands(summary.steps),
        summary.seconds,
        bytes(model.compared_bytes),
        model.integer_bits_per_byte,
    );
    let mut key = vec![
        (format!("{:.4}", model.integer_bits_per_byte), "bits per byte, held out".to_owned()),
        (
            short(8.0 / model.integer_bits_per_byte),
            "times smaller, without the model file".to_owned(),
        ),
        (percent(model.integer_cost_percent / 100.0), "integers against floating point".to_owned()),
        (format!("{} <small>bytes</small>", thousands(model.bytes)), "model file".to_owned()),
    ];
    match (contest.best_own(), contest.best_other()) {
        (Some(own), Some(best)) => {
            let against = own.bytes as f64 / best.bytes.max(1) as f64 - 1.0;
            text.push_str(&format!(
                ", {}, the smallest of {} others.",
                compared(against, &best.name),
                contest.others()
            ));
            let with = (own.bytes + own.model) as f64 / best.bytes.max(1) as f64 - 1.0;
            text.push_str(&format!(
                " With its model file of {} it is {}.",
                bytes(own.model),
                compared(with, &best.name)
            ));
            key.insert(2, (percent(against), format!("against {}", best.name)));
            key.insert(3, (percent(with), "with the model file".to_owned()));
        }
        _ => text.push('.'),
    }
    format!("<p class=\"lead\">{}</p>\n{}{}", Text(&text), failures(contest), key_figures(&key))
}

fn lost(model: &ModelSummary) -> String {
    let bits = |per_byte: f64| per_byte * model.compared_bytes as f64;
    let [float, simulated, integer] =
        [model.float_bits_per_byte, model.simulated_bits_per_byte, model.integer_bits_per_byte]
            .map(bits);
    let line = |what, more, bits, loss| Line { what, more, bits, loss };
    let lines = [
        line(
            "Information under the network",
            "the best weights of the float phase, in floating point",
            float,
            false,
        ),
        line(
            "Rounding",
            "the weights of the model file, with rounding simulated",
            simulated - float,
            true,
        ),
        line(
            "Integers",
            "the integer network itself, against that simulation",
            integer - simulated,
            true,
        ),
    ];
    ledger(&lines, "The integer network", model.compared_bytes)
        + &note(
            "All three on the same held-out bytes. Below zero: training with rounding went on learning. The coder and the container come \
             on top when a file is written; vortex evaluate shows them.",
        )
}

/// A configuration is short; what is longer lists thousands of weights.
fn clipped(text: &str) -> String {
    const LONGEST: usize = 40_000;
    match text.char_indices().nth(LONGEST) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}\n…", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fields::tests::wide;
    use super::super::skeleton::MAX_BYTES;
    use super::*;
    use vortex_codec::training::Point;

    fn page(others: Vec<(String, u64)>, fields: usize) -> String {
        let model = ModelSummary {
            path: "run/<model>.vxm".into(),
            bytes: 50_000,
            compared_bytes: 100_000,
            float_bits_per_byte: 3.0,
            simulated_bits_per_byte: 3.01,
            integer_bits_per_byte: 3.008,
            integer_cost_percent: 0.27,
            block_bytes: 90_000,
            block_bits_per_byte: 3.1,
            role_bits: vec![],
        };
        let summary = TrainSummary {
            steps: 1000,
            seconds: 60.0,
            bytes_seen: 1_000_000,
            parameters: 480_032,
            cancelled: false,
            flat_roles: vec![1],
            model: None,
        };
        let points: Vec<Point> = (1..1000).map(|step| Point { step, bits: 3.0 }).collect();
        let curve = Curve {
            steps: points.clone(),
            validations: points,
            validated: 999,
            quantised_from: Some(700),
        };
        let trained = Trained {
            run: "runs/<a>".into(),
            summary: &summary,
            model: &model,
            curve: Some(&curve),
            configuration: "a: <b>\n".repeat(20_000),
            others,
            failed: vec![FailedCodec { name: "brotli 11".into(), reason: "<no>".into() }],
            fields: wide(fields).into_iter().map(|row| (row, vec![1.0; 8])).collect(),
            field_bytes: 90_000,
        };
        training(&trained, &Provenance::of("vortex train", Vec::new()))
    }

    #[test]
    fn a_page_of_a_run() {
        let html = page(vec![("xz -9e".into(), 50_000), ("zstd -19".into(), 60_000)], 2);
        // 37,600 bytes of 100,000.
        assert!(html.contains("24.8 % smaller than xz -9e, the smallest of 2 others"), "{html}");
        assert!(
            html.contains("With its model file of 50,000 bytes it is 75.2 % larger than xz -9e")
        );
        assert!(
            html.contains("+0.27 %") && html.contains("brotli 11") && html.contains("&lt;no&gt;")
        );
        assert!(!html.contains("<a>") && !html.contains("a: <b>"));
        let alone = page(Vec::new(), 1500);
        assert!(!alone.contains("smaller than") && alone.len() < MAX_BYTES, "{}", alone.len());
    }
}
