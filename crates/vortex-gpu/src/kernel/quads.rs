//! Four signed bytes in a word, and the small integer operations of `docs/numerics.md`.

use cubecl::prelude::*;

/// Byte `k` of a word, with its sign.
#[cube]
pub fn byte(w: u32, #[comptime] k: u32) -> i32 {
    i32::cast_from(w << (24 - 8 * k)) >> 24
}

/// The inner product of two words of four bytes. Compilers for NVIDIA and AMD make one instruction of it.
#[cube]
pub fn dot4(a: u32, b: u32) -> i32 {
    byte(a, 0u32) * byte(b, 0u32)
        + byte(a, 1u32) * byte(b, 1u32)
        + byte(a, 2u32) * byte(b, 2u32)
        + byte(a, 3u32) * byte(b, 3u32)
}

/// Four numbers of eight bits as one word.
#[cube]
pub fn pack(a: i32, b: i32, c: i32, d: i32) -> u32 {
    (u32::cast_from(a) & 255)
        | ((u32::cast_from(b) & 255) << 8)
        | ((u32::cast_from(c) & 255) << 16)
        | (u32::cast_from(d) << 24)
}

/// Rounded arithmetic shift.
#[cube]
pub fn rs(a: i32, s: u32) -> i32 {
    (a + i32::cast_from((1u32 << s) >> 1)) >> i32::cast_from(s)
}

/// Saturates to -127..=127.
#[cube]
pub fn clamp8(a: i32) -> i32 {
    clamp(a, -127, 127)
}
