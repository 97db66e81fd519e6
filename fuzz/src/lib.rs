//! What several targets ask of what they read.

use std::ops::ControlFlow;

use vortex_sources::Source;

/// Each of the first `most` datasets gives as many bytes as it states, or an error; no more than about a MiB
/// is read of one.
pub fn stated_lengths(source: &dyn Source, most: usize) {
    for (number, info) in source.datasets().iter().enumerate().take(most) {
        let mut total = 0u64;
        let streamed = source.stream(number, &mut |piece| {
            total += piece.len() as u64;
            Ok(if total > 1 << 20 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        });
        assert!(streamed.is_err() || total == info.n_bytes() || total > 1 << 20);
    }
}
