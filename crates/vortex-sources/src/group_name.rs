//! The name of columns that belong together.

/// The common prefix of several names up to a `_`, `.` or `/`; without one, the first name. `None`
/// without names.
pub(crate) fn group_name<'a>(mut names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let first = names.next()?;
    let (mut common, mut several) = (first.len(), false);
    for name in names {
        several = true;
        let equal = first.bytes().zip(name.bytes()).take(common).take_while(|(a, b)| a == b);
        common = equal.count();
    }
    if !several {
        return Some(first);
    }
    // The bytes that are equal in all names; if they end inside a character, there is no common
    // prefix.
    let common = first.get(..common).unwrap_or_default();
    match common.rfind(['_', '.', '/']) {
        Some(end @ 1..) => Some(&common[..end]),
        _ => Some(first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_share_a_prefix() {
        for (names, group) in [
            (&["Muon_pt", "Muon_eta"][..], "Muon"),
            (&["Muon_pt"], "Muon_pt"),
            (&["a_b_c", "a_b_d", "a_e"], "a"),
            (&["pt", "eta"], "pt"),
            (&["_a", "_b"], "_a"),
            (&["é_1", "è_1"], "é_1"),
        ] {
            assert_eq!(group_name(names.iter().copied()), Some(group));
        }
        assert_eq!(group_name([].into_iter()), None);
    }
}
