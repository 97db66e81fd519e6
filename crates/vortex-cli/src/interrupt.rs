//! Ctrl-C: the program removes its temporary files and ends at once. During training, the first
//! Ctrl-C only sets a flag, and the second one ends the program.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use anyhow::{Context, Result};
use vortex_codec::output::remove_temporary;

/// Exit status of a program that SIGINT ended, as shells report it.
pub const INTERRUPTED: u8 = 130;

static GENTLE: AtomicBool = AtomicBool::new(false);
static RAISED: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// Handles SIGINT, SIGTERM and SIGHUP from now on. A file that becomes larger than the system
/// allows is an error of writing and no longer the end of the program, which would leave temporary
/// files.
pub fn install() -> Result<()> {
    #[cfg(unix)]
    signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default())
        .context("cannot handle the limit of file sizes")?;
    ctrlc::set_handler(|| {
        if GENTLE.load(Ordering::SeqCst) && !RAISED.swap(true, Ordering::SeqCst) {
            eprintln!("\nvortex: stopping after this step (again to stop at once)");
            return;
        }
        remove_temporary(|| std::process::exit(INTERRUPTED.into()));
    })
    .context("cannot handle Ctrl-C")
}

/// From now on, the first Ctrl-C only sets the returned flag.
pub fn stop_gently() -> Arc<AtomicBool> {
    GENTLE.store(true, Ordering::SeqCst);
    Arc::clone(&RAISED)
}

/// The first Ctrl-C ends the program again.
pub fn stop_at_once() {
    GENTLE.store(false, Ordering::SeqCst);
}
