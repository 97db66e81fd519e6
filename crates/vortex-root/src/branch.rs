//! `TBranch` and `TBranchElement`: the places of the baskets of a branch.

use std::rc::Rc;

use crate::basket::Basket;
use crate::error::{Fault, Outcome, RootErrorKind};
use crate::leaf::{self, Leaf};
use crate::limits::{MAX_BRANCH_DEPTH, MAX_BRANCHES, MAX_PATH_BYTES};
use crate::object::{Known, NewObject, ObjectReader, Pointer};

/// The description of one branch in the file.
#[derive(Debug, Default)]
pub(crate) struct Branch {
    pub(crate) name: String,
    /// Names of the enclosing branches and its own, separated by `/`.
    pub(crate) path: String,
    pub(crate) n_children: usize,
    pub(crate) entries: i64,
    pub(crate) first_entry: i64,
    /// Name of another file that holds the baskets; empty for this one.
    pub(crate) file_name: String,
    /// Indices of its leaves among those of the tree.
    pub(crate) leaves: Vec<usize>,
    pub(crate) baskets: Vec<BasketPlace>,
    /// The entry after the last of `baskets`, if the file states it.
    pub(crate) end_of_baskets: Option<i64>,
    /// Baskets that were never written separately; they follow those of `baskets`.
    pub(crate) embedded: Vec<Basket>,
    pub(crate) element: Option<ElementOf>,
    /// The reason why the branch cannot be used.
    pub(crate) fault: Option<String>,
}

/// One basket on disk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BasketPlace {
    pub(crate) seek: u64,
    /// Bytes on disk, key included.
    pub(crate) n_bytes: usize,
    pub(crate) first_entry: i64,
}

/// The class member of a `TBranchElement`.
#[derive(Debug)]
pub(crate) struct ElementOf {
    pub(crate) class: String,
    pub(crate) parent: String,
    pub(crate) checksum: u32,
    pub(crate) version: i32,
    /// Number of the member in its class; negative if the branch is the object itself.
    pub(crate) id: i32,
    /// 0 to 2: a member of a plain object; 3 and 4: a collection; 31 and 41: a member of the
    /// objects of a collection.
    pub(crate) kind: i32,
}

/// All branches read so far, parents before children.
#[derive(Debug, Default)]
pub(crate) struct Branches {
    pub(crate) branches: Vec<Branch>,
    pub(crate) leaves: Vec<Leaf>,
    path_bytes: usize,
    n_references: usize,
}

impl Branches {
    /// Bytes on disk of all baskets of all branches.
    pub(crate) fn stored_bytes(&self) -> u64 {
        let baskets = self.branches.iter().flat_map(|branch| &branch.baskets);
        baskets.map(|basket| basket.n_bytes as u64).sum()
    }

    /// Reads a `TObjArray` of branches.
    pub(crate) fn parse_array(
        &mut self,
        reader: &mut ObjectReader<'_>,
        parent: &str,
        depth: usize,
    ) -> Outcome<usize> {
        if depth > MAX_BRANCH_DEPTH {
            let limit = MAX_BRANCH_DEPTH as u64;
            return Err(Fault::limit("branches inside branches", depth as u64, limit));
        }
        let (n, end) = reader.collection("TObjArray")?;
        for _ in 0..n {
            if let Pointer::New(object) = reader.pointer()? {
                self.parse(reader, &object, parent, depth)?;
                reader.finish(&object)?;
            }
        }
        reader.cursor.forward_to(end)?;
        Ok(n)
    }

