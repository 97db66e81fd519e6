//! `Double32_t` and `Float16_t`: floating point numbers in fewer bits.
//!
//! A comment `[low,high,bits]` after the class member, or in the title of the leaf, gives the
//! packing: a range makes a 32-bit whole number of `bits` bits, scaled; `[0,0,bits]` keeps the
//! exponent and `bits` bits of the mantissa in three bytes; without a comment, a `Double32_t` is a
//! float and a `Float16_t` a number of 12 bits in three bytes. The values are computed as in
//! uproot: `raw * ((high - low) / 2^bits) + low`, for `Float16_t` in 32-bit floats. ROOT divides by
//! the factor instead, which can differ in the last bit.

use vortex_base::dtype::DType;

use crate::error::{Fault, Outcome};

/// How packed numbers become floats.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Packing {
    /// A big-endian float, widened.
    Float,
    /// One byte of exponent, and two bytes of sign and mantissa, of which `bits + 1` bits are used.
    Mantissa { bits: u32 },
    /// A whole number times a step, from `low` on.
    Range { low: f64, step: f64 },
}

impl Packing {
    /// Bytes of one packed number.
    pub(crate) fn width(self) -> usize {
        match self {
            Self::Mantissa { .. } => 3,
            Self::Float | Self::Range { .. } => 4,
        }
    }

    pub(crate) fn of_double32(title: &str) -> Outcome<Self> {
        match brackets(title)? {
            None => Ok(Self::Float),
            Some(range) => range.packing(),
        }
    }

    pub(crate) fn of_float16(title: &str) -> Outcome<Self> {
        match brackets(title)? {
            None => Ok(Self::Mantissa { bits: 12 }),
            Some(range) => range.packing(),
        }
    }

    /// Appends the little-endian values of `packed`, whose length is a multiple of the width.
    pub(crate) fn unpack(self, packed: &[u8], to: DType, out: &mut Vec<u8>) {
        match self {
            Self::Float => {
                for bytes in packed.as_chunks::<4>().0 {
                    push(widen(f32::from_be_bytes(*bytes)), to, out);
                }
            }
            Self::Mantissa { bits } => {
                for bytes in packed.as_chunks::<3>().0 {
                    push(widen(from_mantissa(*bytes, bits)), to, out);
                }
            }
            Self::Range { low, step } => {
                for bytes in packed.as_chunks::<4>().0 {
                    let raw = u32::from_be_bytes(*bytes);
                    if to == DType::F32 {
                        let value = raw as f32 * step as f32 + low as f32;
                        out.extend_from_slice(&value.to_le_bytes());
                    } else {
                        push(f64::from(raw) * step + low, to, out);
                    }
                }
            }
        }
    }
}

fn push(value: f64, to: DType, out: &mut Vec<u8>) {
    if to == DType::F32 {
        out.extend_from_slice(&(value as f32).to_le_bytes());
    } else {
        out.extend_from_slice(&value.to_le_bytes());
    }
}

/// `f64::from` with explicit NaN payloads, so that every machine gives the same bits.
pub(crate) fn widen(value: f32) -> f64 {
    if !value.is_nan() {
        return f64::from(value);
    }
    let bits = u64::from(value.to_bits());
    let (sign, mantissa) = (bits >> 31, bits & 0x007f_ffff);
    // Processors set the quiet bit when they convert.
    f64::from_bits(sign << 63 | 0x7ff8 << 48 | mantissa << 29)
}

