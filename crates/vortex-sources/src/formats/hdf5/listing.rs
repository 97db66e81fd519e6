//! The datasets of a file, and everything that is not read, with the reason.

use hdf5_reader::error::Error;
use hdf5_reader::group::Group;
use hdf5_reader::messages::HdfMessage;
use hdf5_reader::messages::link::{LinkMessage, LinkTarget};
use hdf5_reader::object_header::ObjectHeader;
use hdf5_reader::{Dataset, RawAttribute};

use super::Hdf5Source;
use super::attributes::{self, MAX_VALUE_BYTES};
use super::links::links;
use super::refusal::Refusal;
use super::tree::{Content, Link, MAX_DEPTH, Object, Target};
use crate::source::Unread;

/// Most links that are listed.
const MAX_OBJECTS: usize = 1 << 20;
/// Most bytes of the paths of all links.
const MAX_PATH_BYTES: usize = 256 << 20;

/// The object of a hard link that is kept.
enum Found {
    /// It was listed before.
    Known(u32),
    Group(Group),
    Dataset(Box<Dataset>),
}

impl Hdf5Source {
    /// Lists the members of a group, whose names begin with `prefix`, and of the groups in it. The
    /// group is the object `number` of the tree.
    pub(super) fn list(&mut self, group: &Group, prefix: &str, number: u32, depth: usize) {
        let shown = if prefix.is_empty() { "/" } else { prefix };
        if depth > MAX_DEPTH {
            let what = format!("groups nested more than {MAX_DEPTH} deep");
            return self.skip(shown, Refusal::LeftOut(what));
        }
        let links = match links(&self.file, group.address()) {
            Ok(links) => links,
            Err(error) => return self.skip(shown, error.into()),
        };
        let (mut kept, mut groups) = (Vec::new(), Vec::new());
        for link in links {
            if self.links >= MAX_OBJECTS {
                let what = format!("the file has more than {MAX_OBJECTS} links");
                self.skip(shown, Refusal::LeftOut(what));
                break;
            }
            self.links += 1;
            let LinkMessage { name, target, creation_order: order } = match link {
                Ok(link) => link,
                Err(error) => {
                    self.skip(shown, Refusal::LeftOut(format!("a link of this group: {error}")));
                    continue;
                }
            };
            let full = match prefix {
                "" => name.clone(),
                prefix => format!("{prefix}/{name}"),
            };
            self.path_bytes += full.len();
            if self.path_bytes > MAX_PATH_BYTES {
                let what = format!("the paths are longer than {MAX_PATH_BYTES} bytes together");
                self.skip(shown, Refusal::LeftOut(what));
                break;
            }
            let to = match target {
                LinkTarget::Soft { path } => Ok(Target::Soft(path)),
                LinkTarget::External { filename, path } => {
                    let what =
                        format!("a link to {path:?} in the file {filename:?}; name that file");
                    self.skip(&full, Refusal::Kind(what));
                    Ok(Target::External(filename, path))
                }
                LinkTarget::Hard { address } => {
                    self.found(group, &name, address).and_then(|found| {
                        let number = match found {
                            Found::Known(number) => number,
                            Found::Group(child) => {
                                let number = self.keep(
                                    address,
                                    &full,
                                    Object::group(),
                                    Handle::Group(&child),
                                );
                                groups.push((child, full.clone(), number));
                                number
                            }
                            Found::Dataset(dataset) => {
                                let (tables, storage) = self.describe(&full, &dataset)?;
                                for (info, part) in tables {
                                    self.datasets.push(info);
                                    self.handles.push(((*dataset).clone(), part));
                                }
                                let object = Object::dataset(storage);
                                self.keep(address, &full, object, Handle::Dataset(&dataset))
                            }
                        };
                        Ok(Target::Object(number))
                    })
                }
            };
            match to {
                Ok(to) => kept.push(Link { name, to, order }),
                Err(refusal) => self.skip(&full, refusal),
            }
        }
        self.tree.objects[number as usize].is = Content::Group(kept);
        for (child, full, number) in groups {
            self.list(&child, &full, number, depth + 1);
        }
    }

    fn skip(&mut self, name: &str, refusal: Refusal) {
        let (list, reason) = match refusal {
            Refusal::Kind(reason) => (&mut self.unread, reason),
            Refusal::LeftOut(reason) => (&mut self.left_out, reason),
        };
        list.push(Unread { name: name.to_owned(), reason });
    }

