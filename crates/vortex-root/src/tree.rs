//! `TTree`: its entries and its branches.

use crate::branch::Branches;
use crate::error::{Fault, Outcome};
use crate::object::ObjectReader;

/// The description of a tree in the file.
#[derive(Debug)]
pub(crate) struct TreeObject {
    pub(crate) entries: u64,
    pub(crate) branches: Branches,
}

/// Reads a `TTree`, or a `TNtuple` or `TNtupleD`, which begin with one.
pub(crate) fn parse(bytes: &[u8], key_len: usize, class: &str) -> Outcome<TreeObject> {
    let mut reader = ObjectReader::new(bytes, key_len);
    if class != "TTree" {
        reader.bounded_head(class)?;
    }
    let (version, end) = reader.bounded_head("TTree")?;
    if !(16..=20).contains(&version) {
        return Err(Fault::unsupported(format!(
            "TTree version {version}; 16 to 20 are known (ROOT 5.12 and later)"
        )));
    }
    reader.named()?;
    for base in ["TAttLine", "TAttFill", "TAttMarker"] {
        reader.skip_object(base)?;
    }
    let cursor = &mut reader.cursor;
    let at = cursor.pos() as u64;
    let entries = cursor.i64()?;
    let entries =
        u64::try_from(entries).map_err(|_| Fault::corrupt(format!("{entries} entries")).at(at))?;
    cursor.skip(24)?; // bytes: all, compressed, saved
    if version >= 18 {
        cursor.skip(8)?; // bytes flushed
    }
    cursor.skip(8 + 12)?; // weight; timer, scan and update intervals
    if version >= 17 {
        cursor.skip(4)?; // default length of entry offsets
    }
    let n_ranges = if version >= 19 { cursor.count("the number of cluster ranges")? } else { 0 };
    cursor.skip(40)?; // entries at most: all, in a loop; virtual size, auto-save, estimate
    if version >= 18 {
        cursor.skip(8)?; // auto-flush
    }
    if version >= 19 {
        // The ends of the cluster ranges, and their sizes, with a byte before each array.
        for _ in 0..2 {
            cursor.skip(1)?;
            cursor.array(n_ranges, 8)?;
        }
    }
    if version >= 20 {
        reader.skip_object("TIOFeatures")?;
    }
    let mut branches = Branches::default();
    branches.parse_array(&mut reader, "", 0)?;
    if reader.cursor.pos() > end {
        let message = format!("the branches end past the tree, which ends at byte {end}");
        return Err(Fault::corrupt(message).at(reader.cursor.pos() as u64));
    }
    Ok(TreeObject { entries, branches })
}
