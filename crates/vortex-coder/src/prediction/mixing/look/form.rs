//! Finds the form of numbers: unsigned, signed or float.

use super::super::numbers::{Form, Numbers};

/// Numbers whose bits are read without change.
pub(super) fn as_bits(width: usize, big_endian: bool) -> Numbers {
    Numbers { width, big_endian, form: Form::Unsigned, far: [0; 2], flat: 0 }
}

pub(super) fn is_small(bits: u64, width: usize) -> bool {
    let (unused, limit) = if width == 4 { (32, 17) } else { (0, 40) };
    let signed = (bits << unused).cast_signed() >> unused;
    signed.unsigned_abs() >> limit == 0
}

pub(super) fn is_everyday_float(bits: u64, width: usize) -> bool {
    match width {
        4 => (bits >> 23 & 0xff).abs_diff(127) < 45,
        _ => (bits >> 52 & 0x7ff).abs_diff(1023) < 60,
    }
}

/// The form of the numbers at `start..end`, with the layout of `lie`.
pub(super) fn form(bytes: &[u8], start: usize, end: usize, lie: &Numbers) -> Form {
    let width = lie.width;
    if width < 4 {
        return if width == 1 { Form::Unsigned } else { Form::Signed };
    }
    let bits = as_bits(width, lie.big_endian);
    let numbers =
        (start..end).step_by(width).map(|at| bits.at(bytes, at)).filter(|&bits| bits != 0);
    let (floats, all) = numbers.fold((0, 0), |(floats, all), bits| {
        (floats + usize::from(is_everyday_float(bits, width)), all + 1)
    });
    if floats * 10 > all * 8 { Form::Float } else { Form::Signed }
}
