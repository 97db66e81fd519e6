//! Bit patterns for the tests of stages: every one of 16 bits, and of wider types those that matter beside random ones.

use proptest::prelude::*;

use super::super::layout::RecordLayout;
use super::super::schema::Schema;
use super::FieldCoding;
use super::field::Field;
use vortex_base::dtype::DType;

/// All bit patterns of a type of at most 16 bits.
pub(super) fn every(dtype: DType) -> impl Iterator<Item = u64> {
    assert!(dtype.size() <= 2, "{dtype} has too many");
    0..=dtype.mask()
}

/// The types that [`every`] is for.
pub(super) fn narrow() -> impl Iterator<Item = DType> {
    DType::ALL.into_iter().filter(|dtype| dtype.size() <= 2)
}

/// Zeros, ones, largest and smallest integers; of floats the infinities, quiet and signalling NaN with and without a payload, the smallest
/// and the largest subnormal and normal numbers; each with both signs and with its two neighbours.
pub(super) fn special(dtype: DType) -> Vec<u64> {
    let mantissa_bits = match dtype {
        DType::F16 => 10,
        DType::Bf16 => 7,
        DType::F32 => 23,
        DType::F64 => 52,
        _ => 0,
    };
    let hidden = 1u64 << mantissa_bits;
    let infinity = (dtype.mask() >> 1) & !(hidden - 1);
    let magnitudes = [0, 1, hidden, infinity, infinity | hidden >> 1, dtype.mask() >> 1];
    let signs = magnitudes.into_iter().flat_map(|bits| [bits, bits | dtype.sign()]);
    let near = signs.flat_map(|bits| [bits.wrapping_sub(1), bits, bits.wrapping_add(1)]);
    near.map(|bits| bits & dtype.mask()).collect()
}

/// Bits of a type: special ones, or any.
pub(super) fn any_bits(dtype: DType) -> impl Strategy<Value = u64> {
    prop_oneof![
        1 => prop::sample::select(special(dtype)),
        2 => any::<u64>().prop_map(move |bits| bits & dtype.mask()),
    ]
}

/// A type and some of its bits.
pub(super) fn any_typed_bits(n: usize) -> impl Strategy<Value = (DType, Vec<u64>)> {
    prop::sample::select(DType::ALL.to_vec())
        .prop_flat_map(move |dtype| (Just(dtype), prop::collection::vec(any_bits(dtype), n)))
}

/// Codes records of one field with these bits, and checks that each comes back; gives back the symbols as integers.
pub(super) fn round_trip(coding: &FieldCoding, dtype: DType, bits: &[u64]) -> Vec<u64> {
    let codes = [false, true].map(|big_endian| {
        let field = Field { big_endian, coding: coding.clone(), ..Field::new("x", dtype, 0) };
        let schema = Schema::new(dtype.size(), vec![field]).unwrap();
        let records: Vec<Vec<u8>> = bits
            .iter()
            .map(|&bits| {
                let mut record = vec![0; dtype.size()];
                schema.fields()[0].set_bits(&mut record, bits);
                record
            })
            .collect();
        come_back(&schema, &records)
    });
    if *coding != FieldCoding::Raw {
        assert_eq!(codes[0], codes[1], "the byte order of the file changes nothing");
    }
    codes[0].clone()
}

/// Codes records and checks that each comes back; gives back the first field's symbols as integers.
pub(super) fn come_back(schema: &Schema, records: &[Vec<u8>]) -> Vec<u64> {
    let layout = RecordLayout::new(schema.clone());
    let size = schema.fields()[0].dtype.size();
    let mut symbols = vec![0; schema.stride()];
    let mut again = vec![0; schema.stride()];
    let mut before: Option<&[u8]> = None;
    let coded = records.iter().map(|record| {
        layout.to_symbols(before, record, &mut symbols);
        again.fill(0xa5);
        layout.to_record(before, &symbols, &mut again);
        assert_eq!(&again, record, "{:?} after {before:?}", schema.fields()[0].coding);
        before = Some(record);
        symbols[..size].iter().fold(0, |code, &symbol| code << 8 | u64::from(symbol))
    });
    coded.collect()
}
