//! C++ names and ROOT numbers of the types of values.

use vortex_base::dtype::DType;

/// The form of one value in the file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Primitive {
    /// Big-endian.
    Plain(DType),
    Double32,
    Float16,
}

impl Primitive {
    /// ROOT's number of a basic type (`TVirtualStreamerInfo::EReadWrite`).
    pub(crate) fn from_number(number: i32) -> Option<Self> {
        Some(Self::Plain(match number {
            1 => DType::I8,
            2 => DType::I16,
            3 | 6 => DType::I32, // 6 is an Int_t that counts the items of arrays
            4 | 16 => DType::I64,
            5 => DType::F32,
            8 => DType::F64,
            9 => return Some(Self::Double32),
            11 => DType::U8,
            12 => DType::U16,
            13 | 15 => DType::U32, // 15 is the bits of a TObject
            14 | 17 => DType::U64,
            18 => DType::Bool,
            19 => return Some(Self::Float16),
            _ => return None,
        }))
    }

    /// A type by its name in C++ or in ROOT. `Double32_t` and `Float16_t` in containers are not
    /// included, because the file does not say how they are packed there.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        let name = name.trim();
        Some(Self::Plain(match name {
            "bool" | "Bool_t" => DType::Bool,
            "char" | "signed char" | "Char_t" | "int8_t" => DType::I8,
            "unsigned char" | "UChar_t" | "Byte_t" | "uint8_t" => DType::U8,
            "short" | "short int" | "Short_t" | "int16_t" => DType::I16,
            "unsigned short" | "UShort_t" | "uint16_t" => DType::U16,
            "int" | "Int_t" | "int32_t" => DType::I32,
            "unsigned int" | "unsigned" | "UInt_t" | "uint32_t" => DType::U32,
            // A long always has 64 bits in a file, for any width in memory.
            "long" | "long long" | "Long_t" | "Long64_t" | "int64_t" => DType::I64,
            "unsigned long" | "unsigned long long" | "ULong_t" | "ULong64_t" | "uint64_t"
            | "size_t" => DType::U64,
            "float" | "Float_t" => DType::F32,
            "double" | "Double_t" => DType::F64,
            _ => return None,
        }))
    }
}

/// The type in `vector<...>`, or in ROOT's `RVec<...>`, which is written in the same way. An
/// allocator changes nothing in a file.
pub(crate) fn vector_item(name: &str) -> Option<&str> {
    let name = name.trim();
    let name = name.strip_prefix("std::").unwrap_or(name);
    let inner = ["vector<", "ROOT::VecOps::RVec<", "ROOT::RVec<"]
        .into_iter()
        .find_map(|vector| name.strip_prefix(vector))?
        .strip_suffix('>')?;
    let mut depth = 0;
    let comma = inner.char_indices().find(|(_, c)| {
        match c {
            '<' => depth += 1,
            '>' => depth -= 1,
            _ => {}
        }
        *c == ',' && depth == 0
    });
    Some(comma.map_or(inner, |(at, _)| &inner[..at]).trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_of_types() {
        for (name, item) in [
            ("vector<float>", Some("float")),
            ("std::vector<unsigned int>", Some("unsigned int")),
            ("vector<float,allocator<float> >", Some("float")),
            ("vector<vector<int> >", Some("vector<int>")),
            ("vector<pair<int,float> >", Some("pair<int,float>")),
            ("vector<float,ROOT::Detail::VecOps::RAdoptAllocator<float> >", Some("float")),
            ("ROOT::VecOps::RVec<int>", Some("int")),
            ("vector<float", None),
            ("set<int>", None),
            ("", None),
        ] {
            assert_eq!(vector_item(name), item, "{name}");
        }
    }

    #[test]
    fn names_and_numbers_agree() {
        for (number, name) in
            [(1, "char"), (5, "Float_t"), (13, "unsigned int"), (16, "Long64_t"), (18, "bool")]
        {
            assert_eq!(Primitive::from_number(number), Primitive::from_name(name), "{name}");
        }
        assert_eq!(Primitive::from_number(10), None);
        assert_eq!(Primitive::from_number(-1), None);
        assert_eq!(Primitive::from_name("Double32_t"), None);
    }
}
