//! In which order columns are decoded.

use super::head::Head;
use crate::error::{Error, Result};

/// Indices of the columns, each after those that it refers to.
///
/// # Errors
/// [`crate::ErrorKind::Corrupt`] where they refer to each other in a circle.
pub(super) fn order(heads: &[Head]) -> Result<Vec<usize>> {
    let mut waits = vec![0usize; heads.len()];
    let mut users = vec![Vec::new(); heads.len()];
    for (index, head) in heads.iter().enumerate() {
        for needed in head.needs(index) {
            users[needed].push(index);
            waits[index] += 1;
        }
    }
    let mut order: Vec<usize> = (0..heads.len()).filter(|&i| waits[i] == 0).collect();
    let mut done = 0;
    while let Some(&index) = order.get(done) {
        for &user in &users[index] {
            waits[user] -= 1;
            if waits[user] == 0 {
                order.push(user);
            }
        }
        done += 1;
    }
    if order.len() < heads.len() {
        return Err(Error::corrupt("columns that refer to each other in a circle"));
    }
    Ok(order)
}
