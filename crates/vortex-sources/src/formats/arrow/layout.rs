//! From the columns of a file to tables.
//!
//! One table has a record for each row. The items of a list are records of a table of their own;
//! lists with the same number of items in all places (the properties of one collection) share it.
//! The bytes of texts are a table each. Every column is read once, to count nulls and items and to
//! name the columns that are damaged.

use std::collections::HashMap;

use vortex_coder::schema::{DType, MAX_STRIDE};

use super::MAX_EXPANSION;
use super::shape::{Columns, Feed, Kind, Numbers, Shape, What};
use super::structure::{Is, MAX_NODES, Node, Place, TableRef};
use crate::fields::Fields;
use crate::group_name::group_name;
use crate::source::{DatasetInfo, Origin, Unread};
use crate::unique_names::UniqueNames;

/// Largest record of a table in bytes; further columns go to another table.
const MAX_TABLE_STRIDE: usize = 16 << 10;

/// A table of the file.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) info: DatasetInfo,
    pub(super) parts: Vec<Part>,
}

/// What a part of a column puts into each record.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) node: usize,
    pub(super) what: What,
    /// The column, if the level may be named after it.
    column: String,
    /// The name of its field.
    name: String,
    numbers: Vec<Numbers>,
}

impl Part {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Bytes in a record.
    pub(super) fn width(&self) -> usize {
        self.numbers.iter().map(Numbers::bytes).sum()
    }
}

/// Something whose slots are records: the rows, the values of a dictionary, the items of lists.
#[derive(Debug)]
struct Level {
    /// Of equal keys, all slots belong together.
    key: blake3::Hash,
    slots: u64,
    name: Name,
    parts: Vec<Part>,
    /// Where its counts are: a level, and a part of it.
    counts: Option<(usize, usize)>,
}

#[derive(Clone, Debug)]
enum Name {
    Fixed(String),
    /// That of its columns; without columns, this one.
    OfColumns(String),
}

impl Level {
    fn name(&self) -> String {
        match &self.name {
            Name::Fixed(name) => name.clone(),
            Name::OfColumns(fallback) => {
                let names = self.parts.iter().map(|part| part.column.as_str());
                let names = names.filter(|name| !name.is_empty());
                group_name(names).unwrap_or(fallback).to_owned()
            }
        }
    }
}

/// A node whose places are a level and a part of it.
enum Found {
    Fixed { level: usize, value: usize, width: u32, dictionary: Option<u32> },
    Bytes { level: usize, lengths: usize, data: usize },
    List { counts: (usize, usize), items: Box<FoundNode> },
    Array { length: u32, items: Box<FoundNode> },
    Struct(Vec<FoundNode>),
    Null,
}

struct FoundNode {
    valid: Option<(usize, usize)>,
    is: Found,
}

/// The tables of a file, while its columns are read.
pub(super) struct Layout<'a> {
    columns: &'a dyn Columns,
    levels: Vec<Level>,
    known: HashMap<blake3::Hash, usize>,
    /// Texts: the node, its name, and the number of bytes.
    data: Vec<(usize, String, u64)>,
    found: Vec<FoundNode>,
    left_out: Vec<Unread>,
    /// Bytes of all records and texts, and how many are possible.
    bytes: u64,
    most_bytes: u64,
}

/// All tables, where each column is in them, and the columns that cannot be read.
pub(super) struct Laid {
    pub(super) tables: Vec<Table>,
    pub(super) refs: Vec<TableRef>,
    pub(super) nodes: Vec<Node>,
    pub(super) left_out: Vec<Unread>,
}

impl<'a> Layout<'a> {
    /// The tables of a file of so many bytes.
    pub(super) fn new(columns: &'a dyn Columns, file_len: u64) -> Self {
        Self {
            columns,
            bytes: 0,
            most_bytes: file_len.saturating_mul(MAX_EXPANSION),
            levels: Vec::new(),
            known: HashMap::new(),
            data: Vec::new(),
            found: Vec::new(),
            left_out: Vec::new(),
        }
    }

    /// Adds a root level of so many slots, and returns its number.
    pub(super) fn root(&mut self, name: &str, slots: u64) -> usize {
        let number = self.levels.len();
        let key = blake3::hash(format!("{number}").as_bytes());
        let name = Name::Fixed(name.to_owned());
        self.levels.push(Level { key, slots, name, parts: Vec::new(), counts: None });
        number
    }

