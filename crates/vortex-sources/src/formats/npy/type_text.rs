//! numpy's names of types: `<f4`, `d`, `int64`, `<U8`, `>M8[ns]`, and lists such as `i4, (2,)f4`.

use vortex_coder::schema::DType;

use super::dtype::{Element, MAX_ELEMENT_BYTES, Member};

/// The element that a text describes, as `numpy.dtype(text)` reads it.
///
/// # Errors
/// A message for a text that numpy does not know, and for Python objects.
pub fn of_text(text: &str) -> Result<Element, String> {
    if text.contains([',', '(']) {
        return of_list(text);
    }
    let unknown = || format!("dtype {text:?} is not known");
    if let Some((dtype, big_endian)) = DType::parse_numpy(text) {
        return Ok(Element::Number { dtype, big_endian, count: 1 });
    }
    let (order, code) = match text.as_bytes().first() {
        Some(b'<' | b'>' | b'|' | b'=') => text.split_at(1),
        _ => ("|", text),
    };
    let number = |dtype, count| Ok(Element::Number { dtype, big_endian: order == ">", count });
    match code {
        "F" | "c8" | "complex64" | "csingle" => return number(DType::F32, 2),
        "D" | "c16" | "complex128" | "complex" | "cdouble" => return number(DType::F64, 2),
        // Long doubles: their bytes differ between machines, so they have no number type here.
        "g" | "f16" | "float128" | "longdouble" => return Ok(Element::Bytes(16)),
        "f12" | "float96" => return Ok(Element::Bytes(12)),
        "G" | "c32" | "complex256" | "clongdouble" => return Ok(Element::Bytes(32)),
        "c24" | "complex192" => return Ok(Element::Bytes(24)),
        // One character.
        "c" => return Ok(Element::Bytes(1)),
        "O" | "O8" | "object" | "object_" => {
            return Err("Python objects (dtype O) cannot be read as bytes".into());
        }
        _ => {}
    }
    if is_time(code) {
        return number(DType::I64, 1);
    }
    let mut letters = code.chars();
    let kind = letters.next().ok_or_else(unknown)?;
    let size = || match letters.as_str() {
        // numpy's flexible types have no bytes until a size is given.
        "" => Ok(0),
        digits if digits.bytes().all(|b| b.is_ascii_digit()) => {
            digits.parse().ok().filter(|n| *n <= MAX_ELEMENT_BYTES).ok_or_else(|| {
                format!("dtype {text:?}: an element of more than {MAX_ELEMENT_BYTES} bytes")
            })
        }
        _ => Err(unknown()),
    };
    match kind {
        // Code points.
        'U' => number(DType::U32, size()?),
        'S' | 'a' | 'V' => Ok(Element::Bytes(size()?)),
        _ => Err(unknown()),
    }
}

/// Whether a type is a date or a time span: an integer of 8 bytes, with or without a unit.
fn is_time(code: &str) -> bool {
    let named = ["M8", "m8", "datetime64", "timedelta64", "M", "m"];
    named.iter().filter_map(|name| code.strip_prefix(name)).any(|unit| {
        let inner = unit.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        unit.is_empty()
            || inner.is_some_and(|inner| {
                !inner.is_empty() && inner.chars().all(|c| c.is_ascii_alphanumeric() || c == '/')
            })
    })
}

/// The members of a list such as `i4, (2,3)f4, 2i2`; numpy names them `f0`, `f1`, ...
fn of_list(text: &str) -> Result<Element, String> {
    let mut members = Vec::new();
    for item in items(text) {
        let item = item.trim();
        // numpy allows a comma after the last member.
        if item.is_empty() && !members.is_empty() {
            continue;
        }
        let (shape, code) = shape_of(item).ok_or_else(|| format!("dtype {text:?}: {item:?}"))?;
        let count = shape.iter().try_fold(1u64, |n, d| n.checked_mul(*d));
        let count = count.ok_or_else(|| format!("dtype {text:?} has more than 2^64 elements"))?;
        let name = format!("f{}", members.len());
        let count = (!shape.is_empty()).then_some(count);
        if code.contains([',', '(']) {
            return Err(format!("dtype {text:?} is not known"));
        }
        members.push(Member { name, element: of_text(code)?, count });
    }
    Ok(Element::Record(members))
}

