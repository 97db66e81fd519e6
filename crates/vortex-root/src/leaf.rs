//! `TLeaf*`: the type of the values of a branch.

use std::rc::Rc;

use crate::error::{Fault, Outcome};
use crate::limits::{MAX_BRANCH_DEPTH, MAX_BRANCHES};
use crate::object::{Known, ObjectReader, Pointer};

/// One leaf.
#[derive(Clone, Debug)]
pub(crate) struct Leaf {
    pub(crate) class: Rc<str>,
    pub(crate) name: String,
    /// Name with dimensions, as in `p[n][3]`.
    pub(crate) title: String,
    /// Values per item, the product of the fixed dimensions.
    pub(crate) len: i32,
    pub(crate) is_unsigned: bool,
    pub(crate) count: LeafCount,
    /// ROOT's number of the type, of a `TLeafElement`.
    pub(crate) element_type: Option<i32>,
}

/// The source of the number of items of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LeafCount {
    Fixed,
    /// The leaf with this number.
    By(usize),
    /// A leaf that was not found.
    Unknown,
}

/// Reads a leaf that begins at the cursor and adds it to `leaves`.
pub(crate) fn parse(
    reader: &mut ObjectReader<'_>,
    class: &Rc<str>,
    leaves: &mut Vec<Leaf>,
    depth: usize,
) -> Outcome<usize> {
    if depth > MAX_BRANCH_DEPTH {
        return Err(Fault::limit("leaves inside leaves", depth as u64, MAX_BRANCH_DEPTH as u64));
    }
    reader.bounded_head(class)?;
    let (version, end) = reader.bounded_head("TLeaf")?;
    if version != 2 {
        return Err(Fault::unsupported(format!("TLeaf version {version}; 2 is known")));
    }
    let (_, name, title) = reader.named()?;
    let len = reader.cursor.i32()?;
    reader.cursor.skip(8)?; // bytes of a value, offset in memory
    let _is_range = reader.cursor.u8()?;
    let is_unsigned = reader.cursor.u8()? != 0;
    let count = match reader.pointer()? {
        Pointer::Null => LeafCount::Fixed,
        Pointer::Old(Some(Known::Leaf(leaf))) => LeafCount::By(leaf),
        Pointer::Old(_) => LeafCount::Unknown,
        Pointer::New(object) => {
            let leaf = parse(reader, &object.class, leaves, depth + 1)?;
            reader.finish_leaf(&object, leaf)?;
            LeafCount::By(leaf)
        }
    };
    reader.cursor.forward_to(end)?;
    let element_type = if &**class == "TLeafElement" {
        reader.cursor.skip(4)?; // number of the element
        Some(reader.cursor.i32()?)
    } else {
        None
    };
    if leaves.len() >= MAX_BRANCHES {
        return Err(Fault::limit("leaves", leaves.len() as u64 + 1, MAX_BRANCHES as u64));
    }
    leaves.push(Leaf {
        class: Rc::clone(class),
        name,
        title,
        len,
        is_unsigned,
        count,
        element_type,
    });
    Ok(leaves.len() - 1)
}
