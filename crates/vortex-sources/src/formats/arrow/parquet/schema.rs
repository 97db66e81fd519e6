//! The schema of a file: its columns as shapes, and where each part is in the levels of a leaf.

use std::sync::Arc;

use parquet::basic::{ConvertedType, LogicalType, Repetition, Type as Physical};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{ColumnDescriptor, Type, TypePtr};
use vortex_coder::schema::DType;

use crate::formats::arrow::shape::{Kind, Numbers, Shape};
use crate::formats::arrow::structure::{MAX_DEPTH, MAX_NODES};

/// The key of the Arrow schema in the metadata.
pub(super) const ARROW_SCHEMA: &str = "ARROW:schema";

/// A part of a column: where it is in the levels of a leaf below it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// The leaf.
    pub(super) leaf: usize,
    /// The definition level up to it, without it.
    pub(super) def: i16,
    /// The same, of the list that it is an item of; 0 for rows.
    pub(super) item_def: i16,
    /// The number of lists around it.
    pub(super) rep: i16,
}

/// The columns of a file.
#[derive(Debug, Default)]
pub(super) struct Columns {
    /// The columns, or why they cannot be read.
    pub(super) columns: Vec<(String, Result<Shape, String>)>,
    /// Of each node.
    pub(super) steps: Vec<Step>,
    leaves: usize,
}

impl Columns {
    pub(super) fn of(root: &Type) -> Self {
        let mut all = Self::default();
        for field in root.get_fields() {
            let (steps, leaves) = (all.steps.len(), all.leaves);
            let shape = all.visit(field, field.name().to_owned(), At::default());
            if shape.is_err() {
                all.steps.truncate(steps);
                all.leaves = leaves + count_leaves(field);
            }
            all.columns.push((field.name().to_owned(), shape));
        }
        all
    }

    /// A node, and if it is repeated, another one for its items.
    fn visit(&mut self, field: &Type, name: String, at: At) -> Result<Shape, String> {
        let node = self.steps.len();
        if node >= MAX_NODES {
            return Err(format!("more than {MAX_NODES} columns and parts of them"));
        }
        if at.depth >= MAX_DEPTH {
            return Err(format!(
                "more than {MAX_DEPTH} parts inside of each other; a list counts as three"
            ));
        }
        let At { def, item_def, rep, depth } = at;
        self.steps.push(Step { leaf: self.leaves, def, item_def, rep });
        match field.get_basic_info().has_repetition().then(|| field.get_basic_info().repetition()) {
            Some(Repetition::REPEATED) => {
                let at = At { def: def + 1, item_def: def + 1, rep: rep + 1, depth: depth + 1 };
                let node_of_items = self.steps.len();
                self.steps.push(Step {
                    leaf: self.leaves,
                    def: at.def,
                    item_def: at.def,
                    rep: at.rep,
                });
                let kind = self.inner(field, &name, at)?;
                let items = Shape {
                    node: node_of_items,
                    name: name.clone(),
                    nullable: false,
                    kind,
                    dictionary: None,
                };
                Ok(Shape {
                    node,
                    name,
                    nullable: false,
                    kind: Kind::List(Box::new(items)),
                    dictionary: None,
                })
            }
            Some(Repetition::OPTIONAL) => {
                let kind = self.inner(field, &name, At { def: def + 1, ..at })?;
                Ok(Shape { node, name, nullable: true, kind, dictionary: None })
            }
            _ => {
                let kind = self.inner(field, &name, at)?;
                Ok(Shape { node, name, nullable: false, kind, dictionary: None })
            }
        }
    }

    fn inner(&mut self, field: &Type, name: &str, at: At) -> Result<Kind, String> {
        if field.is_primitive() {
            self.leaves += 1;
            return primitive(field);
        }
        let fields = field.get_fields();
        if fields.is_empty() {
            return Err("a group without members".into());
        }
        let members = fields.iter().map(|member| {
            // The groups that make a list have names that say nothing.
            let name = match is_list(field) || fields.len() == 1 && at.rep > 0 && is_item(member) {
                true => name.to_owned(),
                false => format!("{name}.{}", member.name()),
            };
            self.visit(member, name, At { depth: at.depth + 1, ..at })
        });
        Ok(Kind::Struct(members.collect::<Result<_, _>>()?))
    }
}

/// Levels, and the number of nodes around.
#[derive(Clone, Copy, Default)]
struct At {
    depth: usize,
    def: i16,
    item_def: i16,
    rep: i16,
}

