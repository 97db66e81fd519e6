//! The meaning of the bytes of a branch: type, shape and jaggedness, or the reason why they are not
//! read.

use std::sync::Arc;

use vortex_base::dtype::DType;

use crate::branch::{Branch, Branches, ElementOf};
use crate::fixed_objects::FixedObject;
use crate::leaf::{Leaf, LeafCount};
use crate::limits::MAX_VECTOR_LEVELS;
use crate::packed::Packing;
use crate::streamer_info::{Element, StreamerInfo};
use crate::type_name::{Primitive, vector_item};
use crate::vectors::Lists;

/// Type and shape of the values of a column.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// Type of the values in a [`Chunk`](crate::Chunk). `Double32_t` becomes `f64`,
    /// `Float16_t` becomes `f32`.
    pub dtype: DType,
    /// Dimensions of one item; empty for a number. An item has their product of values.
    pub shape: Vec<usize>,
    /// True if each entry has its own number of items, false if each has exactly one.
    pub jagged: bool,
    /// Lists inside the items of a jagged column: 0 for numbers, 1 for a vector of vectors.
    pub inner_levels: usize,
    pub(crate) stored: Stored,
}

/// How a column is stored.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Stored {
    /// In the baskets of a branch of a tree.
    Basket(BasketForm),
    /// In the pages of an RNTuple.
    Pages,
}

/// The items in the baskets of a branch.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct BasketForm {
    pub(crate) encoding: Encoding,
    pub(crate) entry: EntryForm,
    /// Bytes of one item in the file, with the other leaves of the branch.
    pub(crate) item_bytes: usize,
    /// Offset of this leaf in an item, and its length.
    pub(crate) leaf: (usize, usize),
    /// The layout of items that are objects.
    pub(crate) object: Option<Arc<FixedObject>>,
}

impl Layout {
    /// Values of one item: 1, or the product of the dimensions.
    pub fn values_per_item(&self) -> usize {
        self.shape.iter().product()
    }

    /// Bytes of one item in a [`Chunk`](crate::Chunk).
    pub fn bytes_per_item(&self) -> usize {
        self.values_per_item() * self.dtype.size()
    }
}

/// How one value is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Encoding {
    BigEndian,
    Packed(Packing),
}

/// How the items of an entry are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EntryForm {
    /// Exactly one item.
    One,
    /// Items one after the other; the entry offsets of the basket, or the leaf with this number,
    /// give their count.
    Many { count: Option<usize> },
    /// Lists in which the number of items is before them.
    Lists(Lists),
    /// An array behind a pointer: a byte that is 0 for none, and the items.
    Pointer,
}

/// The contents of a column.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Content {
    /// Numbers that can be read.
    Values(Layout),
    /// No own values: they are in the columns whose paths begin with this path.
    Group,
    /// A column that is not read, with the reason.
    Unreadable(String),
}

/// One leaf of one branch of a tree, or one field of an RNTuple.
#[derive(Clone, Debug)]
pub struct Column {
    /// The branch's name, with a dot and the leaf's name if a branch has several leaves; or the
    /// field's name.
    pub name: String,
    /// The names of the enclosing branches and its own, separated by `/`; of the enclosing fields,
    /// separated by `.`.
    pub path: String,
    /// Its values, or the reason why there are none.
    pub content: Content,
    pub(crate) origin: Origin,
}

/// Where the values of a column are described.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Origin {
    /// The number of a branch.
    Branch(usize),
    /// The number of a plan of an RNTuple.
    Plan(usize),
}

impl Column {
    /// Type and shape, if it can be read.
    pub fn layout(&self) -> Option<&Layout> {
        match &self.content {
            Content::Values(layout) => Some(layout),
            Content::Group | Content::Unreadable(_) => None,
        }
    }
}

impl Column {
    /// True if its values are members of objects that are not split.
    pub(crate) fn holds_objects(&self) -> bool {
        let stored = self.layout().map(|layout| &layout.stored);
        matches!(stored, Some(Stored::Basket(BasketForm { object: Some(_), .. })))
    }
}

