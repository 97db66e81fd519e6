//! Ctrl-C and the temporary files that must not outlive it.
//!
//! Outputs grow under temporary names and get their real name in one step, so a program that
//! stops at once leaves nothing half-written behind, as long as the temporary files go too.
//! Training asks for the gentle way: the first Ctrl-C only raises a flag, the second one stops.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};

/// Exit status of a program that SIGINT ended, as shells report it.
pub const INTERRUPTED: u8 = 130;

static GENTLE: AtomicBool = AtomicBool::new(false);
static RAISED: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);
static TEMPORARY: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

fn temporary() -> MutexGuard<'static, Vec<PathBuf>> {
    TEMPORARY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Handles SIGINT, SIGTERM and SIGHUP from now on.
pub fn install() -> Result<()> {
    ctrlc::set_handler(|| {
        if GENTLE.load(Ordering::SeqCst) && !RAISED.swap(true, Ordering::SeqCst) {
            eprintln!("\nvortex: stopping after this step (again to stop at once)");
            return;
        }
        // The lock is held to the end: no file gets its final name while the program dies.
        let paths = temporary();
        for path in paths.iter() {
            let _ = match path.is_dir() {
                true => std::fs::remove_dir_all(path),
                false => std::fs::remove_file(path),
            };
        }
        std::process::exit(INTERRUPTED.into());
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

/// Makes a temporary file or folder and remembers to remove it, without a moment in between.
pub fn create<T>(make: impl FnOnce() -> std::io::Result<(T, PathBuf)>) -> std::io::Result<T> {
    let mut paths = temporary();
    let (file, path) = make()?;
    paths.push(path);
    Ok(file)
}

/// Runs `finish` (a rename or a removal), after which `path` is nobody's temporary file any more.
pub fn finish<T>(path: &Path, finish: impl FnOnce() -> T) -> T {
    let mut paths = temporary();
    let result = finish();
    paths.retain(|p| p != path);
    result
}
