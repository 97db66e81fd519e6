//! Ctrl-C: the program ends at once, and its temporary files with it. Training asks for the gentle
//! way: the first Ctrl-C only raises a flag, the second one stops.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use anyhow::{Context, Result};
use vortex_codec::output::remove_temporary;

/// Exit status of a program that SIGINT ended, as shells report it.
pub const INTERRUPTED: u8 = 130;

static GENTLE: AtomicBool = AtomicBool::new(false);
static RAISED: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// Handles SIGINT, SIGTERM and SIGHUP from now on.
pub fn install() -> Result<()> {
    ctrlc::set_handler(|| {
        if GENTLE.load(Ordering::SeqCst) && !RAISED.swap(true, Ordering::SeqCst) {
            eprintln!("\nvortex: stopping after this step (again to stop at once)");
            return;
        }
        remove_temporary(|| std::process::exit(INTERRUPTED.into()));
    })
    .context("cannot handle Ctrl-C")
}

/// From now on the first Ctrl-C only raises the flag that is returned.
pub fn stop_gently() -> Arc<AtomicBool> {
    GENTLE.store(true, Ordering::SeqCst);
    Arc::clone(&RAISED)
}

/// The first Ctrl-C ends the program again.
pub fn stop_at_once() {
    GENTLE.store(false, Ordering::SeqCst);
}
