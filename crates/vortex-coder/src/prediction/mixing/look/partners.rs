//! Finds the earlier field that predicts a field best, by mutual information of their first
//! symbols.

use super::super::record_contexts::Partners;
use super::sums::entropy;
use crate::layout::RecordLayout;

/// Number of records that are analysed.
const RECORDS: usize = 4096;
/// Number of direct neighbours, which are not tried as partners because they have their own
/// contexts.
const NEIGHBOURS: usize = 2;
const FURTHEST: usize = 96;
/// Largest number of steps in total: if records are very wide, fewer fields are analysed.
const MOST_STEPS: usize = 300_000_000;
/// Steps for a pair of fields, in addition to one per record.
const PAIR_STEPS: usize = 1024;
/// Classes of a symbol.
const CLASSES: usize = 16;
/// Least information of a partner in 2^-16 bits per record, in addition to that of chance.
const LEAST: u64 = 1 << 11;

/// The best partner of each field.
pub(super) fn find(layout: &RecordLayout, bytes: &[u8]) -> Partners {
    let n = (bytes.len() / layout.stride()).min(RECORDS);
    let classes: Vec<Vec<u8>> = columns(layout, bytes, n).iter().map(|c| classes(c)).collect();
    let alone: Vec<u64> = classes.iter().map(|c| entropy(&counts(c))).collect();
    let furthest = FURTHEST.min(MOST_STEPS / (layout.n_fields().max(1) * (n + PAIR_STEPS)));
    (0..layout.n_fields())
        .map(|field| {
            let before = field.saturating_sub(furthest)..field.saturating_sub(NEIGHBOURS);
            let told = |other: usize| {
                let joint = entropy(&pairs(&classes[field], &classes[other]));
                (alone[field] + alone[other]).saturating_sub(joint)
            };
            let (told, other) = before.map(|other| (told(other), other)).max()?;
            // The information of chance grows with the number of pairs of classes, not with the
            // number of records.
            let chance = (CLASSES * CLASSES) as u64 * 46_000;
            if told > chance + LEAST * n as u64 { u16::try_from(other).ok() } else { None }
        })
        .collect()
}

/// The first two symbols of each field, by field and record.
fn columns(layout: &RecordLayout, bytes: &[u8], n: usize) -> Vec<Vec<u16>> {
    let mut columns = vec![Vec::with_capacity(n); layout.n_fields()];
    let mut symbols = vec![0; layout.roles().len()];
    let mut before = None;
    for record in bytes.chunks_exact(layout.stride()).take(n) {
        layout.to_symbols(before, record, &mut symbols);
        before = Some(record);
        for (field, column) in columns.iter_mut().enumerate() {
            let symbols = &symbols[layout.roles_of(field)];
            column.push(u16::from(symbols[0]) << 8 | symbols.get(1).map_or(0, |&s| s.into()));
        }
    }
    columns
}

/// Classes of about equal size, in the order of the values.
fn classes(column: &[u16]) -> Vec<u8> {
    let mut sorted = column.to_vec();
    sorted.sort_unstable();
    let mut limits: Vec<u16> =
        (1..CLASSES).filter_map(|i| sorted.get(i * sorted.len() / CLASSES).copied()).collect();
    limits.dedup();
    let class = |value: &u16| limits.partition_point(|limit| limit <= value);
    column.iter().map(|value| u8::try_from(class(value)).expect("below 16")).collect()
}

fn counts(classes: &[u8]) -> [u32; CLASSES] {
    let mut counts = [0; CLASSES];
    classes.iter().for_each(|&class| counts[usize::from(class)] += 1);
    counts
}

fn pairs(a: &[u8], b: &[u8]) -> [u32; CLASSES * CLASSES] {
    let mut counts = [0; CLASSES * CLASSES];
    a.iter().zip(b).for_each(|(&a, &b)| counts[usize::from(a) * CLASSES + usize::from(b)] += 1);
    counts
}
