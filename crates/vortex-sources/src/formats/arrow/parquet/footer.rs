//! A check of footers before the `parquet` crate parses them: it reads fields by their number,
//! whatever their type, builds the schema recursively, and makes room for all that is stated.

use super::thrift::{
    BINARY, BYTE, DOUBLE, FALSE, I16, I32, I64, LIST, Result, SET, STRUCT, TRUE, Walk,
};

/// Most nested groups of a schema.
const MAX_GROUPS: usize = 64;
/// Most bytes of the full names of all columns and groups; there is a copy of each.
const MAX_PATH_BYTES: u64 = 64 << 20;
/// Memory of a name beside its bytes.
const NAME_BYTES: u64 = 32;

/// What a field is in the specification.
enum Form {
    Truth,
    Byte,
    Number,
    Double,
    Text,
    Structure(Fields),
    /// Numbers or texts.
    Values,
    Structures(Fields),
    /// The elements of the schema.
    Schema,
}

/// Numbers and forms of the fields of a structure.
type Fields = &'static [(i64, Form)];

impl Form {
    /// Whether a value of this type takes the bytes that the parser reads for it.
    fn fits(&self, kind: u8) -> bool {
        match self {
            Self::Truth => matches!(kind, TRUE | FALSE),
            Self::Byte => kind == BYTE,
            Self::Number => matches!(kind, I16 | I32 | I64),
            Self::Double => kind == DOUBLE,
            Self::Text => kind == BINARY,
            Self::Structure(_) => kind == STRUCT,
            Self::Values | Self::Structures(_) | Self::Schema => matches!(kind, LIST | SET),
        }
    }
}

use Form::{Byte, Double, Number, Schema, Structure, Structures, Text, Truth, Values};

const FOOTER: Fields = &[
    (1, Number),
    (2, Schema),
    (3, Number),
    (4, Structures(ROW_GROUP)),
    (5, Structures(KEY_VALUE)),
    (6, Text),
    (7, Structures(&[(1, Structure(&[])), (2, Structure(&[]))])),
    (8, Structure(&[])),
    (9, Text),
];
const KEY_VALUE: Fields = &[(1, Text), (2, Text)];
const ROW_GROUP: Fields = &[
    (1, Structures(COLUMN)),
    (2, Number),
    (3, Number),
    (4, Structures(&[(1, Number), (2, Truth), (3, Truth)])),
    (5, Number),
    (6, Number),
    (7, Number),
];
const COLUMN: Fields = &[
    (1, Text),
    (2, Number),
    (3, Structure(CHUNK)),
    (4, Number),
    (5, Number),
    (6, Number),
    (7, Number),
    (8, Structure(&[])),
    (9, Text),
];
const CHUNK: Fields = &[
    (1, Number),
    (2, Values),
    (3, Values),
    (4, Number),
    (5, Number),
    (6, Number),
    (7, Number),
    (8, Structures(KEY_VALUE)),
    (9, Number),
    (10, Number),
    (11, Number),
    (12, Structure(STATISTICS)),
    (13, Structures(&[(1, Number), (2, Number), (3, Number)])),
    (14, Number),
    (15, Number),
    (16, Structure(&[(1, Number), (2, Values), (3, Values)])),
    (17, Structure(&[(1, Structure(BOX)), (2, Values)])),
];
const STATISTICS: Fields = &[
    (1, Text),
    (2, Text),
    (3, Number),
    (4, Number),
    (5, Text),
    (6, Text),
    (7, Truth),
    (8, Truth),
    (9, Number),
];
const BOX: Fields = &[
    (1, Double),
    (2, Double),
    (3, Double),
    (4, Double),
    (5, Double),
    (6, Double),
    (7, Double),
    (8, Double),
];
const NAME: i64 = 4;
const CHILDREN: i64 = 5;
const ELEMENT: Fields = &[
    (1, Number),
    (2, Number),
    (3, Number),
    (NAME, Text),
    (CHILDREN, Number),
    (6, Number),
    (7, Number),
    (8, Number),
    (9, Number),
    (10, Structure(LOGICAL)),
];
const LOGICAL: Fields = &[
    (5, Structure(&[(1, Number), (2, Number)])),
    (7, Structure(TIME)),
    (8, Structure(TIME)),
    (10, Structure(&[(1, Byte), (2, Truth)])),
    (16, Structure(&[(1, Byte)])),
    (17, Structure(&[(1, Text)])),
    (18, Structure(&[(1, Text), (2, Number)])),
];
const TIME: Fields =
    &[(1, Truth), (2, Structure(&[(1, Structure(&[])), (2, Structure(&[])), (3, Structure(&[]))]))];

/// Checks the bytes of a footer: types of fields, lengths, and the depth and the names of the
/// schema.
pub(super) fn check(bytes: &[u8]) -> Result<()> {
    structure(&mut Walk::new(bytes), FOOTER, 0)
}

fn structure(walk: &mut Walk<'_>, fields: Fields, depth: usize) -> Result<()> {
    walk.structure(depth, &mut |walk, id, kind| value(walk, fields, depth, id, kind))
}

