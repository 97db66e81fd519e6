//! The schema of a file or stream: its columns as shapes, and the buffers of each part.

use std::collections::HashMap;

use arrow_schema::{DataType, Field, IntervalUnit, Schema};
use vortex_coder::schema::DType;

use super::messages::Messages;
use crate::formats::arrow::shape::{Kind, Numbers, Shape};
use crate::formats::arrow::structure::{MAX_DEPTH, MAX_NODES};

/// Largest value that is made of the items of an array.
const MAX_ARRAY_BYTES: u64 = 16 << 10;

/// Most bytes of the full names of all columns and their parts; there are copies of each.
const MAX_NAME_BYTES: usize = 64 << 20;

/// How the slots of an array are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stored {
    Null,
    Bits,
    Fixed(usize),
    /// Values of so many bytes, which are the items of arrays in arrays; this many inside.
    Packed(usize, usize),
    /// Texts, or lists; whether their offsets have 8 bytes.
    Texts(bool),
    Lists(bool),
    Views,
    Array(u32),
    Struct,
}

/// A part of a column.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// The part that holds it.
    pub(super) parent: Option<usize>,
    /// 0 for the rows, else a dictionary counted from 1.
    pub(super) root: usize,
    /// Its number among the arrays of a batch, and that of its first buffer.
    pub(super) array: usize,
    pub(super) buffer: usize,
    /// Arrays of views before it; they have more buffers.
    pub(super) views: usize,
    pub(super) stored: Stored,
    /// Whether the schema allows nulls.
    pub(super) nullable: bool,
    /// Whether values are UTF-8.
    pub(super) text: bool,
}

/// All columns.
#[derive(Debug, Default)]
pub(super) struct Columns {
    pub(super) columns: Vec<(String, Result<Shape, String>)>,
    /// The values of each dictionary, with its number in the file.
    pub(super) dictionaries: Vec<(i64, Result<Shape, String>)>,
    pub(super) parts: Vec<Part>,
}

/// The place in a batch.
#[derive(Clone, Copy, Default)]
struct At {
    array: usize,
    buffer: usize,
    views: usize,
}

struct Visit<'a> {
    messages: &'a Messages,
    parts: Vec<Part>,
    at: At,
    /// Bytes of all names so far.
    names: usize,
    root: usize,
    numbers: HashMap<i64, u32>,
    /// Dictionaries that are found: number, and type of the values.
    found: Vec<(i64, Field)>,
}

impl Columns {
    pub(super) fn of(schema: &Schema, ids: &[Ids], messages: &Messages) -> Self {
        let mut visit = Visit {
            messages,
            parts: Vec::new(),
            at: At::default(),
            names: 0,
            root: 0,
            numbers: HashMap::new(),
            found: Vec::new(),
        };
        let mut columns = Vec::new();
        for (field, ids) in schema.fields().iter().zip(ids) {
            columns.push((field.name().clone(), visit.column(field, ids)));
        }
        let mut dictionaries = Vec::new();
        let mut next = 0;
        while let Some((id, field)) = visit.found.get(next).cloned() {
            next += 1;
            visit.root = next;
            visit.at = At::default();
            // A dictionary of dictionaries is refused, so no numbers are needed.
            dictionaries.push((id, visit.column(&field, &Ids::default())));
        }
        Self { columns, dictionaries, parts: visit.parts }
    }
}

/// A schema, and the numbers of the dictionaries of its columns.
pub(super) fn schema_of(schema: arrow_ipc::Schema<'_>) -> Result<(Schema, Vec<Ids>), String> {
    if schema.endianness() != arrow_ipc::Endianness::Little {
        return Err("values with the highest byte first".into());
    }
    // The texts of a schema may be the same bytes again and again.
    let mut texts = 0usize;
    schema.fields().into_iter().flatten().for_each(|field| add_texts(&field, &mut texts));
    if texts > MAX_NAME_BYTES {
        return Err(format!("names and metadata of {texts} bytes; {MAX_NAME_BYTES} are possible"));
    }
    let ids = schema.fields().into_iter().flatten().map(|field| Ids::of(&field)).collect();
    let schema = arrow_ipc::convert::try_fb_to_schema(schema).map_err(|e| e.to_string())?;
    Ok((schema, ids))
}

