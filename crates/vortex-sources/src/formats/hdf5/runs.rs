//! The runs of a box of elements along its last dimension.

/// Calls `run` with the place of the first element of each run in the box, in row-major order, until
/// it fails. The box has at least one dimension, and at least one element in each.
pub(super) fn each_run<E>(
    lengths: &[u64],
    mut run: impl FnMut(&[u64]) -> Result<(), E>,
) -> Result<(), E> {
    let mut place = vec![0u64; lengths.len()];
    loop {
        run(&place)?;
        let mut d = lengths.len() - 1;
        loop {
            if d == 0 {
                return Ok(());
            }
            d -= 1;
            place[d] += 1;
            if place[d] < lengths[d] {
                break;
            }
            place[d] = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_in_order() {
        let runs = |lengths: &[u64]| {
            let mut all = Vec::new();
            let _ = each_run(lengths, |place| {
                all.push(place.to_vec());
                Ok::<(), ()>(())
            });
            all
        };
        assert_eq!(runs(&[7]), [[0]]);
        assert_eq!(runs(&[2, 2, 9]), [[0, 0, 0], [0, 1, 0], [1, 0, 0], [1, 1, 0]]);
        assert_eq!(each_run(&[3, 1], |place| if place[0] == 1 { Err(5) } else { Ok(()) }), Err(5));
    }
}
