//! Writing a file again: its tree of objects, attributes, links, chunks and values.
//!
//! Files have superblock version 2, object headers version 2, links and attributes in the headers of
//! their objects, and chunks with an index of version 1, as described in the HDF5 File Format
//! Specification 3.0 (sections II.A, III and IV.A). Values are streamed; memory holds the tree, the
//! attributes and one row of chunks.

mod chunks;
mod dataset;
mod file;
mod heap;
mod index;
mod messages;
mod objects;
mod sequences;
mod values;

use std::collections::HashMap;
use std::io::{self, BufWriter, Write};

use super::FORM;
use super::sequences::{LENGTHS, VALUES};
use super::tree::{Content, Tree};
use crate::source::Origin;
use crate::stored::{OnBytes, Stored, refuse};
use file::File;

pub(super) use dataset::chunk_count;

/// Writes a file with these datasets; `structure` is its tree, without which each dataset has its
/// name as its path, and nothing else.
pub(in crate::formats) fn write(
    out: BufWriter<&std::fs::File>,
    structure: Option<&Origin>,
    datasets: &mut [&mut dyn Stored],
    on_bytes: &mut OnBytes<'_>,
) -> io::Result<()> {
    let tree = match structure {
        Some(structure) => {
            let tree: Option<Tree> = structure.read(FORM);
            tree.ok_or_else(|| io::Error::other("the structure is not one of HDF5"))?
        }
        None => {
            let names = datasets.iter().map(|dataset| dataset.name());
            Tree::of_names(names).map_err(|(name, what)| refuse(&name, what))?
        }
    };
    tree.check().map_err(io::Error::other)?;
    // A dataset of sequences takes two.
    let mut stored: HashMap<String, &mut dyn Stored> = HashMap::new();
    for dataset in datasets {
        let name = dataset.name().to_owned();
        if stored.insert(name.clone(), &mut **dataset).is_some() {
            return Err(refuse(&name, "is there twice"));
        }
    }
    let mut file = File::new(out)?;
    let mut placed = HashMap::new();
    for object in &tree.objects {
        let Content::Dataset(storage) = &object.is else { continue };
        let name = &storage.name;
        let written = if storage.sequences {
            let lengths = stored.remove(&format!("{name}{LENGTHS}"));
            let values = stored.remove(&format!("{name}{VALUES}"));
            match (lengths, values) {
                (Some(lengths), Some(values)) => {
                    dataset::sequences(&mut file, lengths, values, storage, on_bytes)?
                }
                // The other part was left out.
                _ => continue,
            }
        } else {
            match stored.remove(name) {
                Some(dataset) => dataset::values(&mut file, dataset, storage, on_bytes)?,
                None => continue,
            }
        };
        placed.insert(name.clone(), written);
    }
    if let Some(name) = stored.keys().next() {
        return Err(refuse(name, "is not in the structure"));
    }
    objects::write(file, &tree, &placed)?.flush()
}
