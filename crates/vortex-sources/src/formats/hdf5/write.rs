//! A small HDF5 writer: groups, and contiguous datasets of any fixed-size datatype.
//!
//! Files have superblock version 2, object headers version 2 and links in the headers of their
//! groups, as described in the HDF5 File Format Specification 3.0 (sections II.A, III.C, IV.A).
//! Datasets are streamed; only names and shapes are kept in memory.

use std::collections::BTreeMap;
use std::io::{Seek, SeekFrom, Write};

use hdf5_reader::checksum::jenkins_lookup3;
use hdf5_reader::io::Cursor;
use hdf5_reader::messages::datatype as messages;

use super::datatype;

const SUPERBLOCK_BYTES: u64 = 48;
const UNDEFINED: u64 = u64::MAX;
/// Longest header message.
const MAX_MESSAGE_BYTES: usize = 65_535;
/// Deepest nesting of groups.
const MAX_DEPTH: usize = 64;

const LINK_INFO: u8 = 0x02;
const DATASPACE: u8 = 0x01;
const DATATYPE: u8 = 0x03;
const FILL_VALUE: u8 = 0x05;
const LINK: u8 = 0x06;
const LAYOUT: u8 = 0x08;
const GROUP_INFO: u8 = 0x0a;

/// Writes an HDF5 file.
#[derive(Debug)]
pub struct Hdf5Writer<W: Write + Seek> {
    out: W,
    at: u64,
    root: Group,
}

#[derive(Debug, Default)]
struct Group(BTreeMap<String, Node>);

#[derive(Debug)]
enum Node {
    Group(Group),
    Dataset(Placed),
}

#[derive(Debug)]
struct Placed {
    datatype: Vec<u8>,
    /// `None` for the null dataspace.
    shape: Option<Vec<u64>>,
    address: u64,
    bytes: u64,
}

impl<W: Write + Seek> Hdf5Writer<W> {
    /// Starts a file.
    ///
    /// # Errors
    /// Of writing.
    pub fn new(mut out: W) -> std::io::Result<Self> {
        out.write_all(&[0; SUPERBLOCK_BYTES as usize])?;
        Ok(Self { out, at: SUPERBLOCK_BYTES, root: Group::default() })
    }

    /// Adds the dataset of a path such as `group/name`; `datatype` is a datatype message, `shape`
    /// `None` for the null dataspace. `write` gets the output and writes the values.
    ///
    /// # Errors
    /// For a path or datatype that HDF5 does not allow, for values with another number of bytes
    /// than shape and datatype give, and of writing.
    pub fn dataset(
        &mut self,
        path: &str,
        datatype: &[u8],
        shape: Option<&[u64]>,
        write: impl FnOnce(&mut dyn Write) -> std::io::Result<u64>,
    ) -> std::io::Result<()> {
        let refuse = |what: String| std::io::Error::other(format!("dataset {path:?}: {what}"));
        let element = element_bytes(datatype).map_err(refuse)?;
        let due = match shape {
            Some(shape) => shape.iter().try_fold(element, |n, d| n.checked_mul(*d)),
            None => Some(0),
        };
        let due = due.ok_or_else(|| refuse(format!("of shape {shape:?} is too large")))?;
        let parts: Vec<&str> = path.split('/').collect();
        if parts.len() > MAX_DEPTH
            || parts.iter().any(|p| p.is_empty() || *p == "." || *p == "..")
            || shape.is_some_and(|shape| shape.len() > 32)
        {
            return Err(refuse("this path or this shape is not possible in HDF5".into()));
        }
        let padding = self.at.next_multiple_of(8) - self.at;
        self.out.write_all(&[0; 8][..padding as usize])?;
        self.at += padding;
        let bytes = write(&mut self.out)?;
        if bytes != due {
            return Err(refuse(format!("{bytes} bytes; {due} were expected")));
        }
        let address = if bytes == 0 { UNDEFINED } else { self.at };
        self.at += bytes;
        let placed = Placed {
            datatype: datatype.to_vec(),
            shape: shape.map(<[u64]>::to_vec),
            address,
            bytes,
        };
        let taken = || refuse("another dataset or group has this name".into());
        let mut group = &mut self.root;
        let (name, groups) = parts.split_last().ok_or_else(taken)?;
        for part in groups {
            let node = group.0.entry((*part).to_owned());
            match node.or_insert_with(|| Node::Group(Group::default())) {
                Node::Group(inner) => group = inner,
                Node::Dataset(_) => return Err(taken()),
            }
        }
        match group.0.entry((*name).to_owned()) {
            std::collections::btree_map::Entry::Occupied(_) => Err(taken()),
            std::collections::btree_map::Entry::Vacant(place) => {
                place.insert(Node::Dataset(placed));
                Ok(())
            }
        }
    }