    /// Adds a column of a root level. Returns whether it can be read; otherwise it is listed.
    pub(super) fn column(&mut self, shape: &Shape, root: usize) -> bool {
        let parts: Vec<usize> = self.levels.iter().map(|level| level.parts.len()).collect();
        let (data, bytes) = (self.data.len(), self.bytes);
        match self.visit(shape, root) {
            Ok(node) => {
                self.found.push(node);
                true
            }
            Err(reason) => {
                self.left_out.push(Unread { name: shape.name.clone(), reason });
                for level in self.levels.drain(parts.len()..) {
                    self.known.remove(&level.key);
                }
                for (level, len) in self.levels.iter_mut().zip(parts) {
                    level.parts.truncate(len);
                }
                self.data.truncate(data);
                self.bytes = bytes;
                false
            }
        }
    }

    fn visit(&mut self, shape: &Shape, level: usize) -> Result<FoundNode, String> {
        let Shape { node, name, nullable, kind, dictionary } = shape;
        let mut wanted = Vec::new();
        match kind {
            Kind::Fixed(numbers) => {
                let width: usize = numbers.iter().map(Numbers::bytes).sum();
                if width == 0 || width > MAX_STRIDE as usize {
                    let what = format!("values of {width} bytes; 1 to {MAX_STRIDE} are possible");
                    return Err(what);
                }
                wanted.push(What::Value);
            }
            Kind::Bytes | Kind::List(_) => wanted.push(What::Counts),
            Kind::Array(..) | Kind::Struct(_) | Kind::Null => {}
        }
        if *nullable {
            wanted.push(What::Valid);
        }
        let mut seen = Seen::default();
        if !wanted.is_empty() {
            let width = match kind {
                Kind::Fixed(numbers) => numbers.iter().map(Numbers::bytes).sum(),
                _ => 4,
            };
            let mut feed = self.columns.feed(*node, &wanted)?;
            seen = Seen::of(&mut *feed, &wanted, width)?;
            let slots = self.levels[level].slots;
            if seen.slots != slots {
                return Err(format!("{} values; {slots} were expected", seen.slots));
            }
        }
        let is = match kind {
            Kind::Fixed(numbers) => {
                let width = numbers.iter().map(Numbers::bytes).sum::<usize>() as u32;
                let value = self.part(level, *node, What::Value, (name, name), numbers.clone())?;
                Found::Fixed { level, value, width, dictionary: *dictionary }
            }
            Kind::Bytes => {
                let counts = vec![Numbers::new(DType::U32, 1)];
                let lengths = format!("lengths({name})");
                let lengths = self.part(level, *node, What::Counts, (name, &lengths), counts)?;
                if self.columns.must_be_text(*node) {
                    check_text(self.columns, *node)?;
                }
                self.grow(seen.total)?;
                self.data.push((*node, format!("{name}/values"), seen.total));
                Found::Bytes { level, lengths, data: self.data.len() - 1 }
            }
            Kind::List(items) => {
                let inner = self.items(level, shape, seen.total, seen.digest)?;
                let counts = self.levels[inner].counts.ok_or("a list without counts")?;
                let items = self.visit(items, inner)?;
                Found::List { counts, items: Box::new(items) }
            }
            Kind::Array(length, items) => {
                let slots = self.levels[level].slots.checked_mul(u64::from(*length));
                let slots = slots.ok_or("more than 2^64 items")?;
                let inner = self.array(level, name, *length, slots);
                Found::Array { length: *length, items: Box::new(self.visit(items, inner)?) }
            }
            Kind::Struct(members) => {
                let members = members.iter().map(|member| self.visit(member, level));
                Found::Struct(members.collect::<Result<_, _>>()?)
            }
            Kind::Null => Found::Null,
        };
        let valid = if seen.nulls > 0 {
            let number = vec![Numbers::new(DType::Bool, 1)];
            let names = ("", &*format!("valid({name})"));
            let part = self.part(level, *node, What::Valid, names, number)?;
            Some((level, part))
        } else {
            None
        };
        Ok(FoundNode { valid, is })
    }

    /// Counts bytes of records: few bytes of a file can state very many.
    fn grow(&mut self, bytes: u64) -> Result<(), String> {
        self.bytes = self.bytes.saturating_add(bytes);
        match self.bytes <= self.most_bytes {
            true => Ok(()),
            false => Err(format!(
                "{} bytes of values up to here; {} are possible, {MAX_EXPANSION} for each byte of \
                 the file",
                self.bytes, self.most_bytes
            )),
        }
    }

