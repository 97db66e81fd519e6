//! The stage that orders bytes: as they lie in the file, most significant first, or those of an integer
//! that is larger where the value is larger.

use super::words::{Shape, Words};
use crate::error::{Error, Result};
use vortex_base::dtype::{DType, NumberKind};

/// The three orders, as files number them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Transform {
    Raw = 0,
    MsbFirst = 1,
    Ordered = 2,
}

impl Transform {
    const ALL: [Self; 3] = [Self::Raw, Self::MsbFirst, Self::Ordered];
    pub(super) const KEY: &str = "transform";
    pub(super) const SHAPE: Shape = Shape::Text;

    pub(super) fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Raw => "identity",
            Self::MsbFirst => "msb_first",
            Self::Ordered => "ordered",
        }
    }

    pub(super) fn to_words(self) -> Words {
        Words::Text(self.word().into())
    }

    pub(super) fn from_words(words: &Words) -> Result<Self> {
        let known = |transform: &Self| transform.to_words() == *words;
        Self::ALL.into_iter().find(known).ok_or_else(|| {
            let allowed = Self::ALL.map(Self::word).join(", ");
            let text = if let Words::Text(text) = words { text } else { &format!("{words:?}") };
            Error::invalid_argument(format!("unknown transform {text:?}; allowed: {allowed}"))
        })
    }
}

/// The order-preserving integer of a number's bits: the sign bit of signed integers is flipped, and of
/// floats that are positive; all bits of negative floats are.
pub(in crate::records) const fn in_order(dtype: DType, bits: u64) -> u64 {
    match dtype.number_kind() {
        NumberKind::Unsigned => bits,
        NumberKind::Float if bits & dtype.sign() != 0 => !bits & dtype.mask(),
        NumberKind::Float | NumberKind::Signed => bits ^ dtype.sign(),
    }
}

/// Undoes [`in_order`].
pub(in crate::records) const fn out_of_order(dtype: DType, code: u64) -> u64 {
    match dtype.number_kind() {
        NumberKind::Unsigned => code,
        NumberKind::Float if code & dtype.sign() == 0 => !code & dtype.mask(),
        NumberKind::Float | NumberKind::Signed => code ^ dtype.sign(),
    }
}

const SIGN: u8 = 0x80;

/// A field in order that needs no integer: [`in_order`] on the bytes themselves, which is faster.
#[derive(Clone, Debug)]
pub(crate) struct SignedField {
    first_role: u32,
    size: u8,
    float: bool,
}

impl SignedField {
    /// `None` for a type without a sign, whose bytes are in order.
    pub(crate) fn new(dtype: DType, first_role: u32) -> Option<Self> {
        let kind = dtype.number_kind();
        let size = u8::try_from(dtype.size()).expect("at most 8");
        let field = Self { first_role, size, float: kind == NumberKind::Float };
        (kind != NumberKind::Unsigned).then_some(field)
    }

    pub(crate) fn first_role(&self) -> usize {
        self.first_role as usize
    }

    /// Changes the symbols of a record, which are its bytes, most significant first.
    pub(crate) fn to_symbols(&self, symbols: &mut [u8]) {
        self.value_to_symbols(&mut symbols[self.first_role as usize..][..usize::from(self.size)]);
    }

    /// The same for the bytes of the field alone.
    pub(crate) fn value_to_symbols(&self, value: &mut [u8]) {
        if self.float && value[0] & SIGN != 0 {
            value.iter_mut().for_each(|b| *b = !*b);
        } else {
            value[0] ^= SIGN;
        }
    }

    /// Changes back what lies in the record; `source` are the bytes of it that the roles are made of.
    pub(crate) fn to_record(&self, source: &[u16], record: &mut [u8]) {
        let first = self.first_role as usize;
        let sources = &source[first..first + usize::from(self.size)];
        let sign = usize::from(sources[0]);
        if self.float && record[sign] & SIGN == 0 {
            sources.iter().for_each(|&b| record[usize::from(b)] ^= 0xff);
        } else {
            record[sign] ^= SIGN;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::FieldCoding;
    use super::super::bit_patterns::{
        any_bits, any_typed_bits, every, narrow, round_trip, special,
    };
    use super::*;
    use proptest::prelude::*;

    const CODINGS: [FieldCoding; 3] =
        [FieldCoding::Raw, FieldCoding::MSB_FIRST, FieldCoding::ORDERED];

    /// Bytes and integers say the same.
    fn check(dtype: DType, bits: &[u64]) {
        assert_eq!(round_trip(&FieldCoding::MSB_FIRST, dtype, bits), bits);
        let ordered = round_trip(&FieldCoding::ORDERED, dtype, bits);
        for (&bits, code) in bits.iter().zip(ordered) {
            assert_eq!(in_order(dtype, bits), code, "{dtype} {bits:#x}");
            assert_eq!(out_of_order(dtype, code), bits, "{dtype} {bits:#x}");
        }
        // Little-endian first.
        let raw = round_trip(&FieldCoding::Raw, dtype, bits);
        let turned = bits.iter().map(|bits| bits.swap_bytes() >> (64 - 8 * dtype.size()));
        assert!(raw.into_iter().eq(turned), "{dtype}");
    }

    #[test]
    fn every_narrow_number_and_special_wide_ones_come_back() {
        narrow().for_each(|dtype| check(dtype, &every(dtype).collect::<Vec<_>>()));
        DType::ALL.into_iter().for_each(|dtype| check(dtype, &special(dtype)));
    }

    #[test]
    fn words_and_numbers_name_the_same_orders() {
        for (coding, (number, word)) in
            CODINGS.iter().zip([(0, "identity"), (1, "msb_first"), (2, "ordered")])
        {
            assert_eq!(FieldCoding::read(number, false, &mut &[][..]).unwrap(), *coding);
            let words = [(Transform::KEY, Words::Text(word.into()))];
            for dtype in DType::ALL {
                assert_eq!(FieldCoding::from_words(dtype, &words, &[]).unwrap(), *coding);
                let stated = coding.to_words(dtype, &[]);
                assert_eq!(FieldCoding::from_words(dtype, &stated, &[]).unwrap(), *coding);
            }
        }
        let words = [(Transform::KEY, Words::Flag(true))];
        assert!(FieldCoding::from_words(DType::U8, &words, &[]).is_err());
    }

    proptest! {
        #[test]
        fn wide_numbers_come_back((dtype, bits) in any_typed_bits(8)) {
            check(dtype, &bits);
        }

        #[test]
        fn codes_sort_as_values_do(
            (a, b) in (any_bits(DType::F64), any_bits(DType::F64)),
            (c, d) in (any_bits(DType::F32), any_bits(DType::F32)),
        ) {
            let order = |dtype, a, b| in_order(dtype, a).cmp(&in_order(dtype, b));
            let [x, y] = [a, b].map(f64::from_bits);
            prop_assert_eq!(order(DType::F64, a, b), x.total_cmp(&y));
            let [x, y] = [c, d].map(|bits| f32::from_bits(bits as u32));
            prop_assert_eq!(order(DType::F32, c, d), x.total_cmp(&y));
            prop_assert_eq!(order(DType::I64, a, b), (a as i64).cmp(&(b as i64)));
            prop_assert_eq!(order(DType::I32, c, d), (c as i32).cmp(&(d as i32)));
            prop_assert_eq!(order(DType::U64, a, b), a.cmp(&b));
        }
    }
}
