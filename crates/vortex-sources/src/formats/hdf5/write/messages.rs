//! Messages of object headers, as section IV.A of the HDF5 File Format Specification 3.0 describes
//! them.

use std::io::{Error, Result};

use hdf5_reader::checksum::jenkins_lookup3;

use super::file::UNDEFINED;
use crate::formats::hdf5::attributes::MAX_MESSAGE_BYTES;

const DATASPACE: u8 = 0x01;
const LINK_INFO: u8 = 0x02;
const DATATYPE: u8 = 0x03;
const FILL_VALUE: u8 = 0x05;
const LINK: u8 = 0x06;
const LAYOUT: u8 = 0x08;
const GROUP_INFO: u8 = 0x0a;
const FILTERS: u8 = 0x0b;
const ATTRIBUTE: u8 = 0x0c;

/// What a link leads to.
pub(super) enum To<'a> {
    Address(u64),
    Soft(&'a str),
    External(&'a str, &'a str),
}

/// Where the values of a dataset are.
#[derive(Debug)]
pub(super) enum Layout {
    Contiguous { address: u64, bytes: u64 },
    Chunked { index: u64, chunks: Vec<u32>, element: u32 },
}

/// The messages of a header.
#[derive(Default)]
pub(super) struct Messages(Vec<u8>);

impl Messages {
    fn push(&mut self, kind: u8, body: &[u8]) -> Result<()> {
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

    /// A group; `order` is one more than the largest place in the order of creation, if it is kept.
    pub(super) fn group(&mut self, order: Option<u64>) -> Result<()> {
        let mut info = vec![0, u8::from(order.is_some())];
        info.extend(order.into_iter().flat_map(u64::to_le_bytes));
        info.extend(UNDEFINED.to_le_bytes());
        info.extend(UNDEFINED.to_le_bytes());
        self.push(LINK_INFO, &info)?;
        self.push(GROUP_INFO, &[0, 0])
    }

    pub(super) fn link(&mut self, name: &str, to: &To<'_>, order: Option<u64>) -> Result<()> {
        // Version 1; length of the name in 2 bytes, and a character set.
        let mut flags = 0x11;
        let mut link = Vec::new();
        let kind = match to {
            To::Address(_) => None,
            To::Soft(_) => Some(1),
            To::External(..) => Some(64),
        };
        if let Some(kind) = kind {
            flags |= 0x08;
            link.push(kind);
        }
        if let Some(order) = order {
            flags |= 0x04;
            link.extend(order.to_le_bytes());
        }
        // UTF-8.
        link.push(1);
        let length = |text: &[u8]| u16::try_from(text.len()).map_err(|_| too_long(name));
        link.extend(length(name.as_bytes())?.to_le_bytes());
        link.extend(name.as_bytes());
        match to {
            To::Address(address) => link.extend(address.to_le_bytes()),
            To::Soft(path) => {
                link.extend(length(path.as_bytes())?.to_le_bytes());
                link.extend(path.as_bytes());
            }
            To::External(file, path) => {
                let names = [&[0], file.as_bytes(), &[0], path.as_bytes(), &[0]].concat();
                link.extend(length(&names)?.to_le_bytes());
                link.extend(names);
            }
        }
        self.push(LINK, &[&[1, flags], &link[..]].concat())
    }

    /// The shape of a dataset; `None` for the null dataspace. Lengths without a limit are `None`.
    pub(super) fn shape(
        &mut self,
        shape: Option<&[u64]>,
        largest: Option<&[Option<u64>]>,
    ) -> Result<()> {
        self.push(DATASPACE, &space(shape, largest))
    }

    pub(super) fn datatype(&mut self, datatype: &[u8]) -> Result<()> {
        self.push(DATATYPE, datatype)
    }

    /// The element that was never written; `None` for zeros.
    pub(super) fn fill(&mut self, fill: Option<&[u8]>, layout: &Layout) -> Result<()> {
        // Version 3: allocated late, or chunk by chunk; filled if a fill value is set.
        let allocated = if matches!(layout, Layout::Chunked { .. }) { 3 } else { 2 };
        let mut message = vec![3, allocated | 0x08];
        if let Some(fill) = fill {
            message[1] |= 0x20;
            message.extend((fill.len() as u32).to_le_bytes());
            message.extend(fill);
        }
        self.push(FILL_VALUE, &message)
    }

    pub(super) fn layout(&mut self, layout: &Layout) -> Result<()> {
        // Version 3.
        let message = match layout {
            Layout::Contiguous { address, bytes } => {
                [&[3, 1], &address.to_le_bytes()[..], &bytes.to_le_bytes()].concat()
            }
            Layout::Chunked { index, chunks, element } => {
                let mut message = vec![3, 2, chunks.len() as u8 + 1];
                message.extend(index.to_le_bytes());
                message.extend(chunks.iter().chain([element]).flat_map(|n| n.to_le_bytes()));
                message
            }
        };
        self.push(LAYOUT, &message)
    }

    /// Filters with their one parameter each.
    pub(super) fn filters(&mut self, filters: &[(u16, u32)]) -> Result<()> {
        let mut message = vec![2, filters.len() as u8];
        for (id, value) in filters {
            message.extend(id.to_le_bytes());
            // No flags, one value.
            message.extend([0, 0, 1, 0]);
            message.extend(value.to_le_bytes());
        }
        self.push(FILTERS, &message)
    }

    pub(super) fn attribute(
        &mut self,
        name: &str,
        datatype: &[u8],
        shape: Option<&[u64]>,
        value: &[u8],
    ) -> Result<()> {
        let space = space(shape, None);
        // Version 3, no flags.
        let mut message = vec![3, 0];
        for len in [name.len() + 1, datatype.len(), space.len()] {
            let len = u16::try_from(len).map_err(|_| too_long(name))?;
            message.extend(len.to_le_bytes());
        }
        // UTF-8.
        message.push(1);
        message.extend(name.as_bytes());
        message.push(0);
        for part in [datatype, &space, value] {
            message.extend(part);
        }
        self.push(ATTRIBUTE, &message)
    }

    /// The whole header.
    pub(super) fn header(&self) -> Result<Vec<u8>> {
        // Version 2; the length is given in 4 bytes.
        let mut header = b"OHDR\x02\x02".to_vec();
        let len = u32::try_from(self.0.len()).map_err(|_| too_long("a group"))?;
        header.extend(len.to_le_bytes());
        header.extend(&self.0);
        header.extend(jenkins_lookup3(&header).to_le_bytes());
        Ok(header)
    }
}

fn space(shape: Option<&[u64]>, largest: Option<&[Option<u64>]>) -> Vec<u8> {
    // Version, rank, flags, kind: scalar, simple or null.
    match shape {
        None => vec![2, 0, 0, 2],
        Some([]) => vec![2, 0, 0, 0],
        Some(shape) => {
            let mut space = vec![2, shape.len() as u8, u8::from(largest.is_some()), 1];
            space.extend(shape.iter().flat_map(|d| d.to_le_bytes()));
            let largest = largest.into_iter().flatten();
            space.extend(largest.flat_map(|d| d.unwrap_or(UNDEFINED).to_le_bytes()));
            space
        }
    }
}

fn too_long(what: &str) -> Error {
    Error::other(format!("{what:?} is too long for an HDF5 header"))
}
