//! Which field transform a type gets when nobody asks for another.

use vortex_coder::schema::{DType, Transform};

/// Floats: [`Transform::MsbFirst`]. Integers of any width: [`Transform::Ordered`]. Plain bytes
/// and booleans: [`Transform::Identity`].
pub const fn default_transform(dtype: DType) -> Transform {
    match dtype {
        DType::F16 | DType::Bf16 | DType::F32 | DType::F64 => Transform::MsbFirst,
        DType::U8 | DType::Bool => Transform::Identity,
        DType::I8 | DType::U16 | DType::I16 | DType::U32 | DType::I32 | DType::U64 | DType::I64 => {
            Transform::Ordered
        }
    }
}