/// The texts between the commas that stand outside parentheses.
fn items(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0i64;
    text.split(move |c| {
        depth += match c {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        c == ',' && depth == 0
    })
}

/// Splits `(2, 3)f4` or `2f4` into lengths and type.
fn shape_of(item: &str) -> Option<(Vec<u64>, &str)> {
    if let Some(rest) = item.strip_prefix('(') {
        let (lengths, code) = rest.split_once(')')?;
        let lengths = lengths.split(',').map(str::trim).filter(|d| !d.is_empty());
        return Some((lengths.map(|d| d.parse().ok()).collect::<Option<_>>()?, code.trim()));
    }
    let digits = item.len() - item.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    match digits {
        0 => Some((Vec::new(), item)),
        n => Some((vec![item[..n].parse().ok()?], item[n..].trim())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// (text, bytes per element) as numpy 2.4 gives them on 64-bit Linux.
    const KNOWN: [(&str, u64); 62] = [
        ("float64", 8),
        ("f", 4),
        ("int64", 8),
        ("d", 8),
        ("B", 1),
        ("i", 4),
        ("q", 8),
        ("float", 8),
        ("int", 8),
        ("uint8", 1),
        ("bool", 1),
        ("complex", 16),
        ("complex128", 16),
        ("half", 2),
        ("e", 2),
        ("g", 16),
        ("l", 8),
        ("L", 8),
        ("intp", 8),
        ("longdouble", 16),
        ("float128", 16),
        ("b1", 1),
        ("<f", 4),
        (">d", 8),
        ("=i4", 4),
        ("b", 1),
        ("h", 2),
        ("H", 2),
        ("Q", 8),
        ("I", 4),
        ("?", 1),
        ("F", 8),
        ("D", 16),
        ("G", 32),
        ("c", 1),
        ("M", 8),
        ("m", 8),
        ("datetime64", 8),
        ("datetime64[ns]", 8),
        ("M8", 8),
        ("timedelta64[s]", 8),
        ("single", 4),
        ("double", 8),
        ("short", 2),
        ("byte", 1),
        ("i4, f4", 8),
        ("f4,(2,)i2", 8),
        ("<f8,", 8),
        ("2i4, 3f4", 20),
        ("(2,3)f4, i1", 25),
        ("clongdouble", 32),
        ("longlong", 8),
        ("csingle", 8),
        ("S5", 5),
        ("a5", 5),
        ("|f8", 8),
        ("U3", 12),
        ("<f16", 16),
        (">M8[ns]", 8),
        ("<M8[25s]", 8),
        ("V7", 7),
        ("float16", 2),
    ];

    #[test]
    fn texts_have_numpys_sizes() {
        for (text, size) in KNOWN {
            assert_eq!(of_text(text).map(|e| e.size()), Ok(size), "{text}");
        }
        // No bytes: refused where an array needs some.
        for text in ["S", "U", "V", "a"] {
            assert_eq!(of_text(text).map(|e| e.size()), Ok(0), "{text}");
        }
    }

    #[test]
    fn nothing_after_a_type_is_ignored() {
        for text in [
            "",
            "<",
            "f3",
            "d8",
            "i3",
            "i16",
            "f4 ",
            "f4x",
            "<f8f8",
            "b4",
            "?1",
            "B1",
            "M8ns",
            "M8[",
            "M8[]",
            "S5x",
            "U-1",
            "V+1",
            "string",
            "float_",
            ",",
            ",f4",
            "(2f4",
            "(x,)f4",
            "f4,(2,)(3,)i2",
            "é",
            "U999999999999",
            "O, f4",
        ] {
            assert!(of_text(text).is_err(), "{text}");
        }
        assert!(of_text("O").unwrap_err().contains("objects"));
    }
}
