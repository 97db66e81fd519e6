//! Groups, datasets and their attributes, when all values are written.

use std::collections::HashMap;
use std::io::{Error, Result, Seek, Write};

use super::file::File;
use super::heap::{Addresses, Heap};
use super::messages::{Layout, Messages, To};
use super::values::{Ready, ready};
use crate::formats::hdf5::tree::{Content, Link, Target, Tree};

/// A dataset whose values are in the file.
pub(super) struct Placed {
    pub(super) datatype: Vec<u8>,
    /// `None` for the null dataspace.
    pub(super) shape: Option<Vec<u64>>,
    pub(super) max_shape: Option<Vec<Option<u64>>>,
    pub(super) fill: Option<Vec<u8>>,
    pub(super) filters: Vec<(u16, u32)>,
    pub(super) layout: Layout,
}

/// Writes all objects of a tree; `placed` has its datasets by their names. Datasets that are not
/// there are left out, with the links to them.
pub(super) fn write<W: Write + Seek>(
    mut file: File<W>,
    tree: &Tree,
    placed: &HashMap<String, Placed>,
) -> Result<W> {
    let is_there = |number: usize| match &tree.objects[number].is {
        Content::Group(_) => true,
        Content::Dataset(storage) => placed.contains_key(&storage.name),
    };
    let mut heap = Heap::default();
    let mut attributes = Vec::new();
    for (number, object) in tree.objects.iter().enumerate() {
        let mut all = Vec::new();
        for attribute in object.attributes.iter().filter(|_| is_there(number)) {
            let checked = ready(attribute, &mut heap);
            all.push(
                checked.map_err(|what| {
                    Error::other(format!("attribute {:?}: {what}", attribute.name))
                })?,
            );
        }
        attributes.push(all);
    }
    // Lengths do not depend on addresses.
    let mut known = Addresses::default();
    let mut at = file.align()?;
    let mut next = |len: u64| {
        let place = at;
        at = (at + len).next_multiple_of(8);
        place
    };
    known.collections = heap.lengths().into_iter().map(&mut next).collect();
    let nowhere = Addresses::default();
    for (number, object) in tree.objects.iter().enumerate() {
        let place = match is_there(number) {
            false => 0,
            true => {
                let header = header(&object.is, &attributes[number], placed, &nowhere, &is_there)?;
                next(header.len() as u64)
            }
        };
        known.objects.push(place);
    }
    heap.write(&mut file, &known)?;
    for (number, object) in tree.objects.iter().enumerate() {
        if is_there(number) {
            let header = header(&object.is, &attributes[number], placed, &known, &is_there)?;
            if file.align()? != known.objects[number] {
                return Err(Error::other("an object is not at its place"));
            }
            file.write_all(&header)?;
        }
    }
    let root = known.objects.first().copied().unwrap_or_default();
    file.finish(root)
}

/// The header of an object, with the addresses that are known.
fn header(
    content: &Content,
    attributes: &[Ready<'_>],
    placed: &HashMap<String, Placed>,
    known: &Addresses,
    is_there: &impl Fn(usize) -> bool,
) -> Result<Vec<u8>> {
    let mut messages = Messages::default();
    match content {
        Content::Group(links) => {
            let links: Vec<&Link> = links
                .iter()
                .filter(|link| match link.to {
                    Target::Object(number) => is_there(number as usize),
                    _ => true,
                })
                .collect();
            let ordered = !links.is_empty() && links.iter().all(|link| link.order.is_some());
            let order = |link: &Link| link.order.filter(|_| ordered);
            let largest = links.iter().filter_map(|link| order(link)).max();
            messages.group(largest.map(|order| order.saturating_add(1)))?;
            for link in links {
                let to = match &link.to {
                    Target::Object(number) => {
                        let address = known.objects.get(*number as usize);
                        To::Address(address.copied().unwrap_or_default())
                    }
                    Target::Soft(path) => To::Soft(path),
                    Target::External(file, path) => To::External(file, path),
                };
                messages.link(&link.name, &to, order(link))?;
            }
        }
        Content::Dataset(storage) => {
            let Some(placed) = placed.get(&storage.name) else {
                return Err(Error::other("a dataset without values"));
            };
            messages.shape(placed.shape.as_deref(), placed.max_shape.as_deref())?;
            messages.datatype(&placed.datatype)?;
            messages.fill(placed.fill.as_deref(), &placed.layout)?;
            if !placed.filters.is_empty() {
                messages.filters(&placed.filters)?;
            }
            messages.layout(&placed.layout)?;
        }
    }
    for Ready { attribute, datatype, value } in attributes {
        let value = value.with(known);
        messages.attribute(&attribute.name, datatype, attribute.shape.as_deref(), &value)?;
    }
    messages.header()
}