    /// Reads one branch and those inside it. A branch of an unknown form is kept with the reason,
    /// so that it can be listed.
    fn parse(
        &mut self,
        reader: &mut ObjectReader<'_>,
        object: &NewObject,
        parent: &str,
        depth: usize,
    ) -> Outcome<()> {
        if self.branches.len() >= MAX_BRANCHES {
            let n = self.branches.len() as u64 + 1;
            return Err(Fault::limit("branches", n, MAX_BRANCHES as u64));
        }
        let index = self.branches.len();
        self.branches.push(Branch::default());
        let outcome = self.fill(reader, &object.class, index, parent, depth);
        let branch = &mut self.branches[index];
        if branch.path.is_empty() {
            branch.name = format!("branch {index} of class {}", object.class);
            branch.path = join(parent, &branch.name);
        }
        if let Err(fault) = outcome {
            // The byte count of this branch gives the place of the next one. Limits hold for the
            // whole tree.
            if fault.kind == RootErrorKind::Limit || reader.cursor.pos() > object.end {
                return Err(fault);
            }
            branch.fault = Some(fault.message);
        }
        Ok(())
    }

    fn fill(
        &mut self,
        reader: &mut ObjectReader<'_>,
        class: &Rc<str>,
        index: usize,
        parent: &str,
        depth: usize,
    ) -> Outcome<()> {
        match &**class {
            "TBranch" => self.base(reader, index, parent, depth),
            "TBranchElement" => {
                let (version, _) = reader.bounded_head(class)?;
                if !(8..=10).contains(&version) {
                    return Err(Fault::unsupported(format!(
                        "TBranchElement version {version}; 8 to 10 are known"
                    )));
                }
                self.base(reader, index, parent, depth)?;
                self.branches[index].element = Some(element(reader, version)?);
                Ok(())
            }
            other => {
                // All others begin with a TBranch; it gives the name.
                reader.bounded_head(class)?;
                self.base(reader, index, parent, depth)?;
                Err(Fault::unsupported(format!(
                    "{other}: objects of a class, not split into members"
                )))
            }
        }
    }

    /// The `TBranch` that every branch begins with.
    fn base(
        &mut self,
        reader: &mut ObjectReader<'_>,
        index: usize,
        parent: &str,
        depth: usize,
    ) -> Outcome<()> {
        let (version, end) = reader.bounded_head("TBranch")?;
        let (_, name, _) = reader.named()?;
        let path = join(parent, &name);
        self.path_bytes += path.len();
        if self.path_bytes > MAX_PATH_BYTES {
            let limit = MAX_PATH_BYTES as u64;
            return Err(Fault::limit("bytes of paths", self.path_bytes as u64, limit));
        }
        self.branches[index].name = name;
        self.branches[index].path.clone_from(&path);
        if !(10..=13).contains(&version) {
            return Err(Fault::unsupported(format!(
                "TBranch version {version}; 10 to 13 are known"
            )));
        }
        reader.skip_object("TAttFill")?;
        reader.cursor.skip(12)?; // compression, size of baskets, length of their offsets
        let n_written = reader.cursor.count("the number of written baskets")?;
        reader.cursor.skip(8)?; // number of the last entry
        if version >= 13 {
            reader.skip_object("TIOFeatures")?;
        }
        reader.cursor.skip(4)?; // offset in memory
        let max_baskets = reader.cursor.count("the number of baskets")?;
        reader.cursor.skip(4)?; // split level
        let entries = reader.cursor.i64()?;
        let first_entry = if version >= 11 { reader.cursor.i64()? } else { 0 };
        reader.cursor.skip(16)?; // bytes in all, compressed and not
        self.branches[index].entries = entries;
        self.branches[index].first_entry = first_entry;

        self.branches[index].n_children = self.parse_array(reader, &path, depth + 1)?;
        self.branches[index].leaves = self.leaves(reader)?;
        self.branches[index].embedded = embedded(reader)?;

        // Three arrays with one byte before each.
        reader.cursor.skip(1)?;
        let bytes = reader.cursor.array(max_baskets, 4)?;
        reader.cursor.skip(1)?;
        let first_entries = reader.cursor.array(max_baskets, 8)?;
        // 1 for 32-bit places, 2 for 64-bit ones; in memory they are 64-bit from version 10 on,
        // and all known files write that.
        reader.cursor.skip(1)?;
        let seeks = reader.cursor.array(max_baskets, 8)?;
        let baskets = places(bytes, first_entries, seeks, n_written.min(max_baskets))?;
        let after = first_entries.as_chunks::<8>().0.get(baskets.len());
        self.branches[index].end_of_baskets = after.map(|entry| i64::from_be_bytes(*entry));
        self.branches[index].baskets = baskets;
        self.branches[index].file_name = reader.cursor.string()?;
        reader.cursor.forward_to(end)
    }

