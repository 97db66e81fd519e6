//! The stage that predicts a field from the same field of the record before.

use super::Surroundings;
use super::field::Field;
use super::grid::exchanged;
use super::stage::{KnownStage, Stage};
use super::words::{Shape, Words};
use crate::error::{Error, Result};
use vortex_base::dtype::DType;

/// The prediction from the record before has no parameters.
#[derive(Clone, Copy, Debug)]
pub(super) struct RecordBefore;

impl RecordBefore {
    /// What is expected of the field: its integer in the record before. Of a lane's first record values
    /// themselves are coded, because 0 is expected of it, as a distance is counted.
    pub(super) fn expected(self, around: &Surroundings<'_>) -> u64 {
        let Surroundings { field, grid, before, .. } = around;
        let integer = |before| around.in_order(exchanged(*grid, field.bits(before)));
        before.map_or(field.dtype.sign(), integer)
    }
}

impl Stage for RecordBefore {
    fn bit(&self) -> u8 {
        Self::BIT
    }

    fn key(&self) -> &'static str {
        Self::KEY
    }

    fn check(&self, _dtype: DType, _n_fields: usize) -> std::result::Result<(), String> {
        Ok(())
    }

    fn write_to(&self, _out: &mut Vec<u8>) {}

    fn to_words(&self, _fields: &[Field]) -> Words {
        Words::Flag(true)
    }

    fn describe(&self, _fields: &[Field]) -> String {
        "near the record before".into()
    }
}

impl KnownStage for RecordBefore {
    const BIT: u8 = 4;
    const KEY: &'static str = "delta";
    const SHAPE: Shape = Shape::Flag;

    fn read_from(_input: &mut &[u8]) -> Result<Self> {
        Ok(Self)
    }

    fn from_words(words: &Words, _fields: &[Field]) -> Result<Option<Self>> {
        match words {
            Words::Flag(stated) => Ok(stated.then_some(Self)),
            _ => Err(Error::invalid_argument(format!("delta: true or false, not {words:?}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::bit_patterns::{any_typed_bits, every, narrow, round_trip, special};
    use super::super::grid::DecimalGrid;
    use super::super::order::in_order;
    use super::super::{FieldCoding, Order, Predicted};
    use super::*;
    use proptest::prelude::*;

    const CODING: FieldCoding =
        FieldCoding::Number { grid: None, order: Order::Ordered(Predicted::RecordBefore) };

    fn check(dtype: DType, bits: &[u64]) {
        let codes = round_trip(&CODING, dtype, bits);
        let mut before = dtype.sign();
        for (&bits, code) in bits.iter().zip(codes) {
            let value = in_order(dtype, bits);
            let distance = value.wrapping_sub(before).wrapping_add(dtype.sign()) & dtype.mask();
            assert_eq!(code, distance, "{dtype} {bits:#x} after {before:#x}");
            before = value;
        }
    }

    #[test]
    fn every_narrow_number_and_all_pairs_of_special_ones_come_back() {
        for dtype in narrow() {
            check(dtype, &every(dtype).collect::<Vec<_>>());
            // Steps of any size: the odd factor leaves out none.
            check(dtype, &every(dtype).map(|i| (i * 0x9e35) & dtype.mask()).collect::<Vec<_>>());
        }
        for dtype in DType::ALL {
            let special = special(dtype);
            let pairs = special.iter().flat_map(|&a| special.iter().flat_map(move |&b| [a, b]));
            check(dtype, &pairs.collect::<Vec<_>>());
        }
    }

    #[test]
    fn files_and_sidecars_give_it_back() {
        let mut bytes = Vec::new();
        CODING.write_extension(&mut bytes);
        assert_eq!(bytes, [4]);
        assert_eq!(FieldCoding::read(2, true, &mut &bytes[..]).unwrap(), CODING);
        assert!(FieldCoding::read(1, true, &mut &bytes[..]).is_err());
        let words = CODING.to_words(DType::U8, &[]);
        assert_eq!(words, [("delta", Words::Flag(true))]);
        assert_eq!(FieldCoding::from_words(DType::U8, &words, &[]).unwrap(), CODING);
        let not = [("delta", Words::Flag(false))];
        assert_eq!(FieldCoding::from_words(DType::U8, &not, &[]).unwrap(), FieldCoding::Raw);
        assert!(FieldCoding::from_words(DType::U8, &[("delta", Words::Count(1))], &[]).is_err());
    }

    proptest! {
        #[test]
        fn wide_numbers_come_back((dtype, bits) in any_typed_bits(8)) {
            check(dtype, &bits);
        }

        #[test]
        fn places_on_a_grid_come_back(bits in any_typed_bits(8), digits in 1u8..=8, places in 0u8..=30) {
            let (_, bits) = bits;
            let order = Order::Ordered(Predicted::RecordBefore);
            let coding = FieldCoding::Number { grid: DecimalGrid::new(digits, places), order };
            round_trip(&coding, DType::F32, &bits.iter().map(|b| b & DType::F32.mask()).collect::<Vec<_>>());
        }
    }
}
