//! Compressed weights: the kinds of chunks, the base that they need, and the tensors.

use std::collections::BTreeMap;
use std::io::BufReader;
use std::ops::RangeInclusive;
use std::path::Path;

use anyhow::Result;
use vortex_codec::weights::{Filter, Layout, Listing, TensorEntry, list, tensors};

use crate::input::open_file;
use crate::report::sizes::Sizes;
use crate::report::table::{Table, thousands};

pub fn describe(file: &Path) -> Result<String> {
    let listing = list(BufReader::new(open_file(file)?))?;
    let sizes = Sizes { original: listing.original_bytes, compressed: listing.file_bytes };
    let base = match listing.header.base {
        Some((bytes, digest)) => format!(
            "{} bytes with BLAKE3 {}",
            thousands(bytes),
            blake3::Hash::from_bytes(digest).to_hex()
        ),
        None => "none".into(),
    };
    let mut text = format!(
        "{}: compressed weights, {sizes}\nchunks     {} of at most {} bytes\nbase       {base}\n\n",
        file.display(),
        listing.chunks.len(),
        thousands(listing.header.chunk_bytes.into()),
    );
    let mut kinds: BTreeMap<_, [u64; 3]> = BTreeMap::new();
    for chunk in &listing.chunks {
        let kind = (chunk.dtype, chunk.layout as u8, chunk.filter as u8);
        let sums = kinds.entry(kind).or_default();
        for (sum, n) in sums.iter_mut().zip([1, chunk.original_bytes, chunk.payload_bytes]) {
            *sum += u64::from(n);
        }
    }
    let mut table = Table::new(["type", "layout", "difference", "chunks", "bytes", "stored", "%"]);
    for ((dtype, layout, filter), [n, original, stored]) in kinds {
        let layout = Layout::ALL[usize::from(layout)];
        let filter = Filter::ALL[usize::from(filter)];
        table.row([
            dtype.to_string(),
            format!("{layout:?}").to_lowercase(),
            if filter == Filter::None {
                String::new()
            } else {
                format!("{filter:?}").to_lowercase()
            },
            n.to_string(),
            thousands(original),
            thousands(stored),
            format!("{:.1}", stored as f64 * 100.0 / original.max(1) as f64),
        ]);
    }
    text.push_str(&table.to_string());
    if let Some(tensors) = tensors(BufReader::new(open_file(file)?), &listing)?
        && !tensors.is_empty()
    {
        text.push('\n');
        text.push_str(&tensor_table(&tensors, &listing).to_string());
    }
    Ok(text)
}

/// A tensor that shares no chunk with others has its own stored size; tensors that share chunks
/// have one common size.
fn tensor_table(tensors: &[TensorEntry], listing: &Listing) -> Table {
    let mut end = 0;
    let ends: Vec<u64> = listing
        .chunks
        .iter()
        .map(|chunk| {
            end += u64::from(chunk.original_bytes);
            end
        })
        .collect();
    let chunks_of = |tensor: &TensorEntry| -> RangeInclusive<usize> {
        let first = ends.partition_point(|&end| end <= tensor.offset);
        let last = ends.partition_point(|&end| end < tensor.offset.saturating_add(tensor.bytes));
        first..=last
    };
    let mut groups: Vec<(RangeInclusive<usize>, &[TensorEntry])> = Vec::new();
    let mut start = 0;
    for (i, tensor) in tensors.iter().enumerate() {
        let chunks = chunks_of(tensor);
        match groups.last_mut() {
            Some((of_group, members)) if of_group.contains(chunks.start()) => {
                *of_group = *of_group.start()..=*chunks.end();
                *members = &tensors[start..=i];
            }
            _ => {
                start = i;
                groups.push((chunks, &tensors[i..=i]));
            }
        }
    }
    let mut table = Table::new(["tensor", "type", "shape", "bytes", "stored", "%"]);
    for (chunks, members) in groups {
        let chunks = listing.chunks.get(chunks).unwrap_or_default();
        let stored: u64 = chunks.iter().map(|chunk| u64::from(chunk.payload_bytes)).sum();
        let coded: u64 = chunks.iter().map(|chunk| u64::from(chunk.original_bytes)).sum();
        let sizes =
            [thousands(stored), format!("{:.1}", stored as f64 * 100.0 / coded.max(1) as f64)];
        for tensor in members {
            let [stored, percent] = match members {
                [_] => sizes.clone(),
                _ => Default::default(),
            };
            let shape = format!("{:?}", tensor.shape);
            // Names come from the file, and may hold anything.
            let name = tensor.name.escape_debug().to_string();
            let dtype = tensor.dtype.escape_debug().to_string();
            table.row([name, dtype, shape, thousands(tensor.bytes), stored, percent]);
        }
        if members.len() > 1 {
            let [stored, percent] = sizes;
            let what = format!("  ({} together)", members.len());
            table.row([what, String::new(), String::new(), thousands(coded), stored, percent]);
        }
    }
    table
}
