//! A ROOT file and its trees and RNTuples.

use std::collections::HashMap;
use std::path::Path;

use crate::branch::Branches;
use crate::bytes::FileBytes;
use crate::chunk::Chunk;
use crate::column::ColumnReader;
use crate::directory::{Entry, Header, Listing};
use crate::error::{Fault, Outcome, RootError, RootErrorKind};
use crate::key::Key;
use crate::layout::{self, Column, Content, Origin};
use crate::ntuple::Ntuple;
use crate::streamer_info::StreamerInfo;
use crate::tree;

/// The class of RNTuples.
const NTUPLE: &str = "ROOT::RNTuple";

/// An open ROOT file. Threads can share it: it never changes, and reads are by position.
#[derive(Debug)]
pub struct RootFile {
    name: String,
    bytes: FileBytes,
    objects: Vec<RootObject>,
    keys: Vec<Entry>,
    info: StreamerInfo,
}

/// An object of a file.
#[derive(Clone, Debug)]
pub struct RootObject {
    /// Directories and name, separated by `/`.
    pub path: String,
    /// Higher cycles of the same path are newer.
    pub cycle: i16,
    /// Its class in C++.
    pub class: String,
    /// The reason why it is not a readable tree or RNTuple; `None` for a readable one.
    pub unreadable: Option<String>,
}

/// One tree or RNTuple of a file.
#[derive(Debug)]
pub struct Tree<'f> {
    file: &'f RootFile,
    path: String,
    entries: u64,
    description: Description,
    columns: Vec<Column>,
}

/// What a file says about a tree or an RNTuple.
#[derive(Debug)]
pub(crate) enum Description {
    Branches(Branches),
    Ntuple(Ntuple),
}

impl RootFile {
    /// Opens a file and lists its objects.
    ///
    /// # Errors
    /// [`RootError`] if it cannot be read, is not a ROOT file, or is truncated or damaged in its
    /// header, its first directory or its streamer information.
    pub fn open(path: &Path) -> Result<Self, RootError> {
        Self::new(path.display().to_string(), FileBytes::open(path)?)
    }

    /// A file in memory; errors use `name`.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn from_bytes(name: impl Into<String>, bytes: Vec<u8>) -> Result<Self, RootError> {
        Self::new(name.into(), FileBytes::memory(bytes))
    }

    fn new(name: String, bytes: FileBytes) -> Result<Self, RootError> {
        let header = Header::read(&bytes).map_err(|fault| fault.of(&name, "header"))?;
        let listing = header.listing(&bytes).map_err(|fault| fault.of(&name, "first directory"))?;
        let Listing { objects: keys, broken } = listing;
        let info = streamer_info(&bytes, header.seek_info);
        let info = info.map_err(|fault| fault.of(&name, "streamer information"))?;
        let mut objects: Vec<_> = keys.iter().map(object).collect();
        name_older_cycles(&mut objects);
        objects.extend(broken.into_iter().map(|(path, fault)| RootObject {
            path,
            cycle: 0,
            class: "TDirectory".to_owned(),
            unreadable: Some(fault.message),
        }));
        Ok(Self { name, bytes, objects, keys, info })
    }

    /// The path of the file, or the name of the data in memory.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Every object of every directory, in the order of the file.
    pub fn objects(&self) -> &[RootObject] {
        &self.objects
    }

    /// Paths of the trees and RNTuples, each once, in the order of the file.
    pub fn trees(&self) -> Vec<&str> {
        let readable = self.objects.iter().filter(|object| object.unreadable.is_none());
        readable.map(|object| object.path.as_str()).collect()
    }

    /// Reads the description of a tree or RNTuple: the newest cycle of this path.
    ///
    /// # Errors
    /// [`RootError`] when there is no such tree, or when its description is damaged, of a version
    /// that is not known, or larger than [`limits`](crate::limits) allows.
    pub fn tree(&self, path: &str) -> Result<Tree<'_>, RootError> {
        let mut trees = self.keys.iter().zip(&self.objects);
        // Older versions are not readable.
        let found = trees.find(|(_, object)| object.unreadable.is_none() && object.path == path);
        let Some((entry, _)) = found else {
            let there = self.trees().join(", ");
            let message = format!("no such tree; there are: {there}");
            return Err(Fault::unsupported(message).of(&self.name, format!("tree {path}")));
        };
        let ntuple = entry.key.class == NTUPLE;
        let opened = if ntuple { self.open_ntuple(&entry.key) } else { self.open_tree(&entry.key) };
        let kind = if ntuple { "RNTuple" } else { "tree" };
        let (entries, description, columns) =
            opened.map_err(|fault| fault.of(&self.name, format!("{kind} {path}")))?;
        let mut tree = Tree { file: self, path: path.to_owned(), entries, description, columns };
        tree.try_objects();
        Ok(tree)
    }

    fn open_ntuple(&self, key: &Key) -> Outcome<(u64, Description, Vec<Column>)> {
        let object = key.object(&self.bytes)?;
        let (ntuple, columns) = Ntuple::open(&self.bytes, &object)?;
        Ok((ntuple.entries(), Description::Ntuple(ntuple), columns))
    }

    fn open_tree(&self, key: &Key) -> Outcome<(u64, Description, Vec<Column>)> {
        let bytes = key.object(&self.bytes)?;
        let tree = tree::parse(&bytes, key.key_len, &key.class)?;
        let (stored, there) = (tree.branches.stored_bytes(), self.bytes.len());
        if stored > there {
            // No two branches share a basket.
            let message = format!("{stored} bytes of baskets in a file of {there}");
            return Err(Fault::corrupt(message));
        }
        let columns = layout::columns(tree.entries, &tree.branches, &self.info);
        Ok((tree.entries, Description::Branches(tree.branches), columns))
    }

    pub(crate) fn bytes(&self) -> &FileBytes {
        &self.bytes
    }
}

