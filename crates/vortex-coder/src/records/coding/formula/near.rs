//! Values near to one of several expected ones, as an index and a distance.

/// Exchanges the integers around each expected one with a block of integers that are seldom used: those around the first
/// with the first block, and so on. Undone by [`leave`].
///
/// Blocks have `2^reach` integers and begin at 0; the one that stands for the expected integer is in the middle. An exchange
/// undoes itself, and where block and neighbourhood overlap, nothing is exchanged.
pub(super) fn enter(mut code: u64, expected: &[Option<u64>], reach: u32, mask: u64) -> u64 {
    for (index, expected) in expected.iter().enumerate() {
        if let Some(expected) = *expected {
            code = Exchange::new(index, reach, mask).of(code, expected);
        }
    }
    code
}

/// Undoes [`enter`].
pub(super) fn leave(mut code: u64, expected: &[Option<u64>], reach: u32, mask: u64) -> u64 {
    for (index, expected) in expected.iter().enumerate().rev() {
        if let Some(expected) = *expected {
            code = Exchange::new(index, reach, mask).of(code, expected);
        }
    }
    code
}

/// The exchange for one of the expected integers.
#[derive(Clone, Copy)]
pub(super) struct Exchange {
    block: u64,
    size: u64,
    /// The last neighbourhood.
    most: u64,
}

impl Exchange {
    /// That of the expected integer of this index.
    pub(super) fn new(index: usize, reach: u32, mask: u64) -> Self {
        let size = 1 << reach;
        Self { block: (index as u64) << reach, size, most: mask - (size - 1) }
    }

    #[inline(always)]
    pub(super) fn of(self, code: u64, expected: u64) -> u64 {
        let Self { block, size, most } = self;
        let around = expected.saturating_sub(size / 2).min(most);
        let within = |start: u64| code.wrapping_sub(start) < size;
        if around.abs_diff(block) < size {
            code
        } else if within(around) {
            code - around + block
        } else if within(block) {
            code - block + around
        } else {
            code
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_expected_one_is_in_the_middle_of_its_block() {
        let expected = [Some(0x9000_0000), None, Some(0xa000_0000)];
        let code = |value| enter(value, &expected, 16, 0xffff_ffff);
        assert_eq!(code(0x9000_0000), 0x8000);
        assert_eq!(code(0x9000_0003), 0x8003);
        assert_eq!(code(0x9fff_ffff), 0x2_7fff);
        assert_eq!(code(0xb000_0000), 0xb000_0000);
        assert_eq!(code(0x1_2345), 0x1_2345);
    }

    #[test]
    fn every_one_of_a_small_range_comes_back() {
        for a in (0..=255).step_by(5) {
            for b in (0..=255).step_by(3) {
                let expected = [Some(a), Some(b)];
                let mut seen = [false; 256];
                for value in 0..=255 {
                    let code = enter(value, &expected, 4, 255);
                    assert_eq!(leave(code, &expected, 4, 255), value);
                    seen[usize::try_from(code).unwrap()] = true;
                }
                assert!(seen.iter().all(|seen| *seen));
            }
        }
    }

    proptest! {
        #[test]
        fn every_one_comes_back(
            value in any::<u64>(),
            near in prop::collection::vec(prop::option::of((any::<u64>(), -70_000i64..70_000)), 1..16),
            reach in 8u32..=48,
        ) {
            let expected: Vec<_> = near
                .iter()
                .map(|near| near.map(|(far, by)| if by % 2 == 0 { value.wrapping_add_signed(by) } else { far }))
                .collect();
            let code = enter(value, &expected, reach, u64::MAX);
            prop_assert_eq!(leave(code, &expected, reach, u64::MAX), value);
        }
    }
}
