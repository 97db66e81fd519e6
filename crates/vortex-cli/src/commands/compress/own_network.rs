//! Level 9: a network that is trained on the file and stored in the output.

use std::path::Path;

use anyhow::{Context, Result};
use indicatif::ProgressBar;
use vortex_codec::Compressor;
use vortex_codec::output::{Scratch, folder};
use vortex_codec::train::TrainEvent;
use vortex_codec::training::{Outcome, OwnNetwork, Step};

use crate::output::{Output, Target};
use crate::progress;
use vortex_report::sizes::Sizes;
use vortex_report::table::thousands;

/// Compresses a file with its own network, if that is smaller; `say` if messages are wanted.
pub fn encode(
    compressor: &Compressor,
    file: &Path,
    seconds: f64,
    target: &Target,
    mut output: Output,
    say: bool,
) -> Result<Sizes> {
    let scratch = match target {
        Target::Path(path) => Scratch::new(folder(path))?,
        Target::Stdout => Scratch::new(&std::env::temp_dir())?,
    };
    let name = file.display().to_string();
    let bar = progress::steps(&name, say);
    let mut on_step = |step: Step<'_>| show(&bar, step);
    let own = OwnNetwork { seconds, scratch: scratch.path(), on_step: &mut on_step };
    let (summary, outcome) = compressor.compress_with_own_network(file, own, &mut output)?;
    bar.finish_and_clear();
    output.commit().context("the output")?;
    if say {
        eprintln!("{name}: {}", told(&outcome, summary.compressed_bytes));
    }
    Ok(Sizes { original: summary.original_bytes, compressed: summary.compressed_bytes })
}

fn show(bar: &ProgressBar, step: Step<'_>) {
    match step {
        Step::Without => bar.set_message("coding without a network"),
        Step::Training(TrainEvent::Step { bits_per_byte, seconds_left, .. }) => {
            bar.set_message(format!(
                "training a network: {bits_per_byte:.3} bits/byte, {seconds_left:.0} s left"
            ));
        }
        Step::Training(_) => {}
        Step::With => bar.set_message("coding with the network"),
    }
}

/// What came of the network, in a sentence.
fn told(outcome: &Outcome, bytes: u64) -> String {
    match outcome {
        Outcome::NotTried => {
            "no network was trained: the file is short or holds no records of one kind; coded as with -8"
                .into()
        }
        Outcome::Kept { model, without } => format!(
            "a network of {} bytes is in the output, which is {} bytes smaller than with -8",
            thousands(*model),
            thousands(without - bytes),
        ),
        Outcome::Dropped { with } => format!(
            "a network was trained and dropped, because the output would be {} bytes larger; coded \
             as with -8",
            thousands(with - bytes),
        ),
        Outcome::Failed(reason) => format!("no network was trained: {reason}; coded as with -8"),
    }
}
