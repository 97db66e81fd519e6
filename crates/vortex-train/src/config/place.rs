//! Finds the line of a key in the text of a configuration.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{NonFiniteFloatPolicy, Spanned};

/// A YAML value of which only the keys matter.
#[derive(Debug)]
enum Node {
    Map(BTreeMap<String, Spanned<Node>>),
    Other,
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;

        impl<'de> Visitor<'de> for Keys {
            type Value = Node;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
                let mut entries = BTreeMap::new();
                while let Some((key, value)) = map.next_entry()? {
                    entries.insert(key, value);
                }
                Ok(Node::Map(entries))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Node::Other)
            }
            fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
                Ok(Node::Other)
            }
            fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
                Ok(Node::Other)
            }
            fn visit_u64<E>(self, _: u64) -> Result<Node, E> {
                Ok(Node::Other)
            }
            fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
                Ok(Node::Other)
            }
            fn visit_str<E>(self, _: &str) -> Result<Node, E> {
                Ok(Node::Other)
            }
            fn visit_unit<E>(self) -> Result<Node, E> {
                Ok(Node::Other)
            }
        }

        deserializer.deserialize_any(Keys)
    }
}

/// Line of the value at a dotted path, or of the innermost section of this path that the text has.
pub(super) fn line_of(text: &str, path: &str) -> Option<u64> {
    // Values do not matter here, so unusual values are accepted.
    let options = serde_saphyr::options! {
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
    };
    let mut node: Node = serde_saphyr::from_str_with_options(text, options).ok()?;
    let mut line = None;
    for key in path.split('.') {
        let Node::Map(mut entries) = node else { break };
        let Some(found) = entries.remove(key) else { break };
        line = Some(found.referenced.line());
        node = found.value;
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_keys_and_of_the_sections_around_missing_ones() {
        let text = "# comment\nseed: 3\nbatch: {tokens: 9,\n  chunks: [1, 2]}\nmodel:\n  head:\n    d_ff: 7\n";
        for (path, line) in [
            ("seed", Some(2)),
            ("batch", Some(3)),
            ("batch.tokens", Some(3)),
            ("batch.chunks", Some(4)),
            ("batch.shards", Some(3)),
            ("model.head.d_ff", Some(7)),
            ("budget.max_steps", None),
        ] {
            assert_eq!(line_of(text, path), line, "{path}");
        }
        assert_eq!(line_of("seed: [", "seed"), None);
    }
}