/// Walks over the value of a field, if it is known.
fn value(walk: &mut Walk<'_>, fields: Fields, depth: usize, id: i64, kind: u8) -> Result<bool> {
    let Some((_, form)) = fields.iter().find(|(known, _)| *known == id) else { return Ok(false) };
    if !form.fits(kind) {
        return Err(format!("a field {id} of type {kind} in a Thrift structure"));
    }
    match form {
        Structure(fields) => structure(walk, fields, depth + 1)?,
        Structures(fields) => {
            let (kind, size) = walk.list()?;
            if kind != STRUCT && size > 0 {
                return Err(format!("a list of type {kind} where there should be structures"));
            }
            (0..size).try_for_each(|_| structure(walk, fields, depth + 1))?;
        }
        Schema => schema(walk, depth + 1)?,
        _ => return Ok(false),
    }
    Ok(true)
}

fn schema(walk: &mut Walk<'_>, depth: usize) -> Result<()> {
    let (kind, size) = walk.list()?;
    if kind != STRUCT {
        return Err("the schema is no list of structures".into());
    }
    // Of each open group, how many children are still to come, and the bytes of its path.
    let mut open: Vec<(u64, u64)> = Vec::new();
    let mut paths = 0u64;
    for _ in 0..size {
        let (mut children, mut name) = (0, 0);
        walk.structure(depth, &mut |walk, id, kind| {
            match (id, kind) {
                // As the parser does, which keeps 32 bits.
                (CHILDREN, I16 | I32 | I64) => children = walk.number()? as i32,
                (NAME, BINARY) => name = walk.text()?,
                _ => return value(walk, ELEMENT, depth, id, kind),
            }
            Ok(true)
        })?;
        let children = u64::try_from(children).ok().filter(|n| *n <= size as u64);
        let children =
            children.ok_or("a group of the schema states more members than there are")?;
        while open.last().is_some_and(|(left, _)| *left == 0) {
            open.pop();
        }
        let mut path = name + NAME_BYTES;
        if let Some((left, parent)) = open.last_mut() {
            *left -= 1;
            path += *parent;
        }
        paths = paths.saturating_add(path);
        if paths > MAX_PATH_BYTES {
            return Err(format!(
                "the full names of the columns need more than {MAX_PATH_BYTES} bytes; shorten \
                 them or write fewer columns to a file"
            ));
        }
        if children > 0 {
            open.push((children, path));
        }
        if open.len() > MAX_GROUPS {
            return Err(format!("the schema has more than {MAX_GROUPS} groups inside of others"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Version 1, a schema, 0 rows, no row groups.
    fn footer(kind: u8, elements: u8, schema: &[u8]) -> Vec<u8> {
        let mut footer = vec![0x15, 2, 0x10 | kind, elements << 4 | STRUCT];
        footer.extend(schema);
        footer.extend([0x16, 0, 0x19, 0x0c, 0]);
        footer
    }

    /// A group of one column.
    const GROUP: [u8; 13] = [0x48, 2, b'r', b'o', 0x15, 2, 0, 0x15, 2, 0x38, 1, b'x', 0];

    #[test]
    fn footers_are_walked_over() {
        let good = footer(LIST, 2, &GROUP);
        assert_eq!(check(&good), Ok(()));
        for len in 0..good.len() {
            assert!(check(&good[..len]).is_err(), "{len}");
        }
        // A list of 2^31 elements.
        assert!(check(&[0x29, 0xfc, 0xff, 0xff, 0xff, 0xff, 7, 0]).is_err());
        // Structures in structures.
        assert!(check(&vec![0x1c; 100_000]).is_err());
    }

    /// A schema of groups inside of each other; each states its one member in this way.
    fn nested(children: &[u8]) -> Vec<u8> {
        let mut footer = vec![0x15, 2, 0x19, 0xfc, 0xc8, 1];
        for _ in 0..200 {
            footer.extend([0x48, 1, b'g']);
            footer.extend(children);
            footer.push(0);
        }
        footer.push(0);
        footer
    }

    #[test]
    fn a_schema_that_is_too_deep_is_refused_in_any_form() {
        let deep = nested(&[0x15, 2]);
        assert!(check(&deep).unwrap_err().contains("64 groups"));
        // The number of members has 64 bits, or its field the number 5 + 2^16.
        assert!(check(&nested(&[0x16, 2])).is_err());
        assert!(check(&nested(&[0x05, 0x8a, 0x80, 0x08, 2])).is_err());
        // The schema is a set.
        let mut set = deep.clone();
        set[2] = 0x1a;
        assert!(check(&set).is_err());
        // The schema is in what is said to be a text.
        let mut text = vec![0x48, 0x80, 1];
        text.extend(&deep[2..]);
        assert!(check(&text).is_err());
    }

    #[test]
    fn what_takes_memory_without_bytes_is_refused() {
        // 2^20 members of a group.
        assert!(check(&footer(LIST, 1, &[0x48, 1, b'r', 0x15, 0x80, 0x80, 0x80, 1, 0])).is_err());
        // 2^31 truth values in an unknown field, which the parser takes for nothing.
        assert!(check(&[0x99, 0xf1, 0xff, 0xff, 0xff, 0xff, 7, 0]).is_err());
        // A long name of a group is in the path of each of its columns.
        let mut schema = vec![0x15, 2, 0x19, 0xfc, 0xd0, 15, 0x48, 0x80, 0x80, 64];
        schema.extend(vec![b'x'; 1 << 20]);
        schema.extend([0x15, 0x9e, 0x1f, 0]);
        for _ in 1..2000 {
            schema.extend([0x15, 2, 0x38, 1, b'x', 0]);
        }
        schema.push(0);
        assert!(check(&schema).unwrap_err().contains("full names"));
    }
}