    fn part(
        &mut self,
        level: usize,
        node: usize,
        what: What,
        (column, name): (&str, &str),
        numbers: Vec<Numbers>,
    ) -> Result<usize, String> {
        let width = numbers.iter().map(Numbers::bytes).sum::<usize>() as u64;
        self.grow(self.levels[level].slots.saturating_mul(width))?;
        let parts = &mut self.levels[level].parts;
        if parts.len() >= MAX_NODES {
            return Err(format!("more than {MAX_NODES} columns"));
        }
        let (column, name) = (column.to_owned(), name.to_owned());
        parts.push(Part { node, what, column, name, numbers });
        Ok(parts.len() - 1)
    }

    /// The level of the items of a list; that of an earlier list with the same counts.
    fn items(
        &mut self,
        level: usize,
        shape: &Shape,
        slots: u64,
        digest: blake3::Hasher,
    ) -> Result<usize, String> {
        let mut key = blake3::Hasher::new();
        key.update(self.levels[level].key.as_bytes()).update(digest.finalize().as_bytes());
        let key = key.finalize();
        if let Some(known) = self.known.get(&key) {
            return Ok(*known);
        }
        let numbers = vec![Numbers::new(DType::U32, 1)];
        let counts = self.part(level, shape.node, What::Counts, ("", ""), numbers)?;
        let name = Name::OfColumns(shape.name.clone());
        let counts = Some((level, counts));
        self.levels.push(Level { key, slots, name, parts: Vec::new(), counts });
        self.known.insert(key, self.levels.len() - 1);
        Ok(self.levels.len() - 1)
    }

    fn array(&mut self, level: usize, name: &str, length: u32, slots: u64) -> usize {
        let mut key = blake3::Hasher::new();
        key.update(self.levels[level].key.as_bytes())
            .update(b"array")
            .update(&length.to_le_bytes());
        let key = key.finalize();
        let next = self.levels.len();
        let number = *self.known.entry(key).or_insert(next);
        if number == next {
            let name = Name::OfColumns(name.to_owned());
            self.levels.push(Level { key, slots, name, parts: Vec::new(), counts: None });
        }
        number
    }

    /// The tables, which get their names now.
    pub(super) fn finish(mut self) -> Laid {
        let names: Vec<String> = self.levels.iter().map(Level::name).collect();
        for (level, name) in names.iter().enumerate() {
            if let Some((level, part)) = self.levels[level].counts {
                self.levels[level].parts[part].name = format!("counts({name})");
            }
        }
        let mut unique = UniqueNames::default();
        let (mut tables, mut refs) = (Vec::<Table>::new(), Vec::<TableRef>::new());
        // Of each part of each level, its place.
        let mut places: Vec<Vec<Place>> = Vec::new();
        for (level, name) in self.levels.into_iter().zip(names) {
            let mut of_level = Vec::new();
            let mut rest = level.parts.as_slice();
            while !rest.is_empty() {
                let mut stride = 0;
                let n = rest.iter().take_while(|part| {
                    stride += part.width();
                    stride <= MAX_TABLE_STRIDE
                });
                let (now, later) = rest.split_at(n.count().max(1));
                rest = later;
                let number = refs.len() as u32;
                let mut offset = 0;
                for part in now {
                    of_level.push(Place(number, offset));
                    offset += part.width() as u32;
                }
                let name = unique.take(&name, |n| format!("{name}#{n}"));
                refs.push(TableRef { name: name.clone(), stride: offset });
                tables.push(table(name, level.slots, now));
            }
            places.push(of_level);
        }
        let first = refs.len() as u32;
        for (node, name, bytes) in self.data {
            let name = unique.take(&name, |n| format!("{name}#{n}"));
            refs.push(TableRef { name: name.clone(), stride: 1 });
            let numbers = vec![Numbers::new(DType::U8, 1)];
            let column = String::new();
            let part = Part { node, what: What::Data, column, name: name.clone(), numbers };
            tables.push(Table { info: DatasetInfo::bytes(name, bytes), parts: vec![part] });
        }
        let nodes = self.found.iter().map(|found| found.node(&places, first)).collect();
        Laid { tables, refs, nodes, left_out: self.left_out }
    }
}

