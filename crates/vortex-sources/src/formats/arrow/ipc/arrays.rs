//! From slots to arrays.

use arrow_array::builder::{BinaryViewBuilder, StringViewBuilder};
use arrow_array::{Array, ArrayRef, make_array, new_empty_array};
use arrow_buffer::Buffer;
use arrow_data::ArrayData;
use arrow_schema::DataType;

use super::schema::numbers;
use crate::formats::arrow::gather::{Slots, Values};
use crate::formats::arrow::shape::Numbers;
use crate::formats::arrow::structure::{Is, Node};

/// An array of a type; `dictionary` gives the values of dictionaries.
pub(super) fn array(
    kind: &DataType,
    node: &Node,
    slots: &Slots,
    dictionaries: &[Option<ArrayRef>],
) -> Result<ArrayRef, String> {
    data(kind, node, slots, dictionaries).map(make_array)
}

fn data(
    kind: &DataType,
    node: &Node,
    slots: &Slots,
    dictionaries: &[Option<ArrayRef>],
) -> Result<ArrayData, String> {
    let Slots { n, valid, values } = slots;
    let wrong = || format!("values that are not of type {kind}");
    let mut builder = ArrayData::builder(kind.clone()).len(*n).align_buffers(true);
    if let Some(valid) = valid {
        builder = builder.null_bit_buffer(Some(bits(valid)));
    }
    let inside =
        |kind: &DataType, node: &Node, slots: &Slots| data(kind, node, slots, dictionaries);
    let builder = match (kind, values, &node.is) {
        (DataType::Null, Values::Null, _) => builder,
        (DataType::Boolean, Values::Fixed(values), _) => builder.add_buffer(bits(values)),
        (DataType::Dictionary(_, kind), Values::Fixed(values), Is::Fixed { dictionary, .. }) => {
            let known = dictionary.and_then(|number| dictionaries.get(number as usize));
            // Before the first values of a dictionary, all are null.
            let known = known.cloned().flatten().unwrap_or_else(|| new_empty_array(kind));
            if known.is_empty() {
                // The slots that say they have a value are inside of nulls.
                builder = builder.null_bit_buffer(Some(bits(&vec![0; *n])));
            }
            let values = Buffer::from_vec(values.clone());
            builder.add_buffer(values).add_child_data(known.to_data())
        }
        (DataType::FixedSizeList(..), Values::Fixed(values), _) => {
            return packed(kind, *n, values, valid.as_deref());
        }
        (
            DataType::FixedSizeList(child, length),
            Values::Array { length: n, items },
            Is::Array { items: node, .. },
        ) if i64::from(*length) == i64::from(*n) => {
            builder.add_child_data(inside(child.data_type(), node, items)?)
        }
        (DataType::Utf8View | DataType::BinaryView, Values::Bytes { lengths, data }, _) => {
            return views(kind, lengths, data, valid.as_deref());
        }
        (_, Values::Bytes { lengths, data }, _) => {
            let buffer = Buffer::from_vec(data.clone());
            builder.add_buffer(offsets(kind, lengths)?).add_buffer(buffer)
        }
        (
            DataType::List(child) | DataType::LargeList(child) | DataType::Map(child, _),
            Values::List { counts, items },
            Is::List { items: node, .. },
        ) => {
            let child = inside(child.data_type(), node, items)?;
            builder.add_buffer(offsets(kind, counts)?).add_child_data(child)
        }
        (DataType::Struct(fields), Values::Struct(members), Is::Struct(nodes))
            if fields.len() == members.len() && fields.len() == nodes.len() =>
        {
            let mut builder = builder;
            for ((field, member), node) in fields.iter().zip(members).zip(nodes) {
                builder = builder.add_child_data(inside(field.data_type(), node, member)?);
            }
            builder
        }
        (kind, Values::Fixed(values), _) => {
            let width = numbers(kind).map(|numbers| numbers.iter().map(Numbers::bytes).sum());
            if width.and_then(|width: usize| width.checked_mul(*n)) != Some(values.len()) {
                return Err(wrong());
            }
            builder.add_buffer(Buffer::from_vec(values.clone()))
        }
        _ => return Err(wrong()),
    };
    builder.build().map_err(|e| e.to_string())
}

/// Arrays in arrays of numbers without nulls inside.
fn packed(
    kind: &DataType,
    n: usize,
    values: &[u8],
    valid: Option<&[u8]>,
) -> Result<ArrayData, String> {
    let mut builder = ArrayData::builder(kind.clone()).len(n).align_buffers(true);
    if let Some(valid) = valid {
        builder = builder.null_bit_buffer(Some(bits(valid)));
    }
    let builder = match kind {
        DataType::FixedSizeList(child, length) => {
            let length = usize::try_from(*length).map_err(|e| e.to_string())?;
            let inside = n.checked_mul(length).ok_or("too many values")?;
            builder.add_child_data(packed(child.data_type(), inside, values, None)?)
        }
        _ => builder.add_buffer(Buffer::from_vec(values.to_vec())),
    };
    builder.build().map_err(|e| e.to_string())
}

/// A bit for each byte that is not 0.
fn bits(bytes: &[u8]) -> Buffer {
    let pack = |bytes: &[u8]| {
        let bits = bytes.iter().enumerate();
        bits.fold(0, |packed, (at, byte)| packed | u8::from(*byte != 0) << at)
    };
    Buffer::from_vec(bytes.chunks(8).map(pack).collect::<Vec<u8>>())
}

/// The offsets of texts or lists.
fn offsets(kind: &DataType, counts: &[u32]) -> Result<Buffer, String> {
    let wide = match kind {
        DataType::LargeUtf8 | DataType::LargeBinary | DataType::LargeList(_) => true,
        DataType::Utf8 | DataType::Binary | DataType::List(_) | DataType::Map(..) => false,
        kind => return Err(format!("lengths of values of type {kind}")),
    };
    let mut end = 0i64;
    let mut all = vec![0i64];
    for count in counts {
        end += i64::from(*count);
        all.push(end);
    }
    if wide {
        return Ok(Buffer::from_vec(all));
    }
    let narrow: Result<Vec<i32>, _> = all.into_iter().map(i32::try_from).collect();
    narrow.map(Buffer::from_vec).map_err(|_| format!("{end} items or bytes in one batch"))
}

fn views(
    kind: &DataType,
    lengths: &[u32],
    data: &[u8],
    valid: Option<&[u8]>,
) -> Result<ArrayData, String> {
    let is_text = *kind == DataType::Utf8View;
    let (mut texts, mut bytes) = (StringViewBuilder::new(), BinaryViewBuilder::new());
    let mut at = 0;
    for (slot, len) in lengths.iter().enumerate() {
        let value = data.get(at..at + *len as usize).ok_or("bytes are missing")?;
        at += *len as usize;
        let value = Some(value).filter(|_| valid.is_none_or(|valid| valid[slot] != 0));
        if is_text {
            let text = value.map(std::str::from_utf8).transpose().map_err(|e| e.to_string())?;
            texts.append_option(text);
        } else {
            bytes.append_option(value);
        }
    }
    Ok(if is_text { texts.finish().to_data() } else { bytes.finish().to_data() })
}
