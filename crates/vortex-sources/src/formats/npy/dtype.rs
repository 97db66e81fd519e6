//! numpy's `descr` as fields.

use vortex_coder::schema::{DType, MAX_STRIDE};

use super::literal::Literal;
use super::type_text::of_text;
use crate::fields::Fields;

/// Largest element that is split into fields.
pub(super) const MAX_ELEMENT_BYTES: u64 = 1 << 30;

/// A dtype.
#[derive(Debug, PartialEq, Eq)]
pub enum Element {
    /// Numbers of one type; complex ones are two.
    Number {
        /// Their type.
        dtype: DType,
        /// Most significant byte first.
        big_endian: bool,
        /// Numbers per element.
        count: u64,
    },
    /// Text, or bytes without a meaning for numpy.
    Bytes(u64),
    /// Named members, one after the other.
    Record(Vec<Member>),
}

/// A member of a record.
#[derive(Debug, PartialEq, Eq)]
pub struct Member {
    /// Empty for padding.
    pub(super) name: String,
    pub(super) element: Element,
    /// `None` for a single element.
    pub(super) count: Option<u64>,
}

impl Element {
    /// Reads a `descr`.
    ///
    /// # Errors
    /// A message for dtypes without a fixed layout of numbers.
    pub fn parse(descr: &Literal) -> Result<Self, String> {
        let element = match descr {
            Literal::Text(text) => of_text(text)?,
            Literal::Sequence(members) => {
                Self::Record(members.iter().map(Member::parse).collect::<Result<_, _>>()?)
            }
            _ => return Err("descr is neither a string nor a list of fields".into()),
        };
        if element.size() > MAX_ELEMENT_BYTES {
            return Err(format!("an element of more than {MAX_ELEMENT_BYTES} bytes"));
        }
        Ok(element)
    }

    /// Bytes per element.
    pub fn size(&self) -> u64 {
        match self {
            Self::Number { dtype, count, .. } => count.saturating_mul(dtype.size() as u64),
            Self::Bytes(n) => *n,
            Self::Record(members) => members.iter().fold(0, |n, m| m.size().saturating_add(n)),
        }
    }

    /// Whether an element is a single number.
    pub fn is_number(&self) -> bool {
        matches!(self, Self::Number { count: 1, .. })
    }

    /// Adds the fields of an element at `offset`.
    pub fn describe(&self, fields: &mut Fields, name: &str, offset: u64) {
        if fields.overflowed() {
            return;
        }
        match self {
            Self::Number { dtype, big_endian, count: 1 } => {
                fields.push(name, *dtype, *big_endian, offset);
            }
            Self::Number { dtype, big_endian, count } => {
                let size = dtype.size() as u64;
                for i in 0..(*count).min(u64::from(MAX_STRIDE) + 1) {
                    fields.push(&format!("{name}[{i}]"), *dtype, *big_endian, offset + i * size);
                }
            }
            Self::Bytes(n) => fields.push_bytes(name, *n, offset),
            Self::Record(members) => {
                let mut at = offset;
                for member in members {
                    member.describe(fields, name, at);
                    at = at.saturating_add(member.size());
                }
            }
        }
    }
}

impl Member {
    fn parse(literal: &Literal) -> Result<Self, String> {
        let Literal::Sequence(parts) = literal else {
            return Err("a field that is not (name, dtype)".into());
        };
        let (name, descr, shape) = match parts.as_slice() {
            [name, descr] => (name, descr, None),
            [name, descr, Literal::Sequence(shape)] => (name, descr, Some(shape.as_slice())),
            [name, descr, one @ Literal::Int(_)] => (name, descr, Some(std::slice::from_ref(one))),
            _ => return Err("a field that is not (name, dtype, shape)".into()),
        };
        let name = match name {
            Literal::Text(name) => name.clone(),
            // (title, name)
            Literal::Sequence(both) => match both.as_slice() {
                [_, Literal::Text(name)] => name.clone(),
                _ => return Err("a field whose name is no string".into()),
            },
            _ => return Err("a field whose name is no string".into()),
        };
        let count = shape.map(product).transpose()?;
        Ok(Self { name, element: Element::parse(descr)?, count })
    }

    fn size(&self) -> u64 {
        self.element.size().saturating_mul(self.count.unwrap_or(1))
    }

    fn describe(&self, fields: &mut Fields, outer: &str, offset: u64) {
        // numpy writes padding as unnamed bytes; the schema adds padding itself.
        if self.name.is_empty() {
            return;
        }
        let name = match outer {
            "value" => self.name.clone(),
            outer => format!("{outer}.{}", self.name),
        };
        let Some(count) = self.count else {
            return self.element.describe(fields, &name, offset);
        };
        let size = self.element.size();
        if size == 0 {
            return;
        }
        for i in 0..count.min(u64::from(MAX_STRIDE) + 1) {
            self.element.describe(fields, &format!("{name}[{i}]"), offset + i * size);
        }
    }
}

/// Number of elements of a shape.
pub fn product(shape: &[Literal]) -> Result<u64, String> {
    dimensions(shape)?
        .iter()
        .try_fold(1u64, |n, d| n.checked_mul(*d))
        .ok_or_else(|| "a shape with more than 2^64 elements".into())
}

/// Lengths of a shape.
pub fn dimensions(shape: &[Literal]) -> Result<Vec<u64>, String> {
    let length = |literal: &Literal| match literal {
        Literal::Int(n) => u64::try_from(*n).map_err(|_| format!("a dimension of length {n}")),
        _ => Err("a dimension that is no number".to_owned()),
    };
    shape.iter().map(length).collect()
}