/// The columns of a tree, in its order.
pub(crate) fn columns(entries: u64, tree: &Branches, info: &StreamerInfo) -> Vec<Column> {
    let mut columns = Vec::new();
    for (index, branch) in tree.branches.iter().enumerate() {
        let column = |suffix: &str, content| Column {
            name: format!("{}{suffix}", branch.name),
            path: format!("{}{suffix}", branch.path),
            content,
            origin: Origin::Branch(index),
        };
        if branch.fault.is_none() && branch.n_children == 0 && branch.leaves.len() > 1 {
            for (leaf, content) in record(branch, tree, entries) {
                columns.push(column(&format!(".{leaf}"), content));
            }
            continue;
        }
        match contents(branch, tree, entries, info) {
            Ok(contents) => {
                columns.extend(contents.into_iter().map(|(name, content)| column(&name, content)));
            }
            Err(reason) => columns.push(column("", Content::Unreadable(reason))),
        }
    }
    columns
}

/// Checks that apply to every branch.
fn check(branch: &Branch, entries: u64) -> Result<(), String> {
    if let Some(fault) = &branch.fault {
        return Err(fault.clone());
    }
    if !branch.file_name.is_empty() {
        let name: String = branch.file_name.chars().take(200).collect();
        return Err(format!("its baskets are in another file, {name}"));
    }
    if branch.first_entry != 0 {
        let first = branch.first_entry;
        return Err(format!("a circular buffer whose first entry is {first}"));
    }
    if u64::try_from(branch.entries) != Ok(entries) {
        return Err(format!("{} entries, but the tree has {entries}", branch.entries));
    }
    Ok(())
}

/// What follows the name of a branch, and the values.
type Named = (String, Content);

fn one(layout: Layout) -> Result<Vec<Named>, String> {
    Ok(vec![(String::new(), Content::Values(layout))])
}

fn contents(
    branch: &Branch,
    tree: &Branches,
    entries: u64,
    info: &StreamerInfo,
) -> Result<Vec<Named>, String> {
    if branch.n_children > 0 && branch.fault.is_none() {
        return match &branch.element {
            // The number of objects of a collection in each entry, once for all their members.
            Some(ElementOf { kind: 3 | 4, .. }) => {
                check(branch, entries)?;
                one(plain(DType::I32, vec![], EntryForm::One))
            }
            _ => Ok(vec![(String::new(), Content::Group)]),
        };
    }
    check(branch, entries)?;
    let [leaf] = branch.leaves[..] else {
        return Err("a branch without leaves".to_owned());
    };
    let leaf = &tree.leaves[leaf];
    let element = branch.element.as_ref().and_then(|of| member(of, &branch.name, info));
    if let Some(dtype) = pointer(leaf) {
        let of_one_object = branch.element.as_ref().is_some_and(|of| (0..=2).contains(&of.kind));
        if !of_one_object || leaf.len != 1 {
            return Err("several arrays behind pointers an entry".to_owned());
        }
        return one(plain(dtype, vec![], EntryForm::Pointer));
    }
    let Some(primitive) = primitive(leaf) else {
        return of_class(branch, leaf, element, info);
    };
    let shape = dimensions(leaf)?;
    let entry = counted(leaf);
    let title = if leaf.element_type.is_some() {
        // Without a description of the class, the packing is unknown.
        let known = !matches!(primitive, Primitive::Plain(_));
        match element {
            Some(element) => element.title.as_str(),
            None if known => return Err(format!("no description of its class for {primitive:?}")),
            None => "",
        }
    } else {
        leaf.title.as_str()
    };
    let (dtype, packing) = match primitive {
        Primitive::Plain(dtype) => return one(plain(dtype, shape, entry)),
        Primitive::Double32 => (DType::F64, Packing::of_double32(title)),
        Primitive::Float16 => (DType::F32, Packing::of_float16(title)),
    };
    let packing = packing.map_err(|fault| fault.message)?;
    let item_bytes = shape.iter().product::<usize>() * packing.width();
    let (encoding, leaf) = (Encoding::Packed(packing), (0, item_bytes));
    let form = BasketForm { encoding, entry, item_bytes, leaf, object: None };
    one(in_baskets(dtype, shape, form))
}

fn counted(leaf: &Leaf) -> EntryForm {
    match leaf.count {
        LeafCount::Fixed => EntryForm::One,
        LeafCount::By(leaf) => EntryForm::Many { count: Some(leaf) },
        LeafCount::Unknown => EntryForm::Many { count: None },
    }
}

fn plain(dtype: DType, shape: Vec<usize>, entry: EntryForm) -> Layout {
    let item_bytes = shape.iter().product::<usize>() * dtype.size();
    let (encoding, leaf) = (Encoding::BigEndian, (0, item_bytes));
    let form = BasketForm { encoding, entry, item_bytes, leaf, object: None };
    in_baskets(dtype, shape, form)
}

