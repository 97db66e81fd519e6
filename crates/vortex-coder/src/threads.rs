//! The meaning of a number of threads in all crates: 0 is one per core.

/// Largest number of threads; more threads would only use memory.
pub const MAX_THREADS: usize = 1024;

/// The number of threads for the setting `asked`: at least one, at most [`MAX_THREADS`].
pub fn count(asked: usize) -> usize {
    match asked {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        n => n.min(MAX_THREADS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_is_all_cores_and_absurd_numbers_are_cut() {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        assert_eq!([0, 1, 7, usize::MAX].map(count), [cores, 1, 7, MAX_THREADS]);
    }
}
