//! What a number of threads means, in all crates: 0 is one for each core.

/// Most threads that are started, whatever was asked for: more cost memory and gain nothing.
pub const MAX_THREADS: usize = 1024;

/// The threads that `asked` stands for: at least one, at most [`MAX_THREADS`].
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
