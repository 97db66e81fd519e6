//! The objects of a file and the links between them, as the manifest keeps them.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// Deepest nesting of groups that is read, and that is built from names.
pub(super) const MAX_DEPTH: usize = 64;

/// All objects of a file. The first one is the root group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tree {
    pub(super) objects: Vec<Object>,
}

/// A group or a dataset, with its attributes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Object {
    pub(super) is: Content,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) attributes: Vec<Attribute>,
}

/// What an object is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Content {
    /// A group with these links.
    Group(Vec<Link>),
    /// A dataset of the manifest.
    Dataset(Storage),
}

/// A name in a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Link {
    pub(super) name: String,
    pub(super) to: Target,
    /// Its place in the order of creation, if the group keeps it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) order: Option<u64>,
}

/// What a link leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Target {
    /// An object of the tree.
    Object(u32),
    /// A path in this file.
    Soft(String),
    /// A file, and a path in it.
    External(String, String),
}

/// How a dataset is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Storage {
    /// Its name in the manifest.
    pub(super) name: String,
    /// Largest lengths of the dimensions, null for those without a limit; without this key, they are
    /// the lengths themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) max_shape: Option<Vec<Option<u64>>>,
    /// Lengths of a chunk; without this key, the values are contiguous.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) chunks: Option<Vec<u32>>,
    /// Whether the bytes of a chunk are shuffled.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) shuffle: bool,
    /// Level of gzip, if chunks are compressed with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) deflate: Option<u32>,
    /// Whether it is one of sequences: two datasets of the manifest.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) sequences: bool,
    /// Bytes of an element that was never written, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) fill: Option<String>,
}

/// An attribute. In its value, each sequence or text of variable length is its number of elements
/// (4 bytes, the lowest first) and the elements; each reference is the number of an object, counted
/// from 1 (8 bytes), or 0; a compound with such members is its members one after the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Attribute {
    pub(super) name: String,
    /// The datatype message, in hexadecimal.
    pub(super) datatype: String,
    /// Lengths of its dimensions; null: no value at all.
    pub(super) shape: Option<Vec<u64>>,
    /// The value, in hexadecimal.
    pub(super) value: String,
}

impl Object {
    pub(super) fn group() -> Self {
        Self { is: Content::Group(Vec::new()), attributes: Vec::new() }
    }

    pub(super) fn dataset(storage: Storage) -> Self {
        Self { is: Content::Dataset(storage), attributes: Vec::new() }
    }
}

impl Tree {
    /// The tree of datasets whose names are their paths.
    ///
    /// # Errors
    /// The name of a dataset that cannot have its path, and why.
    pub(super) fn of_names<'a>(
        names: impl Iterator<Item = &'a str>,
    ) -> Result<Self, (String, String)> {
        let mut tree = Self { objects: vec![Object::group()] };
        let mut known: HashMap<(usize, &str), usize> = HashMap::new();
        for full in names {
            let refuse = |what: &str| (full.to_owned(), what.to_owned());
            let parts: Vec<&str> = full.split('/').collect();
            if parts.len() > MAX_DEPTH || parts.iter().any(|part| !is_name(part)) {
                return Err(refuse("this path is not possible in HDF5"));
            }
            let (last, groups) = parts.split_last().ok_or_else(|| refuse("no name"))?;
            let mut group = 0;
            let taken = "another dataset or group has this name";
            for part in groups {
                group = match known.get(&(group, *part)) {
                    Some(child) => *child,
                    None => {
                        let child = tree.add(group, part, Object::group());
                        known.insert((group, part), child);
                        child
                    }
                };
                if !matches!(tree.objects[group].is, Content::Group(_)) {
                    return Err(refuse(taken));
                }
            }
            let storage = Storage { name: full.to_owned(), ..Default::default() };
            let number = tree.add(group, last, Object::dataset(storage));
            if known.insert((group, last), number).is_some() {
                return Err(refuse(taken));
            }
        }
        Ok(tree)
    }

    /// Adds an object and a link to it.
    fn add(&mut self, group: usize, name: &str, object: Object) -> usize {
        let number = self.objects.len();
        self.objects.push(object);
        if let Content::Group(links) = &mut self.objects[group].is {
            let to = Target::Object(number as u32);
            links.push(Link { name: name.to_owned(), to, order: None });
        }
        number
    }

    /// Whether all numbers of objects exist, and names can be those of links.
    ///
    /// # Errors
    /// What is wrong.
    pub(super) fn check(&self) -> Result<(), String> {
        if !matches!(self.objects.first().map(|root| &root.is), Some(Content::Group(_))) {
            return Err("the first object is not a group".into());
        }
        for object in &self.objects {
            let Content::Group(links) = &object.is else { continue };
            for link in links {
                let there = match link.to {
                    Target::Object(number) => (number as usize) < self.objects.len(),
                    _ => true,
                };
                if !there || !is_name(&link.name) {
                    return Err(format!("a link {:?} that is not possible", link.name));
                }
            }
        }
        Ok(())
    }
}

/// Whether this can be the name of a link.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\0'])
}
