//! Compressed weights: what kinds of chunks there are, and which base they need.

use std::collections::BTreeMap;
use std::io::BufReader;
use std::path::Path;

use anyhow::Result;
use vortex_zipnn::{Filter, Layout, list};

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
    Ok(text)
}
