//! Words of codings in YAML: this module reads and writes any [`Shape`] of a coding, and does not
//! depend on a coding.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};
use vortex_coder::schema::{Shape, Words};

/// Reads words with this shape; the line and column of an error point at a value with another
/// shape.
pub(super) struct Shaped(pub(super) Shape);

impl<'de> DeserializeSeed<'de> for Shaped {
    type Value = Words;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Words, D::Error> {
        match self.0 {
            Shape::Flag => bool::deserialize(deserializer).map(Words::Flag),
            Shape::Count => u64::deserialize(deserializer).map(Words::Count),
            Shape::Number => f64::deserialize(deserializer).map(Words::Number),
            Shape::Text => String::deserialize(deserializer).map(Words::Text),
            Shape::Names => Vec::deserialize(deserializer).map(Words::Names),
            Shape::Map(keys) => deserializer.deserialize_map(Keys(keys)).map(Words::Map),
        }
    }
}

/// A map with some of these keys.
struct Keys(&'static [(&'static str, Shape)]);

impl<'de> Visitor<'de> for Keys {
    type Value = Vec<(&'static str, Words)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a map of {}", listed(self.0.iter().map(|(key, _)| *key)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            let Some((key, shape)) = self.0.iter().find(|(known, _)| *known == key) else {
                return Err(unknown(&key, self.0.iter().map(|(key, _)| *key)));
            };
            push(&mut entries, key, map.next_value_seed(Shaped(*shape))?)?;
        }
        Ok(entries)
    }
}

/// Adds the value of a key that may occur once.
pub(super) fn push<E: Error>(
    entries: &mut Vec<(&'static str, Words)>,
    key: &'static str,
    words: Words,
) -> Result<(), E> {
    if entries.iter().any(|(known, _)| *known == key) {
        return Err(E::duplicate_field(key));
    }
    entries.push((key, words));
    Ok(())
}

/// Whether the words name other fields, so that they apply to one field of a record.
pub(super) fn name_fields(words: &Words) -> bool {
    match words {
        Words::Names(_) => true,
        Words::Map(entries) => entries.iter().any(|(_, words)| name_fields(words)),
        Words::Flag(_) | Words::Count(_) | Words::Number(_) | Words::Text(_) => false,
    }
}

/// The error for a key that is not allowed.
pub(super) fn unknown<E: Error>(key: &str, allowed: impl Iterator<Item = &'static str>) -> E {
    E::custom(format!("unknown key {key:?}; allowed: {}", listed(allowed)))
}

fn listed(keys: impl Iterator<Item = &'static str>) -> String {
    keys.collect::<Vec<_>>().join(", ")
}

/// The words as YAML on one line; `quoted` makes a YAML string.
pub(super) fn to_yaml(words: &Words, quoted: fn(&str) -> String) -> String {
    match words {
        Words::Flag(flag) => flag.to_string(),
        Words::Count(count) => count.to_string(),
        Words::Number(number) => format!("{number:?}"),
        Words::Text(text) => text.clone(),
        Words::Names(names) => {
            let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
            format!("[{}]", names.join(", "))
        }
        Words::Map(entries) => {
            let entry = |(key, words): &(&str, Words)| format!("{key}: {}", to_yaml(words, quoted));
            format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
    }
}
