//! From the slots of a column to the levels of its leaves.

use crate::formats::arrow::gather::{Slots, Values as SlotValues};
use crate::formats::arrow::shape::{Kind, Shape};

/// The entries of a leaf.
#[derive(Debug, Default)]
pub(super) struct Levels {
    pub(super) def: Vec<i16>,
    pub(super) rep: Vec<i16>,
    pub(super) values: Values,
}

/// The values that are not null.
#[derive(Debug, Default)]
pub(super) struct Values {
    /// One after the other.
    pub(super) fixed: Vec<u8>,
    /// Of texts, the length of each.
    pub(super) lengths: Vec<u32>,
}

/// A level of the way to a leaf.
enum Step<'a> {
    /// A null has the value 0.
    Optional(Option<&'a [u8]>),
    /// Counts, and the number of items before each list.
    Repeated { counts: &'a [u32], before: Vec<usize>, level: i16 },
}

/// The values of a leaf, and where each of them begins.
enum Source<'a> {
    Fixed(&'a [u8], usize),
    Bytes { lengths: &'a [u32], data: &'a [u8], before: Vec<usize> },
}

impl Levels {
    /// Calls `leaf` for each leaf of a column, in order.
    pub(super) fn each_leaf(
        shape: &Shape,
        slots: &Slots,
        leaf: &mut dyn FnMut(&Self) -> Result<(), String>,
    ) -> Result<(), String> {
        visit(shape, slots, &mut Vec::new(), slots.n, leaf)
    }
}

fn visit<'a>(
    shape: &Shape,
    slots: &'a Slots,
    steps: &mut Vec<Step<'a>>,
    rows: usize,
    leaf: &mut dyn FnMut(&Levels) -> Result<(), String>,
) -> Result<(), String> {
    let depth = steps.len();
    if shape.nullable {
        steps.push(Step::Optional(slots.valid.as_deref()));
    }
    match (&shape.kind, &slots.values) {
        (Kind::Struct(shapes), SlotValues::Struct(members)) => {
            for (shape, member) in shapes.iter().zip(members) {
                visit(shape, member, steps, rows, leaf)?;
            }
        }
        (Kind::List(shape), SlotValues::List { counts, items }) => {
            let lists = steps.iter().filter(|step| matches!(step, Step::Repeated { .. }));
            let level = lists.count() as i16 + 1;
            steps.push(Step::Repeated { counts, before: before(counts), level });
            visit(shape, items, steps, rows, leaf)?;
        }
        (Kind::Fixed(numbers), SlotValues::Fixed(values)) => {
            let width = numbers.iter().map(|n| n.bytes()).sum();
            leaf(&entries(steps, rows, &Source::Fixed(values, width)))?;
        }
        (Kind::Bytes, SlotValues::Bytes { lengths, data }) => {
            let before = before(lengths);
            leaf(&entries(steps, rows, &Source::Bytes { lengths, data, before }))?;
        }
        _ => return Err(format!("{} is not as in the schema", shape.name)),
    }
    steps.truncate(depth);
    Ok(())
}

fn before(counts: &[u32]) -> Vec<usize> {
    let mut sum = 0;
    let mut add = |n: &u32| {
        sum += *n as usize;
        sum - *n as usize
    };
    counts.iter().map(&mut add).collect()
}

fn entries(steps: &[Step<'_>], rows: usize, source: &Source<'_>) -> Levels {
    let mut levels = Levels::default();
    for row in 0..rows {
        entry(steps, source, &mut levels, (0, 0), row);
    }
    levels
}

/// Adds the entries of a slot. At most as deep as the schema.
fn entry(
    steps: &[Step<'_>],
    source: &Source<'_>,
    levels: &mut Levels,
    (def, rep): (i16, i16),
    slot: usize,
) {
    match steps.split_first() {
        None => {
            levels.def.push(def);
            levels.rep.push(rep);
            match source {
                Source::Fixed(values, width) => {
                    levels.values.fixed.extend(&values[slot * width..(slot + 1) * width]);
                }
                Source::Bytes { lengths, data, before } => {
                    let len = lengths[slot];
                    levels.values.lengths.push(len);
                    levels.values.fixed.extend(&data[before[slot]..][..len as usize]);
                }
            }
        }
        Some((Step::Optional(valid), rest)) if valid.is_none_or(|valid| valid[slot] != 0) => {
            entry(rest, source, levels, (def + 1, rep), slot);
        }
        Some((Step::Repeated { counts, before, level }, rest)) if counts[slot] > 0 => {
            for item in 0..counts[slot] as usize {
                let rep = if item == 0 { rep } else { *level };
                entry(rest, source, levels, (def + 1, rep), before[slot] + item);
            }
        }
        Some(_) => {
            levels.def.push(def);
            levels.rep.push(rep);
        }
    }
}