fn from_mantissa([exponent, high, low]: [u8; 3], bits: u32) -> f32 {
    let mantissa = u32::from(u16::from_be_bytes([high, low]));
    let sign_bit = 1 << (bits + 1);
    let kept = mantissa & (sign_bit - 1);
    let shifted = if bits <= 23 { kept << (23 - bits) } else { 0 };
    let value = f32::from_bits(u32::from(exponent) << 23 | shifted);
    if mantissa & sign_bit != 0 && !value.is_nan() { -value } else { value }
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Range {
    low: f64,
    high: f64,
    bits: Option<u32>,
}

impl Range {
    fn packing(self) -> Outcome<Packing> {
        // Other numbers of bits than 2 to 32 mean 32.
        let bits = self.bits.filter(|bits| (2..=32).contains(bits)).unwrap_or(32);
        if self.low == 0.0 && self.high == 0.0 {
            // Sign and mantissa share 16 bits.
            if bits > 14 {
                return Err(Fault::unsupported(format!("a mantissa of {bits} bits in 16")));
            }
            return Ok(Packing::Mantissa { bits });
        }
        if self.high <= self.low {
            let message = format!("a range from {} to {}", self.low, self.high);
            return Err(Fault::unsupported(message));
        }
        let step = (self.high - self.low) / (1u64 << bits) as f64;
        Ok(Packing::Range { low: self.low, step })
    }
}

/// The first brackets with commas. Dimensions, as in `x[n][3]`, have none.
fn brackets(title: &str) -> Outcome<Option<Range>> {
    let mut rest = title;
    while let Some((_, inner)) = rest.split_once('[') {
        let Some((inside, after)) = inner.split_once(']') else { break };
        rest = after;
        let parts: Vec<&str> = inside.split(',').map(str::trim).collect();
        let unknown = || Fault::unsupported(format!("a range of [{inside}]"));
        match parts[..] {
            [low, high] => {
                let (low, high) = (bound(low), bound(high));
                let (low, high) = low.zip(high).ok_or_else(unknown)?;
                return Ok(Some(Range { low, high, bits: None }));
            }
            [low, high, bits] => {
                let (low, high) = bound(low).zip(bound(high)).ok_or_else(unknown)?;
                let bits = bits.parse().map_err(|_| unknown())?;
                return Ok(Some(Range { low, high, bits: Some(bits) }));
            }
            _ => {}
        }
    }
    Ok(None)
}

/// A number, or one of the multiples of pi that ROOT knows by name.
fn bound(text: &str) -> Option<f64> {
    use std::f64::consts::{PI, TAU};
    let (sign, name) = match text.strip_prefix('-') {
        Some(name) => (-1.0, name.trim()),
        None => (1.0, text),
    };
    let value = match name.to_ascii_lowercase().as_str() {
        "pi" => PI,
        "2pi" | "2*pi" | "twopi" => TAU,
        "pi/2" => PI / 2.0,
        "pi/4" => PI / 4.0,
        number if number.starts_with(|c: char| c.is_ascii_digit() || c == '.') => {
            number.parse().ok().filter(|value: &f64| value.is_finite())?
        }
        _ => return None,
    };
    Some(sign * value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles() {
        let range = |low, high, bits| Some(Range { low, high, bits });
        for (title, expected) in [
            ("a comment", None),
            ("x[n][3]", None),
            ("[0,0,10] a comment", range(0.0, 0.0, Some(10))),
            ("x[n][-1,1.5]", range(-1.0, 1.5, None)),
            ("[ -pi , pi, 12]", range(-std::f64::consts::PI, std::f64::consts::PI, Some(12))),
            ("[1,2,3", None),
        ] {
            assert_eq!(brackets(title).unwrap(), expected, "{title}");
        }
        assert!(brackets("[a,b]").is_err());
        assert!(brackets("[0,1,many]").is_err());
        assert!(Packing::of_double32("[2,1]").is_err());
    }

    #[test]
    fn mantissas() {
        // 1.5 with two bits of mantissa: exponent 127, mantissa 10.
        assert_eq!(from_mantissa([127, 0, 0b010], 2), 1.5);
        assert_eq!(from_mantissa([127, 0, 0b1010], 2), -1.5);
        assert_eq!(from_mantissa([0, 0, 0b1000], 2).to_bits(), (-0.0f32).to_bits());
        assert!(from_mantissa([255, 0, 0b1001], 2).is_nan());
    }

    #[test]
    fn ranges() {
        let packing = Packing::of_double32("[0,8,3]").unwrap();
        let mut out = Vec::new();
        packing.unpack(&[0, 0, 0, 5, 0, 0, 0, 0], DType::F64, &mut out);
        let values: Vec<f64> = out.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b)).collect();
        assert_eq!(values, [5.0, 0.0]);
    }
}