/// Adds the bytes of the names and the metadata of a column and its parts.
fn add_texts(field: &arrow_ipc::Field<'_>, sum: &mut usize) {
    let mut add = |text: Option<&str>| *sum = sum.saturating_add(text.map_or(0, str::len));
    add(field.name());
    for entry in field.custom_metadata().into_iter().flatten() {
        add(entry.key());
        add(entry.value());
    }
    field.children().into_iter().flatten().for_each(|child| add_texts(&child, sum));
}

/// The numbers of the dictionaries of a column and its parts.
#[derive(Clone, Debug, Default)]
pub(super) struct Ids {
    pub(super) id: Option<i64>,
    pub(super) children: Vec<Ids>,
}

impl Ids {
    pub(super) fn of(field: &arrow_ipc::Field<'_>) -> Self {
        let id = field.dictionary().map(|dictionary| dictionary.id());
        // Those of the values, if there is a dictionary.
        let children = field.children().filter(|_| id.is_none());
        let children = children.into_iter().flatten().map(|child| Self::of(&child)).collect();
        Self { id, children }
    }

    fn child(&self, number: usize) -> Self {
        self.children.get(number).cloned().unwrap_or_default()
    }
}

impl Visit<'_> {
    /// A column; what it has in a batch is counted even if it cannot be read.
    fn column(&mut self, field: &Field, ids: &Ids) -> Result<Shape, String> {
        let (start, parts, found) = (self.at, self.parts.len(), self.found.len());
        let shape = self.visit(field, field.name().clone(), ids, None);
        if shape.is_err() {
            self.parts.truncate(parts);
            for (id, _) in self.found.drain(found..) {
                self.numbers.remove(&id);
            }
        }
        self.at = start;
        skip(field.data_type(), &mut self.at)?;
        shape
    }

    fn visit(
        &mut self,
        field: &Field,
        name: String,
        ids: &Ids,
        parent: Option<usize>,
    ) -> Result<Shape, String> {
        let node = self.parts.len();
        if node >= MAX_NODES {
            return Err(format!("more than {MAX_NODES} columns and parts of them"));
        }
        self.names = self.names.saturating_add(name.len());
        if self.names > MAX_NAME_BYTES {
            return Err(format!("the full names up to here have more than {MAX_NAME_BYTES} bytes"));
        }
        let around = std::iter::successors(parent, |part| self.parts[*part].parent).count();
        if around >= MAX_DEPTH {
            return Err(format!("more than {MAX_DEPTH} parts inside of each other"));
        }
        let At { array, buffer, views } = self.at;
        let kind = field.data_type();
        let mut packed = None;
        if let DataType::FixedSizeList(..) = kind {
            packed = self.packed(kind, array);
        }
        let stored = match (&packed, kind) {
            (Some((numbers, depth)), _) => {
                let width = numbers.iter().map(Numbers::bytes).sum();
                Stored::Packed(width, *depth)
            }
            (None, kind) => stored(kind)?,
        };
        let root = self.root;
        let nullable = field.is_nullable();
        let text = matches!(kind, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
        self.parts.push(Part { parent, root, array, buffer, views, stored, nullable, text });
        let mut dictionary = None;
        let inside = |visit: &mut Self, number: usize, child: &Field, name: String| {
            visit.visit(child, name, &ids.child(number), Some(node))
        };
        let shape = match (kind, packed) {
            (_, Some((numbers, _))) => {
                skip(kind, &mut self.at)?;
                Kind::Fixed(numbers)
            }
            (DataType::List(child) | DataType::LargeList(child), _) => {
                self.enter(kind);
                let items = inside(self, 0, child, name.clone())?;
                Kind::List(Box::new(items))
            }
            (DataType::Map(entries, _), _) => {
                // It could not be written again.
                let DataType::Struct(both) = entries.data_type() else {
                    return Err("a map whose entries are no structs".into());
                };
                if both.len() != 2 || entries.is_nullable() || both[0].is_nullable() {
                    return Err("a map whose entries or keys may be null, or are not pairs".into());
                }
                self.enter(kind);
                Kind::List(Box::new(inside(self, 0, entries, name.clone())?))
            }
            (DataType::FixedSizeList(child, length), _) => {
                self.enter(kind);
                let length = u32::try_from(*length).map_err(|_| "arrays of a negative length")?;
                Kind::Array(length, Box::new(inside(self, 0, child, name.clone())?))
            }
            (DataType::Struct(members), _) => {
                self.enter(kind);
                let mut shapes = Vec::new();
                for (number, member) in members.iter().enumerate() {
                    let name = format!("{name}.{}", member.name());
                    shapes.push(inside(self, number, member, name)?);
                }
                Kind::Struct(shapes)
            }
            (DataType::Dictionary(index, values), _) => {
                skip(kind, &mut self.at)?;
                let id = ids.id.filter(|_| self.root == 0);
                let id = id.ok_or("a dictionary inside of another")?;
                dictionary = Some(self.dictionary(id, &name, values)?);
                Kind::Fixed(numbers(index).ok_or("indices of an unknown type")?)
            }
            (kind, _) => {
                skip(kind, &mut self.at)?;
                match (stored, numbers(kind)) {
                    (Stored::Null, _) => Kind::Null,
                    (Stored::Texts(_) | Stored::Views, _) => Kind::Bytes,
                    (_, Some(numbers)) => Kind::Fixed(numbers),
                    _ => return Err(unsupported(kind)),
                }
            }
        };
        // A field may have nulls although it says that it has none: what is stored counts.
        let nullable = !matches!(shape, Kind::Null);
        Ok(Shape { node, name, nullable, kind: shape, dictionary })
    }

    /// Passes over what an array has beside its children.
    fn enter(&mut self, kind: &DataType) {
        self.at.array += 1;
        self.at.buffer += match kind {
            DataType::List(_) | DataType::LargeList(_) | DataType::Map(..) => 2,
            _ => 1,
        };
    }

    fn dictionary(&mut self, id: i64, name: &str, values: &DataType) -> Result<u32, String> {
        if let Some(known) = self.numbers.get(&id) {
            let same = self.found.get(*known as usize).is_some_and(|f| f.1.data_type() == values);
            return match same {
                true => Ok(*known),
                false => Err(format!("two types of values in dictionary {id}")),
            };
        }
        let number = self.found.len() as u32;
        self.found.push((id, Field::new(format!("dictionary({name})"), values.clone(), true)));
        self.numbers.insert(id, number);
        Ok(number)
    }

    /// The numbers of a value, and the depth of the arrays, if it consists of arrays of numbers
    /// without nulls inside.
    fn packed(&self, kind: &DataType, array: usize) -> Option<(Vec<Numbers>, usize)> {
        let (mut kind, mut length, mut depth) = (kind, 1u64, 0);
        while let DataType::FixedSizeList(child, n) = kind {
            (kind, depth) = (child.data_type(), depth + 1);
            length = length.checked_mul(u64::try_from(*n).ok()?)?;
            let batches = self.messages.batches.iter();
            let has_nulls = |(_, nulls): &(u64, u64)| *nulls > 0;
            let mut inside = batches.filter_map(|batch| batch.arrays.get(array + depth));
            if self.root > 0 || inside.any(has_nulls) {
                return None;
            }
        }
        if !matches!(stored(kind), Ok(Stored::Fixed(_))) || length == 0 {
            return None;
        }
        let mut one = numbers(kind)?;
        let width: usize = one.iter().map(Numbers::bytes).sum();
        if length.checked_mul(width as u64)? > MAX_ARRAY_BYTES {
            return None;
        }
        match one.as_mut_slice() {
            [numbers] => numbers.count *= length as u32,
            _ => one = one.repeat(length as usize),
        }
        Some((one, depth))
    }
}