    /// Writes the headers and, last, the superblock.
    ///
    /// # Errors
    /// Of writing.
    pub fn finish(mut self) -> std::io::Result<W> {
        let root = std::mem::take(&mut self.root);
        let root = self.group(&root)?;
        let mut block = super::super::HDF5.to_vec();
        // Version, bytes of an offset, bytes of a length, flags.
        block.extend([2, 8, 8, 0]);
        for address in [0, UNDEFINED, self.at, root] {
            block.extend(address.to_le_bytes());
        }
        block.extend(jenkins_lookup3(&block).to_le_bytes());
        self.out.seek(SeekFrom::Start(0))?;
        self.out.write_all(&block)?;
        Ok(self.out)
    }

    /// Writes a group, after its members, and returns its address.
    fn group(&mut self, group: &Group) -> std::io::Result<u64> {
        let mut messages = Messages::default();
        let mut info = vec![0, 0];
        info.extend(UNDEFINED.to_le_bytes());
        info.extend(UNDEFINED.to_le_bytes());
        messages.push(LINK_INFO, &info)?;
        messages.push(GROUP_INFO, &[0, 0])?;
        for (name, node) in &group.0 {
            let address = match node {
                Node::Group(group) => self.group(group)?,
                Node::Dataset(placed) => self.header(&placed.messages()?)?,
            };
            // Version 1; length in 2 bytes and a character set are given; UTF-8.
            let mut link = vec![1, 0x11, 1];
            let len = u16::try_from(name.len()).map_err(|_| too_long(name))?;
            link.extend(len.to_le_bytes());
            link.extend(name.as_bytes());
            link.extend(address.to_le_bytes());
            messages.push(LINK, &link)?;
        }
        self.header(&messages)
    }

    fn header(&mut self, messages: &Messages) -> std::io::Result<u64> {
        let padding = self.at.next_multiple_of(8) - self.at;
        self.out.write_all(&[0; 8][..padding as usize])?;
        let address = self.at + padding;
        // Version 2; the length is given in 4 bytes.
        let mut header = b"OHDR\x02\x02".to_vec();
        let len = u32::try_from(messages.0.len()).map_err(|_| too_long("a group"))?;
        header.extend(len.to_le_bytes());
        header.extend(&messages.0);
        header.extend(jenkins_lookup3(&header).to_le_bytes());
        self.out.write_all(&header)?;
        self.at = address + header.len() as u64;
        Ok(address)
    }
}

impl Placed {
    fn messages(&self) -> std::io::Result<Messages> {
        let mut messages = Messages::default();
        // Version, rank, flags, kind: scalar, simple or null.
        let space = match self.shape.as_deref() {
            None => vec![2, 0, 0, 2],
            Some([]) => vec![2, 0, 0, 0],
            Some(shape) => {
                let mut space = vec![2, shape.len() as u8, 0, 1];
                space.extend(shape.iter().flat_map(|d| d.to_le_bytes()));
                space
            }
        };
        messages.push(DATASPACE, &space)?;
        messages.push(DATATYPE, &self.datatype)?;
        // Version 3: late allocation, filled if a fill value is set; none is set.
        messages.push(FILL_VALUE, &[3, 0x0a])?;
        // Version 3, contiguous.
        let mut layout = vec![3, 1];
        layout.extend(self.address.to_le_bytes());
        layout.extend(self.bytes.to_le_bytes());
        messages.push(LAYOUT, &layout)?;
        Ok(messages)
    }
}

#[derive(Default)]
struct Messages(Vec<u8>);

impl Messages {
    fn push(&mut self, kind: u8, body: &[u8]) -> std::io::Result<()> {
        if body.len() > MAX_MESSAGE_BYTES {
            return Err(too_long("a header message"));
        }
        self.0.push(kind);
        self.0.extend((body.len() as u16).to_le_bytes());
        // No flags.
        self.0.push(0);
        self.0.extend(body);
        Ok(())
    }
}

fn too_long(what: &str) -> std::io::Error {
    std::io::Error::other(format!("{what:?} is too long for an HDF5 header"))
}

/// Bytes per element, after checking that the message is valid and that its type needs no other
/// message.
fn element_bytes(datatype: &[u8]) -> Result<u64, String> {
    let mut cursor = Cursor::new(datatype);
    let parsed = messages::parse(&mut cursor, datatype.len())
        .map_err(|e| format!("its datatype message: {e}"))?;
    if let Some(reason) = datatype::refusal(&parsed.datatype) {
        return Err(reason);
    }
    let size = datatype::size(&parsed.datatype);
    if size == 0 || size != u64::from(parsed.size) {
        return Err(format!("its datatype message states {} bytes for {size}", parsed.size));
    }
    Ok(size)
}
