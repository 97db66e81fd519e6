//! The datasets of a file, and everything that is not read, with the reason.

use hdf5_reader::error::Error;
use hdf5_reader::group::Group;
use hdf5_reader::messages::HdfMessage;
use hdf5_reader::messages::link::{LinkMessage, LinkTarget};
use hdf5_reader::object_header::ObjectHeader;
use hdf5_reader::{Dataset, RawAttribute};
use vortex_base::hex;

use super::attributes::{self, MAX_VALUE_BYTES};
use super::links::links;
use super::refusal::Refusal;
use super::tree::{Content, Link, Object, Storage, Target};
use super::write::chunk_count;
use super::{Described, FORM, Hdf5Source, MAX_CHUNKS, datatype, filters, stream};
use crate::fields::Records;
use crate::source::{DatasetInfo, Origin, Unread};

/// Most links that are listed.
const MAX_OBJECTS: usize = 1 << 20;
/// Deepest nesting of groups.
const MAX_DEPTH: usize = 64;

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
                                let (info, storage) = self.describe(&full, &dataset)?;
                                self.datasets.push(info);
                                self.handles.push((*dataset).clone());
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

    /// The description of a dataset that can be streamed.
    fn describe(
        &mut self,
        name: &str,
        dataset: &Dataset,
    ) -> Result<(DatasetInfo, Storage), Refusal> {
        let header = self.file.get_or_parse_header(dataset.address())?;
        if let Some(reason) = datatype::refusal(dataset.dtype()) {
            return Err(Refusal::Kind(reason));
        }
        for message in &header.messages {
            match message {
                HdfMessage::ExternalFiles(_) => {
                    return Err(Refusal::Kind("its values are in another file".into()));
                }
                HdfMessage::FilterPipeline(pipeline) => {
                    if let Some(reason) = filters::refusal(&pipeline.filters) {
                        return Err(Refusal::LeftOut(reason));
                    }
                }
                _ => {}
            }
        }
        let size = datatype::size(dataset.dtype());
        let stated = dataset.raw_element_size()?;
        if size == 0 || size != stated as u64 {
            return Err(format!("elements of {size} bytes, stated as {stated}").into());
        }
        let raw = dataset.raw_datatype()?;
        let elements = dataset.num_elements()?;
        let null = elements == 0 && dataset.shape().is_empty();
        let shape = if null { vec![0] } else { dataset.shape().to_vec() };
        if elements.checked_mul(size).is_none() {
            let what = format!("{elements} elements of {size} bytes are more than 2^64 bytes");
            return Err(what.into());
        }
        let number = datatype::number(dataset.dtype()).is_some();
        let records = Records::of_array(&shape, size, number, |fields, name, offset| {
            datatype::describe(dataset.dtype(), fields, name, offset);
        });
        // Refuses storage that cannot be streamed.
        let reader = stream::Reader::new(&self.file, dataset, size, &shape)?;
        let fill = reader.fill().map(hex::encode);
        let info = DatasetInfo {
            name: name.to_owned(),
            schema: records.schema,
            n_records: records.n_records,
            records_per_event: records.records_per_event,
            shape,
            origin: Origin::new(FORM, &Described { datatype: hex::encode(&raw), null }),
        };
        let mut storage = Storage { name: name.to_owned(), fill, ..Default::default() };
        let chunks: Option<Vec<u32>> = dataset.chunks().filter(|_| !null);
        let chunks = chunks.map(|chunks| chunks.into_iter().take(info.shape.len()).collect());
        let possible = |chunks: &Vec<u32>| chunks.len() == info.shape.len() && !chunks.contains(&0);
        let mut lose = |reason| self.lost.push(Unread { name: name.to_owned(), reason });
        if let Some(chunks) = chunks.filter(possible) {
            let count = chunk_count(&info.shape, &chunks);
            if count > MAX_CHUNKS {
                lose(format!("restored without its {count} chunks; up to {MAX_CHUNKS} are kept"));
                return Ok((info, storage));
            }
            storage.chunks = Some(chunks);
            storage.max_shape = dataset
                .max_dims()
                .map(|dims| dims.iter().map(|d| (*d != u64::MAX).then_some(*d)).collect());
            let pipeline = header.messages.iter().find_map(|message| match message {
                HdfMessage::FilterPipeline(pipeline) => Some(&pipeline.filters[..]),
                _ => None,
            });
            if let Some(lost) = filters::kept(pipeline.unwrap_or_default(), &mut storage) {
                lose(lost);
            }
        }
        Ok((info, storage))
    }

    /// Puts the attributes of all objects into the tree; those that cannot be kept are listed.
    pub(super) fn keep_attributes(&mut self, root: &Group) {
        let mut reader =
            attributes::Reader { group: root, objects: &self.numbers, left: MAX_VALUE_BYTES };
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
                    }
                }
                Err(error) => lose(format!("its attributes: {error}")),
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
