//! What nothing else beats in both directions.

/// Of points whose both numbers are better when larger: the indexes of those that no other point
/// equals or passes in both and passes in one, in order of the first number.
pub fn frontier(points: &[(f64, f64)]) -> Vec<usize> {
    let better =
        |a: (f64, f64), b: (f64, f64)| a.0 >= b.0 && a.1 >= b.1 && (a.0 > b.0 || a.1 > b.1);
    let finite = |p: &(f64, f64)| p.0.is_finite() && p.1.is_finite();
    let all: Vec<usize> = (0..points.len()).filter(|i| finite(&points[*i])).collect();
    let beaten = |i: usize| all.iter().any(|j| better(points[*j], points[i]));
    let mut front: Vec<usize> = all.iter().copied().filter(|i| !beaten(*i)).collect();
    front.sort_by(|a, b| points[*a].0.total_cmp(&points[*b].0));
    front
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nothing_beats() {
        let points = [(1.0, 5.0), (2.0, 4.0), (2.0, 3.0), (3.0, 4.0), (10.0, 1.0), (0.5, 4.9)];
        assert_eq!(frontier(&points), [0, 3, 4]);
    }

    #[test]
    fn equals_stay_and_what_is_no_number_does_not() {
        assert_eq!(frontier(&[(1.0, 1.0), (1.0, 1.0), (f64::NAN, 9.0)]), [0, 1]);
        assert_eq!(frontier(&[]), [0usize; 0]);
    }
}