impl<'f> Tree<'f> {
    /// Directories and name.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Rows: every column has a value, or a number of items, for each.
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// Every column, readable or not, in the order of the tree.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The first column with this path, or else with this name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        let by_path = self.columns.iter().find(|column| column.path == name);
        by_path.or_else(|| self.columns.iter().find(|column| column.name == name))
    }

    /// Some classes have their own way to write objects, so that the description of a class is
    /// compared with the first basket.
    fn try_objects(&mut self) {
        let mut reasons = HashMap::<Origin, Option<String>>::new();
        for column in self.columns.iter().filter(|column| column.holds_objects()) {
            reasons.entry(column.origin).or_insert_with(|| {
                let mut chunk = Chunk::default();
                let outcome =
                    self.read(column).and_then(|mut reader| reader.next_chunk(&mut chunk));
                let fault = outcome.err().filter(|e| e.kind == RootErrorKind::Unsupported);
                fault.map(|e| e.message)
            });
        }
        for column in self.columns.iter_mut().filter(|column| column.holds_objects()) {
            if let Some(Some(reason)) = reasons.get(&column.origin) {
                column.content = Content::Unreadable(reason.clone());
            }
        }
    }

    /// A reader of one of [`Self::columns`].
    ///
    /// # Errors
    /// [`RootError`] for a column without values, and if the list of baskets contradicts itself.
    pub fn read(&self, column: &Column) -> Result<ColumnReader<'_>, RootError> {
        let fail = |fault: Fault| fault.of(&self.file.name, self.name_of(column));
        let layout = match &column.content {
            Content::Values(layout) => layout,
            Content::Group => return Err(fail(Fault::unsupported("a group without values"))),
            Content::Unreadable(reason) => return Err(fail(Fault::unsupported(reason.clone()))),
        };
        ColumnReader::new(self, column, layout.clone()).map_err(fail)
    }

    pub(crate) fn name_of(&self, column: &Column) -> String {
        let kind = match self.description {
            Description::Branches(_) => "tree",
            Description::Ntuple(_) => "RNTuple",
        };
        format!("{kind} {}, column {}", self.path, column.path)
    }

    pub(crate) fn file(&self) -> &'f RootFile {
        self.file
    }

    pub(crate) fn description(&self) -> &Description {
        &self.description
    }

    pub(crate) fn branches(&self) -> Option<&Branches> {
        match &self.description {
            Description::Branches(branches) => Some(branches),
            Description::Ntuple(_) => None,
        }
    }
}

fn object(entry: &Entry) -> RootObject {
    let class = entry.key.class.clone();
    let unreadable = match class.as_str() {
        "TTree" | "TNtuple" | "TNtupleD" | NTUPLE => None,
        "ROOT::Experimental::RNTuple" => Some(
            "an RNTuple of an experimental format; rewrite it with ROOT 6.34 or newer".to_owned(),
        ),
        _ => Some(format!("an object of class {class}, which is neither a tree nor an RNTuple")),
    };
    RootObject { path: entry.path.clone(), cycle: entry.key.cycle, class, unreadable }
}

/// Of several readable objects of one path, only the newest is read.
fn name_older_cycles(objects: &mut [RootObject]) {
    let mut newest = HashMap::<String, (i16, usize)>::new();
    for (number, object) in objects.iter().enumerate().filter(|(_, o)| o.unreadable.is_none()) {
        let this = (object.cycle, number);
        newest.entry(object.path.clone()).and_modify(|n| *n = this.max(*n)).or_insert(this);
    }
    for (number, object) in objects.iter_mut().enumerate() {
        let Some((cycle, read)) = newest.get(&object.path).copied() else { continue };
        if object.unreadable.is_none() && read != number {
            let reason = format!("an older version of the object; cycle {cycle} is read");
            object.unreadable = Some(reason);
        }
    }
}

/// The descriptions of classes; empty if the file has none.
fn streamer_info(bytes: &FileBytes, seek: u64) -> Outcome<StreamerInfo> {
    if seek == 0 {
        return Ok(StreamerInfo::default());
    }
    let key = Key::read(bytes, seek)?;
    let object = key.object(bytes)?;
    match StreamerInfo::parse(&object, key.key_len) {
        // Plain branches do not need old or unusual descriptions; other branches report that they
        // are missing.
        Err(fault) if fault.kind == RootErrorKind::Unsupported => Ok(StreamerInfo::default()),
        other => other,
    }
}
