//! Consecutive numbers of one width: their layout in a file, and their order.

/// The layout of the numbers of a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Numbers {
    /// 1, 2, 4 or 8 bytes.
    pub width: usize,
    /// Whether the most significant byte comes first.
    pub big_endian: bool,
    pub form: Form,
    /// Distances in bytes to similar numbers, besides the previous number; 0 for none.
    pub far: [usize; 2],
    /// Low bytes that are noise.
    pub flat: usize,
}

/// The form of a number, which defines its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Unsigned = 0,
    Signed = 1,
    Float = 2,
}

impl Numbers {
    /// The number at a place, as an integer in the order of the numbers.
    pub(super) fn at(&self, bytes: &[u8], place: usize) -> u64 {
        self.in_order(self.bits(&bytes[place..place + self.width]))
    }

    fn bits(&self, bytes: &[u8]) -> u64 {
        let join = |bits: u64, byte: &u8| bits << 8 | u64::from(*byte);
        if self.big_endian { bytes.iter().fold(0, join) } else { bytes.iter().rev().fold(0, join) }
    }

    /// Writes a number; the inverse of [`Self::at`].
    pub(super) fn write(&self, number: u64, out: &mut [u8]) {
        let bits = self.out_of_order(number);
        out.copy_from_slice(&bits.to_le_bytes()[..self.width]);
        if self.big_endian {
            out.reverse();
        }
    }

    fn sign(&self) -> u64 {
        1 << (8 * self.width - 1)
    }

    /// The largest number.
    pub(super) fn mask(&self) -> u64 {
        u64::MAX >> (64 - 8 * self.width)
    }

    fn in_order(&self, bits: u64) -> u64 {
        match self.form {
            Form::Unsigned => bits,
            Form::Float if bits & self.sign() != 0 => !bits & self.mask(),
            Form::Signed | Form::Float => bits ^ self.sign(),
        }
    }

    fn out_of_order(&self, number: u64) -> u64 {
        match self.form {
            Form::Unsigned => number,
            Form::Float if number & self.sign() == 0 => !number & self.mask(),
            Form::Signed | Form::Float => number ^ self.sign(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_of_16_bits_comes_back_in_order() {
        for form in [Form::Unsigned, Form::Signed, Form::Float] {
            for big_endian in [false, true] {
                let numbers = Numbers { width: 2, big_endian, form, far: [0; 2], flat: 0 };
                for bits in 0..=u16::MAX {
                    let number = numbers.at(&bits.to_le_bytes(), 0);
                    let mut back = [0; 2];
                    numbers.write(number, &mut back);
                    assert_eq!(u16::from_le_bytes(back), bits);
                }
            }
        }
        let floats =
            Numbers { width: 4, big_endian: false, form: Form::Float, far: [0; 2], flat: 0 };
        let values = [f32::NEG_INFINITY, -2.5, -0.0, 0.0, 1e-40, 7.0];
        assert!(values.map(|v| floats.at(&v.to_le_bytes(), 0)).is_sorted());
        let signed =
            Numbers { width: 8, big_endian: true, form: Form::Signed, far: [0; 2], flat: 0 };
        let values = [i64::MIN, -5, 0, i64::MAX];
        assert!(values.map(|v| signed.at(&v.to_be_bytes(), 0)).is_sorted());
    }
}
