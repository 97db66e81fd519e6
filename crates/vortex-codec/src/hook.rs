//! The caller's progress function: one for all members of a file.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use vortex_coder::container::{OnBlock, Progress};

#[derive(Clone)]
pub(crate) struct Hook(Arc<Mutex<dyn FnMut(Progress) + Send>>);

impl Hook {
    pub(crate) fn new(hook: impl FnMut(Progress) + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(hook)))
    }

    /// For a writer or reader that starts after the progress `before`.
    pub(crate) fn after(&self, before: Progress) -> OnBlock {
        let hook = Arc::clone(&self.0);
        Box::new(move |now| {
            let mut hook = hook.lock().unwrap_or_else(PoisonError::into_inner);
            hook(Progress {
                original_bytes: before.original_bytes + now.original_bytes,
                compressed_bytes: before.compressed_bytes + now.compressed_bytes,
            });
        })
    }
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hook")
    }
}