fn unsupported(kind: &DataType) -> String {
    let name = match kind {
        DataType::Union(..) => "unions",
        DataType::RunEndEncoded(..) => "run-end encoded values",
        DataType::ListView(_) | DataType::LargeListView(_) => "views of lists",
        _ => return format!("values of type {kind}"),
    };
    format!("{name} are not read")
}

fn stored(kind: &DataType) -> Result<Stored, String> {
    Ok(match kind {
        DataType::Null => Stored::Null,
        DataType::Boolean => Stored::Bits,
        DataType::Utf8 | DataType::Binary => Stored::Texts(false),
        DataType::LargeUtf8 | DataType::LargeBinary => Stored::Texts(true),
        DataType::Utf8View | DataType::BinaryView => Stored::Views,
        DataType::List(_) | DataType::Map(..) => Stored::Lists(false),
        DataType::LargeList(_) => Stored::Lists(true),
        DataType::FixedSizeList(_, length) => {
            Stored::Array(u32::try_from(*length).map_err(|_| "arrays of a negative length")?)
        }
        DataType::Struct(_) => Stored::Struct,
        DataType::Dictionary(index, _) => return stored(index),
        kind => match numbers(kind) {
            Some(numbers) => Stored::Fixed(numbers.iter().map(Numbers::bytes).sum()),
            None => return Err(unsupported(kind)),
        },
    })
}

