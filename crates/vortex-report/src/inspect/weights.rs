//! Compressed weights: the kinds of chunks, the base that they need, and the tensors.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use vortex_codec::weights::{DType, Filter, Layout, Listing, TensorEntry};

use crate::page::{Inspected, PlainTable};
use crate::sizes::Sizes;
use crate::table::{Table, thousands};

/// A file of compressed weights.
pub struct Weights {
    name: String,
    listing: Listing,
    tensors: Vec<TensorEntry>,
}

impl Weights {
    /// A view of a file; `tensors` are empty for a file of other values.
    pub fn new(name: impl Into<String>, listing: Listing, tensors: Vec<TensorEntry>) -> Self {
        Self { name: name.into(), listing, tensors }
    }

    fn base(&self) -> String {
        match self.listing.header.base {
            Some((bytes, digest)) => format!(
                "{} bytes with BLAKE3 {}",
                thousands(bytes),
                blake3::Hash::from_bytes(digest).to_hex()
            ),
            None => "none".into(),
        }
    }

    fn chunks(&self) -> String {
        let most = thousands(self.listing.header.chunk_bytes.into());
        format!("{} of at most {most} bytes", self.listing.chunks.len())
    }

    fn sizes(&self) -> Sizes {
        let listing = &self.listing;
        Sizes { original: listing.original_bytes, compressed: listing.file_bytes }
    }

    /// A row for each kind of chunks.
    fn kinds(&self) -> Vec<[String; 7]> {
        let mut kinds: BTreeMap<_, [u64; 3]> = BTreeMap::new();
        for chunk in &self.listing.chunks {
            let kind = (chunk.dtype, chunk.layout as u8, chunk.filter as u8);
            let sums = kinds.entry(kind).or_default();
            for (sum, n) in sums.iter_mut().zip([1, chunk.original_bytes, chunk.payload_bytes]) {
                *sum += u64::from(n);
            }
        }
        let row =
            |((dtype, layout, filter), [n, original, stored]): ((DType, u8, u8), [u64; 3])| {
                let layout = Layout::ALL[usize::from(layout)];
                let filter = Filter::ALL[usize::from(filter)];
                [
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
                ]
            };
        kinds.into_iter().map(row).collect()
    }

    /// What the terminal shows.
    pub fn text(&self) -> String {
        let mut text = format!(
            "{}: compressed weights, {}\nchunks     {}\nbase       {}\n\n",
            self.name,
            self.sizes(),
            self.chunks(),
            self.base(),
        );
        let mut table = Table::new(KINDS);
        self.kinds().into_iter().for_each(|row| table.row(row));
        text.push_str(&table.to_string());
        if !self.tensors.is_empty() {
            let mut table = Table::new(TENSORS);
            tensor_rows(&self.tensors, &self.listing).into_iter().for_each(|row| table.row(row));
            text.push_str(&format!("\n{table}"));
        }
        text
    }

    /// What the page shows.
    pub fn page(&self) -> Inspected {
        let table = |title: &str, columns: &[&'static str], rows| PlainTable {
            title: title.into(),
            columns: columns.to_vec(),
            rows,
        };
        let kinds = self.kinds().into_iter().map(Vec::from).collect();
        let mut tables = vec![table("Chunks by kind", &KINDS, kinds)];
        if !self.tensors.is_empty() {
            let rows = tensor_rows(&self.tensors, &self.listing);
            tables.push(table("Tensors", &TENSORS, rows.into_iter().map(Vec::from).collect()));
        }
        let listing = &self.listing;
        let ratio = listing.original_bytes as f64 / listing.file_bytes.max(1) as f64;
        Inspected {
            name: self.name.clone(),
            lead: format!("Compressed weights: {}.", self.sizes()),
            key: vec![(format!("{ratio:.3}"), "times smaller".into())],
            facts: vec![
                ("Bytes", thousands(listing.original_bytes)),
                ("Compressed", thousands(listing.file_bytes)),
                ("Chunks", self.chunks()),
                ("Base", self.base()),
            ],
            tables,
            ..Inspected::default()
        }
    }
}

const KINDS: [&str; 7] = ["type", "layout", "difference", "chunks", "bytes", "stored", "%"];
const TENSORS: [&str; 6] = ["tensor", "type", "shape", "bytes", "stored", "%"];

/// A tensor that shares no chunk with others has its own stored size; tensors that share chunks
/// have one common size.
fn tensor_rows(tensors: &[TensorEntry], listing: &Listing) -> Vec<[String; 6]> {
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
    let mut rows = Vec::new();
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
            rows.push([name, dtype, shape, thousands(tensor.bytes), stored, percent]);
        }
        if members.len() > 1 {
            let [stored, percent] = sizes;
            let what = format!("  ({} together)", members.len());
            rows.push([what, String::new(), String::new(), thousands(coded), stored, percent]);
        }
    }
    rows
}
