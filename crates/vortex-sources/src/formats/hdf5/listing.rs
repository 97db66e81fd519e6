//! The datasets of a file, and everything that is not read, with the reason.

use std::collections::HashSet;

use hdf5_reader::Dataset;
use hdf5_reader::error::Error as ReadError;
use hdf5_reader::group::Group;
use hdf5_reader::messages::HdfMessage;
use hdf5_reader::messages::link::LinkTarget;
use hdf5_reader::object_header::ObjectHeader;
use vortex_base::hex;

use super::links::links;
use super::refusal::Refusal;
use super::{Described, FORM, Hdf5Source, datatype, filters, stream};
use crate::fields::Records;
use crate::source::{DatasetInfo, Origin, Unread};

/// Most groups, datasets and links that are listed.
const MAX_OBJECTS: usize = 1 << 20;
/// Deepest nesting of groups.
const MAX_DEPTH: usize = 64;

/// The object that a link leads to.
enum Object {
    Group(Group),
    Dataset(Box<Dataset>),
}

impl Hdf5Source {
    /// Lists the members of a group, whose names begin with `prefix`, and of the groups in it.
    pub(super) fn list(
        &mut self,
        group: &Group,
        prefix: &str,
        depth: usize,
        seen: &mut HashSet<u64>,
    ) {
        let shown = if prefix.is_empty() { "/" } else { prefix };
        if depth > MAX_DEPTH {
            let what = format!("groups nested more than {MAX_DEPTH} deep");
            return self.skip(shown, Refusal::LeftOut(what));
        }
        // Hard links can make circles.
        if !seen.insert(group.address()) {
            let what = "a second link to a group that is listed already";
            return self.skip(shown, Refusal::Kind(what.into()));
        }
        let links = match links(&self.file, group.address()) {
            Ok(links) => links,
            Err(error) => return self.skip(shown, error.into()),
        };
        let mut groups = Vec::new();
        for link in links {
            if self.objects >= MAX_OBJECTS {
                let what = format!("the file has more than {MAX_OBJECTS} objects");
                return self.skip(shown, Refusal::LeftOut(what));
            }
            self.objects += 1;
            let link = match link {
                Ok(link) => link,
                Err(error) => {
                    self.skip(shown, Refusal::LeftOut(format!("a link of this group: {error}")));
                    continue;
                }
            };
            let full = match prefix {
                "" => link.name.clone(),
                prefix => format!("{prefix}/{}", link.name),
            };
            let described = self.object(group, &link.name, &link.target);
            match described.and_then(|object| match object {
                Object::Group(child) => {
                    groups.push((child, full.clone()));
                    Ok(None)
                }
                Object::Dataset(dataset) => self.describe(&full, *dataset).map(Some),
            }) {
                Ok(Some((handle, info))) => {
                    self.handles.push(handle);
                    self.datasets.push(info);
                }
                Ok(None) => {}
                Err(refusal) => self.skip(&full, refusal),
            }
        }
        for (child, full) in groups {
            self.list(&child, &full, depth + 1, seen);
        }
    }

    fn skip(&mut self, name: &str, refusal: Refusal) {
        let (list, reason) = match refusal {
            Refusal::Kind(reason) => (&mut self.unread, reason),
            Refusal::LeftOut(reason) => (&mut self.left_out, reason),
        };
        list.push(Unread { name: name.to_owned(), reason });
    }

    /// Opens the object of a link.
    fn object(&self, group: &Group, name: &str, target: &LinkTarget) -> Result<Object, Refusal> {
        match target {
            LinkTarget::External { filename, path } => {
                let what = format!("a link to {path:?} in the file {filename:?}; name that file");
                Err(Refusal::Kind(what))
            }
            LinkTarget::Hard { address } => {
                let header = self.file.get_or_parse_header(*address)?;
                match Kind::of(&header) {
                    Kind::Group => Ok(Object::Group(group.group(name)?)),
                    Kind::Dataset => Ok(Object::Dataset(Box::new(group.dataset(name)?))),
                    Kind::Datatype => Err(Refusal::Kind("a named datatype holds no values".into())),
                    Kind::Other => Err(Refusal::LeftOut("neither a group nor a dataset".into())),
                }
            }
            LinkTarget::Soft { path } => match group.dataset(name) {
                Ok(dataset) => Ok(Object::Dataset(Box::new(dataset))),
                Err(ReadError::DatasetNotFound(_)) => match group.group(name) {
                    Ok(group) => Ok(Object::Group(group)),
                    Err(ReadError::GroupNotFound(_)) => {
                        let what = format!("a link to {path:?}, which is no dataset and no group");
                        Err(Refusal::Kind(what))
                    }
                    Err(error) => Err(error.into()),
                },
                Err(error) => Err(error.into()),
            },
        }
    }

    /// The description of a dataset that can be streamed.
    fn describe(&self, name: &str, dataset: Dataset) -> Result<(Dataset, DatasetInfo), Refusal> {
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
        stream::Reader::new(&self.file, &dataset, size, &shape)?;
        let info = DatasetInfo {
            name: name.to_owned(),
            schema: records.schema,
            n_records: records.n_records,
            records_per_event: records.records_per_event,
            shape,
            origin: Origin::new(FORM, &Described { datatype: hex::encode(&raw), null }),
        };
        Ok((dataset, info))
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