impl FoundNode {
    fn node(&self, places: &[Vec<Place>], first: u32) -> Node {
        let at = |(level, part): (usize, usize)| places[level][part];
        let boxed = |items: &Self| Box::new(items.node(places, first));
        let is = match &self.is {
            Found::Fixed { level, value, width, dictionary } => {
                let at = at((*level, *value));
                Is::Fixed { at, width: *width, dictionary: *dictionary }
            }
            Found::Bytes { level, lengths, data } => {
                Is::Bytes { lengths: at((*level, *lengths)), values: first + *data as u32 }
            }
            Found::List { counts, items } => Is::List { counts: at(*counts), items: boxed(items) },
            Found::Array { length, items } => Is::Array { length: *length, items: boxed(items) },
            Found::Struct(members) => {
                Is::Struct(members.iter().map(|member| member.node(places, first)).collect())
            }
            Found::Null => Is::Null,
        };
        Node { valid: self.valid.map(at), is }
    }
}

/// Checks that all texts are UTF-8.
fn check_text(columns: &dyn Columns, node: usize) -> Result<(), String> {
    let mut counts = columns.feed(node, &[What::Counts])?;
    let mut data = columns.feed(node, &[What::Data])?;
    let (mut lengths, mut piece) = ([Vec::new()], [Vec::new()]);
    let mut at = 0;
    loop {
        lengths[0].clear();
        if !counts.next(&mut lengths)? {
            return Ok(());
        }
        for length in lengths[0].chunks_exact(4) {
            let length = u32::from_le_bytes(length.try_into().unwrap_or_default()) as usize;
            // A text may be long: it is checked in pieces, with what is left of a character.
            let (mut left, mut held) = (length, Vec::new());
            while left > 0 {
                if at == piece[0].len() {
                    at = 0;
                    piece[0].clear();
                    if !data.next(&mut piece)? {
                        return Err("bytes of texts are missing".into());
                    }
                }
                let n = left.min(piece[0].len() - at);
                held.extend_from_slice(&piece[0][at..at + n]);
                (at, left) = (at + n, left - n);
                let valid = match std::str::from_utf8(&held) {
                    Ok(text) => text.len(),
                    Err(e) if e.error_len().is_none() && left > 0 => e.valid_up_to(),
                    Err(e) => return Err(format!("a text that is not UTF-8: {e}")),
                };
                held.drain(..valid);
            }
        }
    }
}

/// What is seen when all slots are read.
#[derive(Default)]
struct Seen {
    slots: u64,
    nulls: u64,
    /// Sum and digest of the counts.
    total: u64,
    digest: blake3::Hasher,
}

impl Seen {
    /// Reads all slots; the first of `wanted` has `width` bytes, unless it is [`What::Valid`].
    fn of(feed: &mut dyn Feed, wanted: &[What], width: usize) -> Result<Self, String> {
        let mut seen = Self::default();
        let mut out = vec![Vec::new(); wanted.len()];
        loop {
            out.iter_mut().for_each(Vec::clear);
            if !feed.next(&mut out)? {
                return Ok(seen);
            }
            for (number, (what, bytes)) in wanted.iter().zip(&out).enumerate() {
                let width = if *what == What::Valid { 1 } else { width };
                if number == 0 {
                    seen.slots += (bytes.len() / width) as u64;
                }
                match what {
                    What::Valid => seen.nulls += bytes.iter().filter(|b| **b == 0).count() as u64,
                    What::Counts => {
                        seen.digest.update(bytes);
                        let counts = bytes.chunks_exact(4);
                        let counts =
                            counts.map(|n| u32::from_le_bytes(n.try_into().unwrap_or_default()));
                        seen.total += counts.map(u64::from).sum::<u64>();
                    }
                    What::Value | What::Data => {}
                }
            }
        }
    }
}

/// The description of a table of records.
fn table(name: String, slots: u64, parts: &[Part]) -> Table {
    let mut fields = Fields::default();
    let mut offset = 0u64;
    for part in parts {
        let several = part.numbers.iter().map(|n| n.count).sum::<u32>() > 1;
        let mut index = 0;
        for numbers in &part.numbers {
            for _ in 0..numbers.count {
                let name = match several {
                    true => format!("{}[{index}]", part.name),
                    false => part.name.clone(),
                };
                fields.push(&name, numbers.dtype, numbers.big_endian, offset);
                offset += numbers.dtype.size() as u64;
                index += 1;
            }
        }
    }
    let info = DatasetInfo {
        name,
        schema: fields.schema(offset),
        n_records: slots,
        records_per_event: 1,
        shape: vec![slots],
        origin: Origin::new(super::structure::FORM, &"table"),
    };
    Table { info, parts: parts.to_vec() }
}