fn in_baskets(dtype: DType, shape: Vec<usize>, form: BasketForm) -> Layout {
    let jagged = form.entry != EntryForm::One;
    let inner_levels = match form.entry {
        EntryForm::Lists(lists) => lists.levels().saturating_sub(1),
        _ => 0,
    };
    Layout { dtype, shape, jagged, inner_levels, stored: Stored::Basket(form) }
}

/// The leaves of a branch that was made from a list (`x/F:y/F:n/I`); they follow each other in each
/// entry.
fn record<'a>(branch: &Branch, tree: &'a Branches, entries: u64) -> Vec<(&'a str, Content)> {
    let leaves = || branch.leaves.iter().map(|leaf| &tree.leaves[*leaf]);
    let mut item_bytes = 0usize;
    let types: Result<Vec<_>, String> = check(branch, entries).and_then(|()| {
        leaves()
            .map(|leaf| {
                let Some(Primitive::Plain(dtype)) = primitive(leaf) else {
                    return Err(format!("{} in a list of leaves", leaf.class));
                };
                if leaf.count != LeafCount::Fixed {
                    return Err("a list of leaves with a varying number of items".to_owned());
                }
                let shape = dimensions(leaf)?;
                let len = shape.iter().product::<usize>() * dtype.size();
                let offset = item_bytes;
                item_bytes += len;
                Ok((dtype, shape, (offset, len)))
            })
            .collect()
    });
    let (encoding, entry) = (Encoding::BigEndian, EntryForm::One);
    match types {
        Ok(types) => leaves()
            .zip(types)
            .map(|(of, (dtype, shape, leaf))| {
                let form = BasketForm { encoding, entry, item_bytes, leaf, object: None };
                (of.name.as_str(), Content::Values(in_baskets(dtype, shape, form)))
            })
            .collect(),
        Err(reason) => {
            leaves().map(|leaf| (leaf.name.as_str(), Content::Unreadable(reason.clone()))).collect()
        }
    }
}

/// The type of an array behind a pointer, `x *p; //[n]`: 40 more than that of its items.
fn pointer(leaf: &Leaf) -> Option<DType> {
    let number = leaf.element_type.filter(|number| (41..60).contains(number))?;
    match Primitive::from_number(number - 40)? {
        Primitive::Plain(dtype) => Some(dtype),
        Primitive::Double32 | Primitive::Float16 => None,
    }
}

fn primitive(leaf: &Leaf) -> Option<Primitive> {
    let sign = |signed, unsigned| if leaf.is_unsigned { unsigned } else { signed };
    Some(Primitive::Plain(match &*leaf.class {
        "TLeafO" => DType::Bool,
        "TLeafB" => sign(DType::I8, DType::U8),
        "TLeafS" => sign(DType::I16, DType::U16),
        "TLeafI" => sign(DType::I32, DType::U32),
        "TLeafL" | "TLeafG" => sign(DType::I64, DType::U64),
        "TLeafF" => DType::F32,
        "TLeafD" => DType::F64,
        "TLeafD32" => return Some(Primitive::Double32),
        "TLeafF16" => return Some(Primitive::Float16),
        "TLeafElement" => {
            let number = leaf.element_type?;
            // 20 more for an array of fixed length.
            let number = if (21..40).contains(&number) { number - 20 } else { number };
            return Primitive::from_number(number);
        }
        _ => return None,
    }))
}

/// The fixed dimensions in a leaf's title, which must agree with its length.
fn dimensions(leaf: &Leaf) -> Result<Vec<usize>, String> {
    let mut shape = Vec::new();
    let mut n_variable = 0;
    let mut rest = leaf.title.as_str();
    while let Some((_, inner)) = rest.split_once('[') {
        let Some((inside, after)) = inner.split_once(']') else { break };
        rest = after;
        if inside.contains(',') {
            continue; // the range of a packed number
        }
        match inside.parse::<usize>() {
            Ok(n) => shape.push(n),
            Err(_) if shape.is_empty() && leaf.count != LeafCount::Fixed => n_variable += 1,
            Err(_) => return Err("dimensions that are no numbers".to_owned()),
        }
    }
    if shape.is_empty() && leaf.len > 1 {
        // Members of objects in a collection have their dimensions only here.
        shape.extend(usize::try_from(leaf.len));
    }
    let product = shape.iter().try_fold(1usize, |product, n| product.checked_mul(*n));
    if n_variable > 1 || product.is_none() || product != usize::try_from(leaf.len).ok() {
        return Err(format!("dimensions that are not those of {} values an item", leaf.len));
    }
    if product == Some(0) || product > Some(1 << 24) {
        return Err(format!("{} values an item; 1 to 16,777,216 are read", leaf.len));
    }
    Ok(shape)
}

