//! Fields of a dataset by their names.

use vortex_coder::{Field, Schema};

use crate::error::{Error, ErrorKind, Result};

/// The number of the field with this name.
pub(super) fn index(schema: &Schema, name: &str) -> Result<usize> {
    let found = schema.fields().iter().position(|field| field.name == name);
    found.ok_or_else(|| missing(schema, name))
}

/// The numbers of the fields with these names; a name also stands for all parts of a field.
pub(super) fn chosen(schema: &Schema, names: &[&str]) -> Result<Vec<usize>> {
    let fields = schema.fields();
    let mut taken = vec![false; fields.len()];
    let mut chosen = Vec::new();
    for name in names {
        let mut found: Vec<usize> = match fields.iter().position(|field| field.name == *name) {
            Some(index) => vec![index],
            None => (0..fields.len()).filter(|&i| is_part(&fields[i].name, name)).collect(),
        };
        if found.is_empty() {
            return Err(missing(schema, name));
        }
        for &index in &found {
            if std::mem::replace(&mut taken[index], true) {
                let name = &fields[index].name;
                return Err(Error::invalid_argument(format!("field {name:?} is named twice")));
            }
        }
        chosen.append(&mut found);
    }
    if chosen.is_empty() {
        return Err(Error::invalid_argument("no fields are named; name at least one"));
    }
    Ok(chosen)
}

/// The schema of rows of these fields alone, without gaps.
pub(super) fn narrowed(schema: &Schema, wanted: &[usize]) -> Result<Schema> {
    let mut end = 0;
    let mut place = |&index: &usize| {
        let Field { name, dtype, big_endian, .. } = &schema.fields()[index];
        let offset = end;
        // At most 8 bytes, and together at most a record.
        end += dtype.size() as u32;
        Field { big_endian: *big_endian, ..Field::new(name.clone(), *dtype, offset) }
    };
    let fields = wanted.iter().map(&mut place).collect();
    Ok(Schema::new(end as usize, fields)?)
}

/// Whether a field is an element or a member of `whole`.
fn is_part(field: &str, whole: &str) -> bool {
    field.strip_prefix(whole).is_some_and(|rest| rest.starts_with(['[', '.']))
}

fn missing(schema: &Schema, name: &str) -> Error {
    const SHOWN: usize = 20;
    let fields = || schema.fields().iter().map(|field| field.name.as_str());
    let near: Vec<&str> = fields().filter(|field| is_near(field, name)).take(SHOWN).collect();
    let message = if near.is_empty() {
        let names: Vec<&str> = fields().take(SHOWN).collect();
        let n = schema.fields().len();
        let more = if n > SHOWN { format!(", ... ({n} in all)") } else { String::new() };
        format!("no field {name:?}; the fields are {}{more}", names.join(", "))
    } else {
        format!("no field {name:?}; there are {}", near.join(", "))
    };
    Error::new(ErrorKind::NotFound, message)
}

/// Whether someone who wrote `asked` may have meant this field.
fn is_near(field: &str, asked: &str) -> bool {
    let (field, asked) = (field.to_lowercase(), asked.to_lowercase());
    let short = asked.chars().count() < 3;
    field == asked || !short && (field.contains(&asked) || distance_is_one(&field, &asked))
}

/// Whether one inserted, deleted or changed character makes one text the other.
fn distance_is_one(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let (short, long) = if a.len() <= b.len() { (&a, &b) } else { (&b, &a) };
    let same = short.iter().zip(long).take_while(|(a, b)| a == b).count();
    match long.len() - short.len() {
        0 => short.get(same + 1..) == long.get(same + 1..),
        1 => short[same..] == long[same + 1..],
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vortex_coder::DType;

    fn schema() -> Schema {
        let names = ["pt", "jet_eta", "jet_phi", "b[0]", "b[1]", "c.x", "c.y"];
        let field = |(i, name): (u32, &&str)| Field::new(*name, DType::F32, 4 * i);
        Schema::new(28, (0..).zip(&names).map(field).collect()).unwrap()
    }

    #[test]
    fn parts_follow_their_name() {
        assert_eq!(chosen(&schema(), &["c", "pt", "b"]).unwrap(), [5, 6, 0, 3, 4]);
        assert_eq!(chosen(&schema(), &["b[1]"]).unwrap(), [4]);
        let narrow = narrowed(&schema(), &[4, 0]).unwrap();
        let found: Vec<_> = narrow.fields().iter().map(|f| (f.name.as_str(), f.offset)).collect();
        assert_eq!((found, narrow.stride()), (vec![("b[1]", 0), ("pt", 4)], 8));
    }

    #[test]
    fn names_that_do_not_fit() {
        let refused = |names: &[&str], kind, words: &str| {
            let error = chosen(&schema(), names).unwrap_err();
            assert_eq!((error.kind(), error.message()), (kind, words));
        };
        let (missing, wrong) = (ErrorKind::NotFound, ErrorKind::InvalidArgument);
        refused(&["PT"], missing, "no field \"PT\"; there are pt");
        refused(&["eta"], missing, "no field \"eta\"; there are jet_eta");
        refused(&["jet_et"], missing, "no field \"jet_et\"; there are jet_eta");
        refused(&["jet_pha"], missing, "no field \"jet_pha\"; there are jet_phi");
        refused(&["b[2]"], missing, "no field \"b[2]\"; there are b[0], b[1]");
        let all = "no field \"q\"; the fields are pt, jet_eta, jet_phi, b[0], b[1], c.x, c.y";
        refused(&["q"], missing, all);
        refused(&["b", "b[1]"], wrong, "field \"b[1]\" is named twice");
        refused(&[], wrong, "no fields are named; name at least one");
        let many = (0..30).map(|i| Field::new(format!("f{i}"), DType::U8, i)).collect();
        let error = index(&Schema::new(30, many).unwrap(), "q").unwrap_err();
        assert!(error.message().ends_with("f19, ... (30 in all)"), "{error}");
    }
}
