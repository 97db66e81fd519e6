//! Streamer information: the members of the classes in a file, as described in the file.

use std::collections::HashMap;

use crate::error::{Fault, Outcome};
use crate::limits::{MAX_BASE_DEPTH, MAX_CLASS_VERSIONS, MAX_ELEMENTS_SEARCHED};
use crate::object::{ObjectReader, Pointer};

/// One member, or one base class, of a class.
#[derive(Clone, Debug)]
pub(crate) struct Element {
    pub(crate) name: String,
    /// The comment after the member, which contains the range of a `Double32_t`.
    pub(crate) title: String,
    pub(crate) type_name: String,
    /// Number of its type, as in the leaf of a branch.
    pub(crate) number: i32,
    /// Items of an array of fixed length; 0 or 1 for none.
    pub(crate) array_len: u32,
    pub(crate) is_base: bool,
}

#[derive(Debug)]
struct Class {
    version: i32,
    checksum: u32,
    elements: Vec<Element>,
}

/// All classes that a file describes, each in all its versions.
#[derive(Debug, Default)]
pub(crate) struct StreamerInfo {
    classes: HashMap<String, Vec<Class>>,
}

impl StreamerInfo {
    /// Reads the `TList` of all descriptions.
    pub(crate) fn parse(bytes: &[u8], key_len: usize) -> Outcome<Self> {
        let mut reader = ObjectReader::new(bytes, key_len);
        let (n, _) = reader.collection("TList")?;
        let mut info = Self::default();
        for _ in 0..n {
            match reader.pointer()? {
                Pointer::New(object) => {
                    if &*object.class == "TStreamerInfo" {
                        let (name, class) = class(&mut reader)?;
                        let versions = info.classes.entry(plain(&name)).or_default();
                        versions.push(class);
                        if versions.len() > MAX_CLASS_VERSIONS {
                            let limit = MAX_CLASS_VERSIONS as u64;
                            return Err(Fault::limit("versions of a class", limit + 1, limit));
                        }
                    }
                    reader.finish(&object)?;
                }
                Pointer::Null | Pointer::Old(_) => {}
            }
            let option = usize::from(reader.cursor.u8()?);
            reader.cursor.skip(option)?;
        }
        Ok(info)
    }

    /// The member number `id` of a class, as a branch names it: by version, or by checksum if the
    /// version gives no information.
    pub(crate) fn member(
        &self,
        class: &str,
        version: i32,
        checksum: u32,
        id: usize,
    ) -> Option<&Element> {
        let versions = self.classes.get(&plain(class))?;
        let class = versions
            .iter()
            .find(|c| c.checksum == checksum)
            .or_else(|| versions.iter().find(|c| c.version == version))?;
        class.elements.get(id)
    }

    /// The newest version of a class that the file describes, its checksum and its elements.
    pub(crate) fn newest(&self, class: &str) -> Option<(i32, u32, &[Element])> {
        let versions = self.classes.get(&plain(class))?;
        let newest = versions.iter().max_by_key(|class| class.version)?;
        Some((newest.version, newest.checksum, &newest.elements))
    }

    /// The member of a class or of its bases with this name.
    pub(crate) fn member_named(&self, class: &str, name: &str) -> Option<&Element> {
        let mut looked_at = 0;
        self.search(class, name, 0, &mut looked_at)
    }

    fn search(
        &self,
        class: &str,
        name: &str,
        depth: usize,
        looked_at: &mut usize,
    ) -> Option<&Element> {
        let (_, _, elements) = self.newest(class)?;
        if depth > MAX_BASE_DEPTH {
            return None;
        }
        for element in elements {
            *looked_at += 1;
            if *looked_at > MAX_ELEMENTS_SEARCHED {
                return None;
            }
            let found = if element.is_base {
                self.search(&element.name, name, depth + 1, looked_at)
            } else {
                (element.name == name).then_some(element)
            };
            if found.is_some() {
                return found;
            }
        }
        None
    }
}

/// `TStreamerInfo`: a class, its version and its elements.
fn class(reader: &mut ObjectReader<'_>) -> Outcome<(String, Class)> {
    let (_, end) = reader.bounded_head("TStreamerInfo")?;
    let (_, name, _) = reader.named()?;
    let checksum = reader.cursor.u32()?;
    let version = reader.cursor.i32()?;
    let mut elements = Vec::new();
    if let Pointer::New(array) = reader.pointer()? {
        if &*array.class != "TObjArray" {
            return Err(Fault::corrupt(format!("{} for the elements of {name}", array.class)));
        }
        let (n, _) = reader.collection("TObjArray")?;
        for _ in 0..n {
            let Pointer::New(object) = reader.pointer()? else {
                return Err(Fault::unsupported(format!("an element of {name} that is none")));
            };
            elements.push(element(reader, &object.class)?);
            reader.finish(&object)?;
        }
        reader.finish(&array)?;
    }
    reader.cursor.forward_to(end)?;
    Ok((name, Class { version, checksum, elements }))
}

/// The part that all kinds of elements share; the caller skips the rest.
fn element(reader: &mut ObjectReader<'_>, class: &str) -> Outcome<Element> {
    if class != "TStreamerElement" {
        reader.bounded_head(class)?;
    }
    if class == "TStreamerSTLstring" {
        reader.bounded_head("TStreamerSTL")?;
    }
    let (version, _) = reader.bounded_head("TStreamerElement")?;
    let (_, name, title) = reader.named()?;
    let number = reader.cursor.i32()?;
    reader.cursor.skip(4)?; // size in memory
    let array_len = reader.cursor.u32()?;
    reader.cursor.skip(4)?; // number of dimensions
    let max_index = if version > 1 { 5 } else { reader.cursor.count("an array's dimensions")? };
    reader.cursor.array(max_index, 4)?;
    let type_name = reader.cursor.string()?;
    let is_base = class == "TStreamerBase";
    Ok(Element { name, title, type_name, number, array_len, is_base })
}

/// Names of classes are written with and without spaces.
fn plain(class: &str) -> String {
    class.chars().filter(|c| *c != ' ').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(name: &str, is_base: bool) -> Element {
        let (title, type_name) = (String::new(), "float".to_owned());
        Element { name: name.to_owned(), title, type_name, number: 5, array_len: 0, is_base }
    }

    fn class(elements: Vec<Element>) -> Vec<Class> {
        vec![Class { version: 1, checksum: 7, elements }]
    }

    #[test]
    fn members_of_bases_and_of_classes_that_are_their_own_base() {
        let mut info = StreamerInfo::default();
        let bases = || vec![element("Loop", true), element("Loop", true), element("A<B>", true)];
        info.classes.insert("Loop".to_owned(), class(bases()));
        info.classes.insert("A<B>".to_owned(), class(vec![element("x", false)]));
        info.classes.insert("Derived".to_owned(), class(vec![element("A<B >", true)]));
        assert!(info.member_named("Loop", "none").is_none());
        assert_eq!(info.member_named("Derived", "x").map(|e| e.name.as_str()), Some("x"));
        assert!(info.member("A< B >", 1, 7, 0).is_some());
        assert!(info.member("A<B>", 1, 7, 1).is_none());
        assert!(info.member("A<B>", 2, 8, 0).is_none());
    }
}
