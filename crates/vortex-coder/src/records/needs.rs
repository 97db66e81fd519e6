//! In which order to do what needs other things.

/// Numbers from 0 to `n - 1`, each after those that it needs; `None` where they need each other in a circle, or one that is not
/// there.
pub(crate) fn in_order<I: IntoIterator<Item = usize>>(
    n: usize,
    needs: impl Fn(usize) -> I,
) -> Option<Vec<usize>> {
    let mut order = Vec::with_capacity(n);
    // Who needs each, so that each need is looked at once.
    let mut waits = vec![0usize; n];
    let mut users = vec![Vec::new(); n];
    for (index, waits) in waits.iter_mut().enumerate() {
        for needed in needs(index) {
            users.get_mut(needed)?.push(index);
            *waits += 1;
        }
    }
    let mut ready: Vec<usize> = (0..n).rev().filter(|&i| waits[i] == 0).collect();
    while let Some(index) = ready.pop() {
        order.push(index);
        for &user in &users[index] {
            waits[user] -= 1;
            if waits[user] == 0 {
                ready.push(user);
            }
        }
    }
    (order.len() == n).then_some(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_comes_after_what_it_needs() {
        let needs: [&[usize]; 4] = [&[2, 3, 3], &[], &[1], &[2]];
        let order = in_order(4, |i| needs[i].iter().copied()).unwrap();
        let place = |i: usize| order.iter().position(|&x| x == i).unwrap();
        for (index, needed) in needs.iter().enumerate() {
            assert!(needed.iter().all(|&other| place(other) < place(index)), "{order:?}");
        }
        assert_eq!(in_order(2, |i| [1 - i]), None);
        assert_eq!(in_order(1, |i| [i]), None);
        assert_eq!(in_order(1, |i| [i + 1]), None);
        assert_eq!(in_order(0, |i| [i]), Some(Vec::new()));
    }
}