    fn leaves(&mut self, reader: &mut ObjectReader<'_>) -> Outcome<Vec<usize>> {
        let (n, end) = reader.collection("TObjArray")?;
        let mut leaves = Vec::new();
        self.n_references += n;
        if self.n_references > MAX_BRANCHES {
            let n = self.n_references as u64;
            return Err(Fault::limit("leaves of branches", n, MAX_BRANCHES as u64));
        }
        for _ in 0..n {
            match reader.pointer()? {
                Pointer::New(object) => {
                    let leaf = leaf::parse(reader, &object.class, &mut self.leaves, 0)?;
                    reader.finish_leaf(&object, leaf)?;
                    leaves.push(leaf);
                }
                Pointer::Old(Some(Known::Leaf(leaf))) => leaves.push(leaf),
                Pointer::Null | Pointer::Old(_) => {
                    return Err(Fault::unsupported("a leaf that is not in the file"));
                }
            }
        }
        reader.cursor.forward_to(end)?;
        Ok(leaves)
    }
}

fn join(parent: &str, name: &str) -> String {
    if parent.is_empty() { name.to_owned() } else { format!("{parent}/{name}") }
}

/// The baskets that were still in memory when the tree was written.
fn embedded(reader: &mut ObjectReader<'_>) -> Outcome<Vec<Basket>> {
    let (n, end) = reader.collection("TObjArray")?;
    let mut baskets = Vec::new();
    for _ in 0..n {
        if let Pointer::New(object) = reader.pointer()? {
            if &*object.class != "TBasket" {
                return Err(Fault::unsupported(format!("{} for a basket", object.class)));
            }
            if let Some(basket) = Basket::embedded(&mut reader.cursor)? {
                baskets.push(basket);
            }
            reader.finish(&object)?;
        }
    }
    reader.cursor.forward_to(end)?;
    Ok(baskets)
}

fn places(
    bytes: &[u8],
    first_entries: &[u8],
    seeks: &[u8],
    n_written: usize,
) -> Outcome<Vec<BasketPlace>> {
    let (bytes, first_entries, seeks) =
        (bytes.as_chunks::<4>().0, first_entries.as_chunks::<8>().0, seeks.as_chunks::<8>().0);
    let mut places = Vec::new();
    for ((bytes, first_entry), seek) in bytes.iter().zip(first_entries).zip(seeks).take(n_written) {
        let (n_bytes, seek) = (i32::from_be_bytes(*bytes), i64::from_be_bytes(*seek));
        if seek == 0 {
            break;
        }
        let (Ok(n_bytes), Ok(seek)) = (usize::try_from(n_bytes), u64::try_from(seek)) else {
            let message = format!("a basket of {n_bytes} bytes at {seek}; both must be positive");
            return Err(Fault::corrupt(message));
        };
        let first_entry = i64::from_be_bytes(*first_entry);
        places.push(BasketPlace { seek, n_bytes, first_entry });
    }
    Ok(places)
}

fn element(reader: &mut ObjectReader<'_>, branch_version: i16) -> Outcome<ElementOf> {
    let class = reader.cursor.string()?;
    let parent = reader.cursor.string()?;
    reader.cursor.string()?; // class of the objects of a TClonesArray
    let checksum = reader.cursor.u32()?;
    let version =
        if branch_version >= 10 { i32::from(reader.cursor.i16()?) } else { reader.cursor.i32()? };
    let id = reader.cursor.i32()?;
    let kind = reader.cursor.i32()?;
    Ok(ElementOf { class, parent, checksum, version, id, kind })
}
