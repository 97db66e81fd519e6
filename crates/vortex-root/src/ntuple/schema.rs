//! The fields and columns that header and footer describe.

use std::collections::HashMap;

use crate::error::{Fault, Outcome};
use crate::limits::{MAX_BRANCHES, MAX_PATH_BYTES};
use crate::ntuple::encoding::Encoding;
use crate::ntuple::frames::Frames;

const REPETITIVE: u16 = 1;
const PROJECTED: u16 = 2;
const DEFERRED: u16 = 1;
const RANGED: u16 = 2;

/// Fewest bytes of a record frame of each kind.
const LEAST_FIELD: usize = 8 + 16 + 4 * 4;
const LEAST_COLUMN: usize = 8 + 12;
const LEAST_ALIAS: usize = 8 + 8;

/// The structure of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Leaf,
    Collection,
    Record,
    Variant,
    Streamer,
    Unknown(u16),
}

/// A field: a member of the entries, or of another field.
#[derive(Debug)]
pub(super) struct Field {
    /// Number of the field around it; its own number at the top.
    pub(super) parent: usize,
    pub(super) role: Role,
    /// Items of a fixed array.
    pub(super) repetition: Option<u64>,
    /// Without values of its own: it shows those of other fields.
    pub(super) projected: bool,
    pub(super) name: String,
    pub(super) type_name: String,
    pub(super) children: Vec<usize>,
    /// Its columns in each representation.
    pub(super) columns: Vec<Vec<usize>>,
}

/// A column: the elements of a field.
#[derive(Debug)]
pub(super) struct StoredColumn {
    /// `Err`: the number of a type that is not known, or its wrong number of bits.
    pub(super) encoding: Result<Encoding, String>,
    /// Number of its first stored element; below zero if another representation is stored before.
    pub(super) first: i64,
}

/// Fields, columns, and the names that projections give to columns.
#[derive(Debug, Default)]
pub(super) struct Schema {
    pub(super) fields: Vec<Field>,
    pub(super) columns: Vec<StoredColumn>,
    /// The first projected field that shows a column.
    pub(super) shown_by: HashMap<usize, usize>,
    name_bytes: usize,
}

impl Schema {
    /// Adds the four lists of a header or of a schema extension.
    pub(super) fn extend(&mut self, frames: &mut Frames<'_>) -> Outcome<()> {
        let (n, mut list) = frames.list(LEAST_FIELD)?;
        limit("fields", self.fields.len(), n)?;
        for _ in 0..n {
            let at = list.place();
            let field = self.field(&mut list.record()?).map_err(|fault| fault.at(at))?;
            let number = self.fields.len();
            let parent = field.parent;
            self.fields.push(field);
            if parent != number {
                self.fields[parent].children.push(number);
            }
        }
        let (n, mut list) = frames.list(LEAST_COLUMN)?;
        limit("columns", self.columns.len(), n)?;
        for _ in 0..n {
            let at = list.place();
            self.column(&mut list.record()?).map_err(|fault| fault.at(at))?;
        }
        let (n, mut list) = frames.list(LEAST_ALIAS)?;
        for _ in 0..n {
            let mut alias = list.record()?;
            let (column, field) = (alias.u32()? as usize, alias.u32()? as usize);
            if column >= self.columns.len() || field >= self.fields.len() {
                let message = format!("field {field} shows column {column}, which is not there");
                return Err(Fault::corrupt(message).at(alias.place()));
            }
            self.shown_by.entry(column).or_insert(field);
        }
        // The descriptions of classes are for objects that ROOT's streamer wrote.
        frames.list(1).map(drop)
    }

    fn field(&mut self, frames: &mut Frames<'_>) -> Outcome<Field> {
        frames.u32()?; // version of the field
        frames.u32()?; // version of the type
        let parent = frames.u32()? as usize;
        let number = self.fields.len();
        if parent > number {
            let message = format!("field {number} is a member of field {parent}, which is later");
            return Err(Fault::corrupt(message));
        }
        let role = match frames.u16()? {
            0 => Role::Leaf,
            1 => Role::Collection,
            2 => Role::Record,
            3 => Role::Variant,
            4 => Role::Streamer,
            other => Role::Unknown(other),
        };
        let flags = frames.u16()?;
        let (name, type_name) = (frames.string()?, frames.string()?);
        frames.string()?; // alias of the type
        frames.string()?; // description
        self.name_bytes += name.len() + type_name.len();
        if self.name_bytes > MAX_PATH_BYTES {
            let limit = MAX_PATH_BYTES as u64;
            return Err(Fault::limit("bytes of names", self.name_bytes as u64, limit));
        }
        let repetition = if flags & REPETITIVE != 0 { Some(frames.u64()?) } else { None };
        let projected = flags & PROJECTED != 0;
        let (children, columns) = (Vec::new(), Vec::new());
        Ok(Field { parent, role, repetition, projected, name, type_name, children, columns })
    }

    fn column(&mut self, frames: &mut Frames<'_>) -> Outcome<()> {
        let (kind, bits) = (frames.u16()?, frames.u16()?);
        let field = frames.u32()? as usize;
        let (flags, representation) = (frames.u16()?, usize::from(frames.u16()?));
        let first = if flags & DEFERRED != 0 { frames.i64()? } else { 0 };
        let range = if flags & RANGED != 0 { Some((frames.f64()?, frames.f64()?)) } else { None };
        let number = self.columns.len();
        let Some(field) = self.fields.get_mut(field) else {
            let message = format!("column {number} belongs to field {field}, which is not there");
            return Err(Fault::corrupt(message));
        };
        // Representations are numbered from zero, in this order.
        if representation == field.columns.len() {
            field.columns.push(Vec::new());
        }
        let last = field.columns.len().wrapping_sub(1);
        let Some(columns) = field.columns.last_mut().filter(|_| representation == last) else {
            let message = format!("column {number} is of representation {representation}");
            return Err(Fault::corrupt(message));
        };
        columns.push(number);
        self.columns.push(StoredColumn { encoding: Encoding::new(kind, bits, range), first });
        Ok(())
    }
}

fn limit(what: &str, there: usize, more: usize) -> Outcome<()> {
    let n = there.saturating_add(more);
    if n > MAX_BRANCHES {
        return Err(Fault::limit(what, n as u64, MAX_BRANCHES as u64));
    }
    Ok(())
}
