//! Progress on standard error, only if it is a terminal.

use std::io::{self, IsTerminal};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A bar over `len` bytes (a counter if the length is unknown); hidden unless standard error is a
/// terminal and `wanted`.
pub fn bytes(len: Option<u64>, name: &str, wanted: bool) -> ProgressBar {
    if !wanted || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = match len {
        Some(len) => ProgressBar::new(len),
        None => ProgressBar::no_length(),
    };
    let template = match len {
        Some(_) => "{prefix} {wide_bar} {bytes} / {total_bytes}  {bytes_per_sec}  {eta} left",
        None => "{prefix} {spinner} {bytes}  {bytes_per_sec}",
    };
    bar.set_style(
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    bar.set_prefix(name.to_owned());
    bar.enable_steady_tick(Duration::from_millis(250));
    bar
}

/// A bar over `len` records; hidden in the same cases as [`bytes`].
pub fn count(len: u64, name: &str, wanted: bool) -> ProgressBar {
    let bar = bytes(Some(len), name, wanted);
    if !bar.is_hidden() {
        bar.set_style(
            ProgressStyle::with_template("{prefix} {wide_bar} {pos} / {len} records  {eta} left")
                .unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
    }
    bar
}

/// A spinner whose message is the current step; hidden in the same cases as [`bytes`].
pub fn steps(name: &str, wanted: bool) -> ProgressBar {
    if !wanted || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::no_length();
    bar.set_style(
        ProgressStyle::with_template("{prefix} {spinner} {wide_msg}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner()),
    );
    bar.set_prefix(name.to_owned());
    bar.enable_steady_tick(Duration::from_millis(250));
    bar
}