/// The numbers of a value of one size.
pub(super) fn numbers(kind: &DataType) -> Option<Vec<Numbers>> {
    use DataType as T;
    let one = |dtype| vec![Numbers::new(dtype, 1)];
    let wide = |n: u32| match n {
        1 => vec![Numbers::new(DType::I64, 1)],
        n => vec![Numbers::new(DType::U64, n - 1), Numbers::new(DType::I64, 1)],
    };
    Some(match kind {
        T::Boolean => one(DType::Bool),
        T::Int8 => one(DType::I8),
        T::UInt8 => one(DType::U8),
        T::Int16 => one(DType::I16),
        T::UInt16 => one(DType::U16),
        T::Float16 => one(DType::F16),
        T::Int32 | T::Date32 | T::Time32(_) | T::Decimal32(..) => one(DType::I32),
        T::UInt32 => one(DType::U32),
        T::Float32 => one(DType::F32),
        T::Int64 | T::Date64 | T::Time64(_) | T::Timestamp(..) | T::Duration(_) => one(DType::I64),
        T::UInt64 => one(DType::U64),
        T::Float64 => one(DType::F64),
        T::Decimal64(..) => wide(1),
        T::Decimal128(..) => wide(2),
        T::Decimal256(..) => wide(4),
        T::Interval(IntervalUnit::YearMonth) => one(DType::I32),
        T::Interval(IntervalUnit::DayTime) => vec![Numbers::new(DType::I32, 2)],
        T::Interval(IntervalUnit::MonthDayNano) => {
            vec![Numbers::new(DType::I32, 2), Numbers::new(DType::I64, 1)]
        }
        T::FixedSizeBinary(n) => vec![Numbers::new(DType::U8, u32::try_from(*n).ok()?)],
        _ => return None,
    })
}

/// Passes over all arrays and buffers of a type.
fn skip(kind: &DataType, at: &mut At) -> Result<(), String> {
    at.array += 1;
    let children: Vec<&DataType> = match kind {
        DataType::Null => return Ok(()),
        DataType::Utf8View | DataType::BinaryView => {
            at.views += 1;
            at.buffer += 2;
            return Ok(());
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Binary | DataType::LargeBinary => {
            at.buffer += 3;
            return Ok(());
        }
        DataType::List(child) | DataType::LargeList(child) | DataType::Map(child, _) => {
            at.buffer += 2;
            vec![child.data_type()]
        }
        DataType::ListView(child) | DataType::LargeListView(child) => {
            at.buffer += 3;
            vec![child.data_type()]
        }
        DataType::FixedSizeList(child, _) => {
            at.buffer += 1;
            vec![child.data_type()]
        }
        DataType::Struct(members) => {
            at.buffer += 1;
            members.iter().map(|member| member.data_type()).collect()
        }
        DataType::Union(members, mode) => {
            at.buffer += match mode {
                arrow_schema::UnionMode::Sparse => 1,
                arrow_schema::UnionMode::Dense => 2,
            };
            members.iter().map(|(_, member)| member.data_type()).collect()
        }
        DataType::RunEndEncoded(ends, values) => vec![ends.data_type(), values.data_type()],
        _ => {
            at.buffer += 2;
            return Ok(());
        }
    };
    children.into_iter().try_for_each(|child| skip(child, at))
}