fn is_list(field: &Type) -> bool {
    let info = field.get_basic_info();
    let logical = matches!(info.logical_type_ref(), Some(LogicalType::List | LogicalType::Map));
    let old = [ConvertedType::LIST, ConvertedType::MAP, ConvertedType::MAP_KEY_VALUE];
    field.get_fields().len() == 1 && (logical || old.contains(&info.converted_type()))
}

fn is_item(field: &Type) -> bool {
    matches!(field.name(), "element" | "item" | "array" | "array_element")
}

fn count_leaves(field: &Type) -> usize {
    match field.is_primitive() {
        true => 1,
        false => field.get_fields().iter().map(|field| count_leaves(field)).sum(),
    }
}

/// What a leaf stores.
fn primitive(field: &Type) -> Result<Kind, String> {
    let Type::PrimitiveType { basic_info, physical_type, type_length, .. } = field else {
        return Err("not a leaf".into());
    };
    let logical = basic_info.logical_type_ref();
    let unsigned = match logical {
        Some(LogicalType::Integer(number)) => !number.is_signed,
        _ => [
            ConvertedType::UINT_8,
            ConvertedType::UINT_16,
            ConvertedType::UINT_32,
            ConvertedType::UINT_64,
        ]
        .contains(&basic_info.converted_type()),
    };
    let one = |dtype| vec![Numbers::new(dtype, 1)];
    Ok(Kind::Fixed(match physical_type {
        Physical::BOOLEAN => one(DType::Bool),
        Physical::INT32 => one(if unsigned { DType::U32 } else { DType::I32 }),
        Physical::INT64 => one(if unsigned { DType::U64 } else { DType::I64 }),
        // Nanoseconds of the day, and the Julian day.
        Physical::INT96 => vec![Numbers::new(DType::U64, 1), Numbers::new(DType::U32, 1)],
        Physical::FLOAT => one(DType::F32),
        Physical::DOUBLE => one(DType::F64),
        Physical::BYTE_ARRAY => return Ok(Kind::Bytes),
        Physical::FIXED_LEN_BYTE_ARRAY => {
            let len = u32::try_from(*type_length).map_err(|_| "values of a negative length")?;
            let decimal = matches!(logical, Some(LogicalType::Decimal(_)))
                || basic_info.converted_type() == ConvertedType::DECIMAL;
            match logical {
                Some(LogicalType::Float16) if len == 2 => one(DType::F16),
                _ if decimal => {
                    let big_endian = |dtype| Numbers { dtype, big_endian: true, count: 1 };
                    let mut numbers = match len % 8 {
                        0 => Vec::new(),
                        n => vec![Numbers::new(DType::U8, n)],
                    };
                    numbers.extend((0..len / 8).map(|_| big_endian(DType::U64)));
                    numbers
                }
                _ => vec![Numbers::new(DType::U8, len)],
            }
        }
    }))
}

/// Bytes of a value of a leaf; 0 for texts.
pub(super) fn width(leaf: &ColumnDescriptor) -> usize {
    match leaf.physical_type() {
        Physical::BOOLEAN => 1,
        Physical::INT32 | Physical::FLOAT => 4,
        Physical::INT64 | Physical::DOUBLE => 8,
        Physical::INT96 => 12,
        Physical::BYTE_ARRAY => 0,
        Physical::FIXED_LEN_BYTE_ARRAY => usize::try_from(leaf.type_length()).unwrap_or_default(),
    }
}

/// The schema without some of its columns, and the metadata that is true for it.
pub(super) fn without(
    root: &Type,
    metadata: Option<&Vec<KeyValue>>,
    keep: &[bool],
) -> Result<(TypePtr, Vec<KeyValue>), String> {
    let whole = keep.iter().all(|keep| *keep);
    let fields = root.get_fields().iter().zip(keep).filter(|(_, keep)| **keep);
    let fields = fields.map(|(field, _)| Arc::clone(field)).collect();
    let kept = Type::group_type_builder(root.name()).with_fields(fields).build();
    let metadata = metadata.into_iter().flatten();
    // The Arrow schema has all columns.
    let metadata = metadata.filter(|entry| whole || entry.key != ARROW_SCHEMA);
    Ok((Arc::new(kept.map_err(|e| e.to_string())?), metadata.cloned().collect()))
}

/// A file without rows.
pub(super) fn empty_file(schema: TypePtr, metadata: Vec<KeyValue>) -> Result<Vec<u8>, String> {
    let metadata = Some(metadata).filter(|metadata| !metadata.is_empty());
    let properties = WriterProperties::builder().set_key_value_metadata(metadata).build();
    let writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties));
    writer.and_then(SerializedFileWriter::into_inner).map_err(|e| e.to_string())
}