    /// Opens the object of a hard link.
    fn found(&self, group: &Group, name: &str, address: u64) -> Result<Found, Refusal> {
        if let Some(number) = self.numbers.get(&address) {
            return Ok(Found::Known(*number));
        }
        let header = self.file.get_or_parse_header(address)?;
        match Kind::of(&header) {
            Kind::Group => Ok(Found::Group(group.group(name)?)),
            Kind::Dataset => Ok(Found::Dataset(Box::new(group.dataset(name)?))),
            Kind::Datatype => Err(Refusal::Kind("a named datatype holds no values".into())),
            Kind::Other => Err(Refusal::LeftOut("neither a group nor a dataset".into())),
        }
    }

    /// Adds an object to the tree.
    pub(super) fn keep(
        &mut self,
        address: u64,
        name: &str,
        object: Object,
        handle: Handle<'_>,
    ) -> u32 {
        // Below MAX_OBJECTS.
        let number = self.tree.objects.len() as u32;
        self.numbers.insert(address, number);
        self.tree.objects.push(object);
        let header = self.file.get_or_parse_header(address);
        if header.is_ok_and(|header| {
            header.messages.iter().any(|message| matches!(message, HdfMessage::Comment(_)))
        }) {
            self.lost.push(Unread { name: name.to_owned(), reason: "its comment".into() });
        }
        let attributes = match self.attribute_bytes {
            0..MAX_VALUE_BYTES => handle.attributes(),
            _ => Err(Error::ResourceLimit(format!("{MAX_VALUE_BYTES} bytes before them"))),
        };
        let bytes = attributes.iter().flatten().map(|found| found.message().raw_data.len());
        self.attribute_bytes += bytes.sum::<usize>();
        self.attributes.push((name.to_owned(), attributes));
        number
    }

    /// Puts the attributes of all objects into the tree; those that cannot be kept are listed.
    pub(super) fn keep_attributes(&mut self, root: &Group) {
        let mut reader = attributes::Reader::new(root, &self.numbers, MAX_VALUE_BYTES);
        let all = std::mem::take(&mut self.attributes);
        for (object, (name, found)) in self.tree.objects.iter_mut().zip(all) {
            let mut lose = |reason| self.lost.push(Unread { name: name.clone(), reason });
            match found {
                Ok(found) => {
                    for raw in found {
                        match reader.keep(&raw) {
                            Ok(attribute) => object.attributes.push(attribute),
                            Err(why) => lose(format!("attribute {:?}: {why}", raw.name())),
                        }
                        if reader.lost_references() > 0 {
                            let what = "references to objects that are not read";
                            lose(format!("attribute {:?}: {what}", raw.name()));
                        }
                    }
                }
                // Damage, and not a kind that is not kept.
                Err(error) => {
                    let reason = format!("its attributes: {error}");
                    self.left_out.push(Unread { name: name.clone(), reason });
                }
            }
        }
    }
}

/// A group or a dataset.
pub(super) enum Handle<'a> {
    Group(&'a Group),
    Dataset(&'a Dataset),
}

/// The name of an object, and its attributes.
pub(super) type Attributes = (String, hdf5_reader::error::Result<Vec<RawAttribute>>);

impl Handle<'_> {
    fn attributes(&self) -> hdf5_reader::error::Result<Vec<RawAttribute>> {
        match self {
            Self::Group(group) => group.raw_attributes(),
            Self::Dataset(dataset) => dataset.raw_attributes(),
        }
    }
}

/// What an object header describes.
enum Kind {
    Group,
    Dataset,
    Datatype,
    Other,
}

impl Kind {
    fn of(header: &ObjectHeader) -> Self {
        let has = |wanted: fn(&HdfMessage) -> bool| header.messages.iter().any(wanted);
        if has(|message| {
            matches!(
                message,
                HdfMessage::SymbolTable(_)
                    | HdfMessage::Link(_)
                    | HdfMessage::LinkInfo(_)
                    | HdfMessage::GroupInfo(_)
            )
        }) {
            Self::Group
        } else if has(|message| {
            matches!(message, HdfMessage::Dataspace(_) | HdfMessage::DataLayout(_))
        }) {
            Self::Dataset
        } else if has(|message| matches!(message, HdfMessage::Datatype(_))) {
            Self::Datatype
        } else {
            Self::Other
        }
    }
}