/// Branches of a class: vectors of numbers, texts, objects of numbers, or the reason.
fn of_class(
    branch: &Branch,
    leaf: &Leaf,
    element: Option<&Element>,
    info: &StreamerInfo,
) -> Result<Vec<Named>, String> {
    let Some(of) = &branch.element else {
        return match &*leaf.class {
            "TLeafC" => one(plain(DType::U8, vec![], EntryForm::Lists(Lists::TEXT))),
            class => Err(format!("{class} is no number")),
        };
    };
    let type_name = match element {
        Some(element) => element.type_name.as_str(),
        None if of.id < 0 => of.class.as_str(),
        None => {
            return Err(format!("its class {} has no description of {:?}", of.class, branch.name));
        }
    };
    let mut vectors = 0;
    let mut item = type_name;
    while let Some(inner) = vector_item(item) {
        vectors += 1;
        item = inner;
    }
    if vectors > MAX_VECTOR_LEVELS {
        return Err(format!("objects of type {type_name}"));
    }
    // Members of the objects of a collection are one after the other.
    let objects = of.kind == 41;
    if !(objects || of.kind == 31 || (-1..=2).contains(&of.kind)) || leaf.len != 1 {
        return Err(format!("several {type_name} an entry"));
    }
    if (objects || of.kind == 31) == (leaf.count == LeafCount::Fixed) {
        return Err(format!("several {type_name} an entry"));
    }
    let lists = Lists { header: true, objects, vectors, text: false };
    let dtype = match item {
        "string" | "std::string" => {
            // A branch of its own has no header.
            let header = vectors > 0 || of.id >= 0;
            let lists = Lists { header, text: true, ..lists };
            return listed(of, type_name, lists, DType::U8);
        }
        "TString" if vectors == 0 && !objects => {
            return listed(of, type_name, Lists::TEXT, DType::U8);
        }
        item if vectors == 0 && item.starts_with("bitset<") => {
            // Its number of bits, and a byte for each.
            return listed(of, type_name, Lists { vectors: 1, ..lists }, DType::Bool);
        }
        item => Primitive::from_name(item),
    };
    match dtype {
        Some(Primitive::Plain(dtype)) if vectors > 0 => listed(of, type_name, lists, dtype),
        Some(_) => Err(format!("objects of type {type_name}")),
        None => {
            let entry = match vectors {
                0 => counted(leaf),
                _ if objects || of.kind == 31 => {
                    return Err(format!("several {type_name} an entry"));
                }
                _ => EntryForm::Lists(lists),
            };
            members(item, entry, info)
        }
    }
}

fn listed(
    of: &ElementOf,
    type_name: &str,
    lists: Lists,
    dtype: DType,
) -> Result<Vec<Named>, String> {
    if of.kind == 31 {
        return Err(format!("several {type_name} an entry"));
    }
    one(plain(dtype, vec![], EntryForm::Lists(lists)))
}

/// The members of objects that all have the same length.
fn members(class: &str, entry: EntryForm, info: &StreamerInfo) -> Result<Vec<Named>, String> {
    let object = Arc::new(FixedObject::new(class, info)?);
    let members = object.members.iter().map(|member| {
        let leaf = (member.place, member.len());
        let shape = if member.array_len > 1 { vec![member.array_len] } else { vec![] };
        let (encoding, item_bytes) = (Encoding::BigEndian, object.bytes);
        let object = Some(Arc::clone(&object));
        let form = BasketForm { encoding, entry, item_bytes, leaf, object };
        (format!(".{}", member.path), Content::Values(in_baskets(member.dtype, shape, form)))
    });
    Ok(members.collect())
}

/// The description of the class member that a branch holds: by its number, which must have the
/// branch's name, or by name among the members of the class around it.
fn member<'a>(of: &ElementOf, branch: &str, info: &'a StreamerInfo) -> Option<&'a Element> {
    let id = usize::try_from(of.id).ok()?;
    let dotless = branch.strip_suffix('.').unwrap_or(branch);
    let name = dotless.rsplit('.').next().unwrap_or(dotless);
    let name = name.split('[').next().unwrap_or(name);
    info.member(&of.class, of.version, of.checksum, id)
        .filter(|element| element.name == name)
        .or_else(|| info.member_named(&of.parent, name))
        .or_else(|| info.member_named(&of.class, name))
}
