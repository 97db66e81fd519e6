//! A type of HDF5 as numpy describes it in `.npy` files, from which vortex-sources makes schemas.

use std::ffi::{CStr, c_int};

use crate::functions::Functions;
use crate::libraries::Id;

/// How deep types may be nested.
const MAX_DEPTH: u32 = 32;
/// Most dimensions of an array type, as in HDF5.
const MAX_RANK: usize = 32;

// Numbers of H5T_class_t and H5T_order_t.
const INTEGER: c_int = 0;
const FLOAT: c_int = 1;
const STRING: c_int = 3;
const BITFIELD: c_int = 4;
const COMPOUND: c_int = 6;
const ENUM: c_int = 8;
const ARRAY: c_int = 10;
const BIG_ENDIAN: c_int = 1;

/// The description of a type, and how often it is repeated.
#[derive(Debug)]
pub(crate) struct Described {
    /// `descr` as in a `.npy` header.
    pub(crate) descr: String,
    /// Elements of an array type.
    pub(crate) count: Option<u64>,
}

impl Described {
    /// A type that is no array; an array becomes a record of one field.
    pub(crate) fn into_descr(self) -> String {
        match self.count {
            Some(count) => format!("[('value', {}, ({count},))]", self.descr),
            None => self.descr,
        }
    }
}

/// The description of a type.
pub(crate) fn describe(hdf5: &Functions, id: Id) -> Described {
    describe_to(hdf5, id, MAX_DEPTH)
}

fn describe_to(hdf5: &Functions, id: Id, depth: u32) -> Described {
    // SAFETY: these functions take any identifier of a type, and `id` is one.
    let (class, size) = unsafe { ((hdf5.class)(id), (hdf5.size)(id)) };
    let known = match class {
        _ if depth == 0 => None,
        INTEGER | BITFIELD | FLOAT => number(hdf5, id, class, size),
        STRING => text(hdf5, id, size),
        ENUM => enumeration(hdf5, id, size),
        COMPOUND => compound(hdf5, id, size, depth),
        ARRAY => return array(hdf5, id, depth).unwrap_or_else(|| bytes(size)),
        _ => None,
    };
    known.map_or_else(|| bytes(size), |descr| Described { descr, count: None })
}

/// Bytes without a meaning.
fn bytes(size: usize) -> Described {
    Described { descr: format!("'|V{size}'"), count: None }
}

fn number(hdf5: &Functions, id: Id, class: c_int, size: usize) -> Option<String> {
    // SAFETY: as above; the type is an integer, a bit field or a float.
    let (order, signed) = unsafe { ((hdf5.order)(id), class == INTEGER && (hdf5.sign)(id) != 0) };
    let kind = match (class, size) {
        (FLOAT, 2 | 4 | 8) => 'f',
        (INTEGER | BITFIELD, 1 | 2 | 4 | 8) => {
            if signed {
                'i'
            } else {
                'u'
            }
        }
        _ => return None,
    };
    let order = match (order, size) {
        (_, 1) => '|',
        (BIG_ENDIAN, _) => '>',
        _ => '<',
    };
    Some(format!("'{order}{kind}{size}'"))
}

fn text(hdf5: &Functions, id: Id, size: usize) -> Option<String> {
    // SAFETY: as above; the type is a text.
    let variable = unsafe { (hdf5.is_variable_text)(id) };
    (variable == 0).then(|| format!("'|S{size}'"))
}

fn enumeration(hdf5: &Functions, id: Id, size: usize) -> Option<String> {
    // SAFETY: as above; the type is an enumeration.
    let (members, of) = unsafe { ((hdf5.n_members)(id), Type::new(hdf5, (hdf5.super_type)(id))?) };
    if (members, size) == (2, 1) {
        return Some("'|b1'".into());
    }
    number(hdf5, of.id, INTEGER, size)
}

fn array(hdf5: &Functions, id: Id, depth: u32) -> Option<Described> {
    // SAFETY: as above; the type is an array.
    let (rank, of) = unsafe { ((hdf5.array_rank)(id), Type::new(hdf5, (hdf5.super_type)(id))?) };
    let rank = usize::try_from(rank).ok().filter(|rank| *rank <= MAX_RANK)?;
    let mut lengths = [1; MAX_RANK];
    // SAFETY: as above; there is room for all lengths.
    if unsafe { (hdf5.array_lengths)(id, lengths.as_mut_ptr()) } < 0 {
        return None;
    }
    let inner = describe_to(hdf5, of.id, depth - 1);
    let product = |n: u64, length: &u64| n.checked_mul(*length);
    let count = lengths[..rank].iter().try_fold(inner.count.unwrap_or(1), product)?;
    Some(Described { descr: inner.descr, count: Some(count) })
}

fn compound(hdf5: &Functions, id: Id, size: usize, depth: u32) -> Option<String> {
    // SAFETY: as above; the type is a compound.
    let members = u32::try_from(unsafe { (hdf5.n_members)(id) }).ok()?;
    let mut found = Vec::new();
    for index in 0..members {
        // SAFETY: as above; the index is that of a member.
        let (offset, member) = unsafe {
            ((hdf5.member_offset)(id, index), Type::new(hdf5, (hdf5.member_type)(id, index))?)
        };
        found.push((
            offset,
            member.size(),
            name(hdf5, id, index),
            describe_to(hdf5, member.id, depth - 1),
        ));
    }
    found.sort_by_key(|(offset, ..)| *offset);
    let mut fields = Vec::new();
    let mut end = 0;
    let padding = |from: usize, to: usize| format!("('', '|V{}')", to - from);
    for (offset, size, name, described) in found {
        if offset > end {
            fields.push(padding(end, offset));
        }
        let Described { descr, count } = described;
        fields.push(match count {
            Some(count) => format!("('{name}', {descr}, ({count},))"),
            None => format!("('{name}', {descr})"),
        });
        end = offset.checked_add(size)?;
    }
    if size > end {
        fields.push(padding(end, size));
    }
    Some(format!("[{}]", fields.join(", ")))
}

/// The name of a member, as far as it helps to find laws.
fn name(hdf5: &Functions, id: Id, index: u32) -> String {
    // SAFETY: the type is a compound with this member; the name, which HDF5 allocated, ends with a zero
    // byte and is freed by HDF5 after it was copied.
    let name = unsafe {
        let text = (hdf5.member_name)(id, index);
        if text.is_null() {
            return "_".into();
        }
        let name = CStr::from_ptr(text).to_string_lossy().into_owned();
        (hdf5.free)(text.cast());
        name
    };
    let plain = |c: char| if c.is_alphanumeric() || c == '.' { c } else { '_' };
    let name: String = name.chars().map(plain).collect();
    if name.is_empty() { "_".into() } else { name }
}

/// A type that is closed when it is no longer needed.
struct Type<'a> {
    hdf5: &'a Functions,
    id: Id,
}

impl<'a> Type<'a> {
    /// A new identifier; `None` if it is that of an error.
    fn new(hdf5: &'a Functions, id: Id) -> Option<Self> {
        (id >= 0).then_some(Self { hdf5, id })
    }

    fn size(&self) -> usize {
        // SAFETY: the identifier is open until `drop`.
        unsafe { (self.hdf5.size)(self.id) }
    }
}

impl Drop for Type<'_> {
    fn drop(&mut self) {
        // SAFETY: the identifier is open and is used no more.
        unsafe { (self.hdf5.close_type)(self.id) };
    }
}
