//! What the manifest keeps of a file, so that it can be written again.

use std::collections::HashSet;
use std::io;

use serde::{Deserialize, Serialize};

use crate::source::Origin;

/// Name of this form.
pub(super) const FORM: &str = "arrow";
/// Most nodes inside of each other: each is three levels of JSON, of which its reader has 128. A list of
/// Parquet is three nodes.
pub(super) const MAX_DEPTH: usize = 32;
/// Most columns and parts of columns.
pub(super) const MAX_NODES: usize = 1 << 17;

/// A file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Structure {
    /// The form of the file.
    pub(super) file: FileForm,
    /// The tables that hold its values; places refer to them by number.
    pub(super) tables: Vec<TableRef>,
    /// Its columns, in order.
    pub(super) columns: Vec<Node>,
    /// Rows of each row group of Parquet, or record batch of Arrow.
    pub(super) groups: Vec<u64>,
    /// Dictionaries of Arrow.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) dictionaries: Vec<Dictionary>,
}

/// The form of a file. The schemas are in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum FileForm {
    Parquet {
        /// A Parquet file without rows, with the schema and the metadata.
        schema: String,
        /// The compression of each leaf column.
        codecs: Vec<String>,
    },
    Arrow {
        /// An Arrow stream without batches, with the schema.
        schema: String,
        /// Whether the batches are in a stream, and not in a file.
        stream: bool,
        /// The compression of the batches: `lz4` or `zstd`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        codec: Option<String>,
        /// The metadata of the footer of a file.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        metadata: Vec<(String, String)>,
    },
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TableRef {
    /// The name of its dataset.
    pub(super) name: String,
    /// Bytes of a record.
    pub(super) stride: u32,
}

/// The bytes of a record that something is in: table and offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place(pub(super) u32, pub(super) u32);

/// Where a column, or a part of one, is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Node {
    /// Where 1 byte says 1, or 0 for a null; nothing if there are no nulls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) valid: Option<Place>,
    pub(super) is: Is,
}

/// Where values are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Is {
    /// Values of so many bytes; they are indices if there is a dictionary.
    Fixed {
        at: Place,
        width: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        dictionary: Option<u32>,
    },
    /// The number of bytes of each value, and the table of all bytes.
    Bytes { lengths: Place, values: u32 },
    /// The number of items in each list, and the items of all.
    List { counts: Place, items: Box<Node> },
    /// So many items in each slot.
    Array { length: u32, items: Box<Node> },
    /// Members.
    Struct(Vec<Node>),
    /// Only nulls, which are nowhere.
    Null,
}

/// The values of a dictionary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Dictionary {
    pub(super) values: Node,
    /// For each state of the dictionary: the first batch that uses it, and the range of its values.
    pub(super) states: Vec<[u64; 3]>,
}

impl Structure {
    /// What a manifest has, checked; `other` is the error where it is none.
    pub(super) fn of(
        origin: Option<&Origin>,
        other: impl FnOnce() -> io::Error,
    ) -> io::Result<Self> {
        let structure: Self = origin.and_then(|origin| origin.read(FORM)).ok_or_else(other)?;
        structure.check().map_err(io::Error::other)?;
        Ok(structure)
    }

    /// A column and the values of its dictionaries.
    pub(super) fn needed<'a>(&'a self, column: &'a Node) -> Vec<&'a Node> {
        let mut all = vec![column];
        for number in column.dictionaries() {
            all.extend(self.dictionaries.get(number as usize).map(|d| &d.values));
        }
        all
    }

    /// Whether all tables of a column, and of its dictionaries, are there; the others are those that
    /// could not be read.
    pub(super) fn has_all(&self, column: &Node, there: &HashSet<&str>) -> bool {
        let mut tables = Vec::new();
        self.needed(column).into_iter().for_each(|node| node.tables(&mut tables));
        tables.iter().all(|number| {
            let table = self.tables.get(*number as usize);
            table.is_some_and(|table| there.contains(table.name.as_str()))
        })
    }

    /// Refuses what cannot be.
    pub(super) fn check(&self) -> Result<(), String> {
        let mut nodes = 0;
        let all = self.columns.iter().chain(self.dictionaries.iter().map(|d| &d.values));
        for column in all {
            column.check(&self.tables, &mut nodes, 0)?;
        }
        Ok(())
    }
}

impl Node {
    fn check(&self, tables: &[TableRef], nodes: &mut usize, depth: usize) -> Result<(), String> {
        *nodes += 1;
        if depth >= MAX_DEPTH || *nodes > MAX_NODES {
            return Err(format!("more than {MAX_NODES} nodes, or more than {MAX_DEPTH} nested"));
        }
        let fits = |place: &Place, width: u32| {
            let end = place.1.checked_add(width);
            let table = tables.get(place.0 as usize);
            match table.zip(end).is_some_and(|(table, end)| end <= table.stride) {
                true => Ok(()),
                false => Err(format!("{width} bytes at {place:?} are in no record")),
            }
        };
        self.valid.iter().try_for_each(|place| fits(place, 1))?;
        match &self.is {
            Is::Fixed { at, width, .. } => fits(at, *width),
            Is::Bytes { lengths, values } => {
                fits(lengths, 4)?;
                fits(&Place(*values, 0), 1)
            }
            Is::List { counts, items } => {
                fits(counts, 4)?;
                items.check(tables, nodes, depth + 1)
            }
            Is::Array { items, .. } => items.check(tables, nodes, depth + 1),
            Is::Struct(members) => {
                members.iter().try_for_each(|member| member.check(tables, nodes, depth + 1))
            }
            Is::Null => Ok(()),
        }
    }

    /// The dictionaries of it and its parts.
    pub(super) fn dictionaries(&self) -> Vec<u32> {
        match &self.is {
            Is::Fixed { dictionary, .. } => dictionary.iter().copied().collect(),
            Is::List { items, .. } | Is::Array { items, .. } => items.dictionaries(),
            Is::Struct(members) => members.iter().flat_map(Self::dictionaries).collect(),
            Is::Bytes { .. } | Is::Null => Vec::new(),
        }
    }

    /// The tables of it and its parts.
    pub(super) fn tables(&self, all: &mut Vec<u32>) {
        all.extend(self.valid.map(|place| place.0));
        match &self.is {
            Is::Fixed { at, .. } => all.push(at.0),
            Is::Bytes { lengths, values } => all.extend([lengths.0, *values]),
            Is::List { counts, items } => {
                all.push(counts.0);
                items.tables(all);
            }
            Is::Array { items, .. } => items.tables(all),
            Is::Struct(members) => members.iter().for_each(|member| member.tables(all)),
            Is::Null => {}
        }
    }
}
