//! AVX2: bytes are widened to 16 bits and multiplied in pairs with `vpmaddwd`, which is exact.
//! (`vpmaddubsw` would saturate.)

use std::arch::x86_64::*;

use super::{Isa, Matrix, SiluTable, portable::Portable};
use crate::arithmetic::{ATTENTION_REACH, OUTPUT_REACH};
use crate::cpu::quads::COLUMNS;

/// See the module.
pub struct Avx2;

/// Four 16-bit values, repeated over the register.
///
/// # Safety
/// Needs AVX2.
#[inline(always)]
unsafe fn broadcast_quad(v: [i16; 4]) -> __m256i {
    let bits = v.iter().rev().fold(0u64, |bits, &x| bits << 16 | u64::from(x as u16));
    // SAFETY: a register operation.
    unsafe { _mm256_set1_epi64x(bits as i64) }
}

/// Products of a quad with four columns (16 bytes at `quarter`), two partial sums a column.
///
/// # Safety
/// Needs AVX2 and 16 readable bytes at `quarter`.
#[inline(always)]
unsafe fn quarter_products(quarter: *const i8, v: __m256i) -> __m256i {
    // SAFETY: promised by the caller; the load is unaligned.
    unsafe { _mm256_madd_epi16(_mm256_cvtepi8_epi16(_mm_loadu_si128(quarter.cast())), v) }
}

/// Adds neighbouring partial sums of columns 0..4 and 4..8 and stores eight columns.
///
/// # Safety
/// Needs AVX2 and room for eight `i32` at `out`.
#[inline(always)]
unsafe fn store_eight(first: __m256i, second: __m256i, out: *mut i32) {
    // SAFETY: promised by the caller.
    unsafe {
        // hadd works within 128-bit halves: the 64-bit pieces come out as 0, 2, 1, 3.
        let sums = _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_hadd_epi32(first, second));
        _mm256_storeu_si256(out.cast(), sums);
    }
}

/// `R` rows from `row` times one block of columns.
///
/// # Safety
/// Needs AVX2.
#[inline(always)]
unsafe fn tile<const R: usize>(
    m: Matrix<'_>,
    a: &[i16],
    row: usize,
    block: usize,
    out: &mut [i32],
) {
    let (k, width) = (m.groups * 4, m.blocks * COLUMNS);
    assert!(block < m.blocks && (row + R) * k <= a.len() && (row + R) * width <= out.len());
    m.check();
    // SAFETY: the asserts bound every address.
    unsafe {
        for half in 0..2 {
            let mut acc = [[_mm256_setzero_si256(); 2]; R];
            for g in 0..m.groups {
                let at = m.data.as_ptr().add(g * m.stride + block).cast::<i8>().add(half * 32);
                let w0 = _mm256_cvtepi8_epi16(_mm_loadu_si128(at.cast()));
                let w1 = _mm256_cvtepi8_epi16(_mm_loadu_si128(at.add(16).cast()));
                for (r, acc) in acc.iter_mut().enumerate() {
                    let quad = a.as_ptr().add((row + r) * k + g * 4).cast::<i64>();
                    let v = _mm256_set1_epi64x(quad.read_unaligned());
                    acc[0] = _mm256_add_epi32(acc[0], _mm256_madd_epi16(w0, v));
                    acc[1] = _mm256_add_epi32(acc[1], _mm256_madd_epi16(w1, v));
                }
            }
            for (r, acc) in acc.iter().enumerate() {
                let at = (row + r) * width + block * COLUMNS + half * 8;
                store_eight(acc[0], acc[1], out.as_mut_ptr().add(at));
            }
        }
    }
}

/// One vector times all blocks.
///
/// # Safety
/// Needs AVX2.
#[inline(always)]
unsafe fn product<T: Copy + Into<i16>>(v: &[T], m: Matrix<'_>, out: &mut [i32]) {
    m.check();
    assert!(m.groups * 4 <= v.len() && m.blocks * COLUMNS <= out.len());
    // SAFETY: the asserts bound every address.
    unsafe {
        for b in 0..m.blocks {
            let mut acc = [_mm256_setzero_si256(); 4];
            for g in 0..m.groups {
                let quad = broadcast_quad(std::array::from_fn(|r| v[g * 4 + r].into()));
                let at = m.data.as_ptr().add(g * m.stride + b).cast::<i8>();
                for (i, acc) in acc.iter_mut().enumerate() {
                    *acc = _mm256_add_epi32(*acc, quarter_products(at.add(i * 16), quad));
                }
            }
            let to = out.as_mut_ptr().add(b * COLUMNS);
            store_eight(acc[0], acc[1], to);
            store_eight(acc[2], acc[3], to.add(8));
        }
    }
}

/// `table[D & 31] >> (D >> 5)` for eight distances, zero from `reach` on.
///
/// # Safety
/// Needs AVX2.
#[inline(always)]
unsafe fn pow2(d: __m256i, reach: __m256i, table: &[u32; 32]) -> __m256i {
    // SAFETY: the gather's indices are five bits.
    unsafe {
        let index = _mm256_and_si256(d, _mm256_set1_epi32(31));
        let mantissa = _mm256_i32gather_epi32::<4>(table.as_ptr().cast(), index);
        let weight = _mm256_srlv_epi32(mantissa, _mm256_srli_epi32::<5>(d));
        _mm256_and_si256(weight, _mm256_cmpgt_epi32(reach, d))
    }
}

/// -127 to 127.
///
/// # Safety
/// Needs AVX2.
#[inline(always)]
unsafe fn clamp8(v: __m256i) -> __m256i {
    // SAFETY: register operations only.
    unsafe {
        _mm256_min_epi32(_mm256_max_epi32(v, _mm256_set1_epi32(-127)), _mm256_set1_epi32(127))
    }
}

// SAFETY: the instructions used are those of `Instructions::Avx2`.
unsafe impl Isa for Avx2 {
    const KEY_FLIP: i8 = Portable::KEY_FLIP;

    // Not inlined: it is called in many places, and copies in all of them take the compiler minutes.
    #[target_feature(enable = "avx2")]
    unsafe fn gemm(m: Matrix<'_>, _column_sums: &[i32], a: &[i8], n: usize, out: &mut [i32]) {
        let k = m.groups * 4;
        const CHUNK: usize = 32;
        let mut wide = [0i16; CHUNK * 256];
        // If rows are too wide for the buffer, fewer are processed at a time, or the heap is used.
        let mut heap = Vec::new();
        let wide: &mut [i16] = if k * 4 <= wide.len() {
            &mut wide
        } else {
            heap.resize(k * 4, 0);
            &mut heap
        };
        let chunk = wide.len() / k / 4 * 4;
        let width = m.blocks * COLUMNS;
        for first in (0..n).step_by(chunk) {
            let rows = chunk.min(n - first);
            for (to, &from) in wide.iter_mut().zip(&a[first * k..(first + rows) * k]) {
                *to = i16::from(from);
            }
            let out = &mut out[first * width..(first + rows) * width];
            for block in 0..m.blocks {
                let mut row = 0;
                // SAFETY: the caller vouches for AVX2; `tile` asserts its ranges.
                unsafe {
                    while row + 4 <= rows {
                        tile::<4>(m, wide, row, block, out);
                        row += 4;
                    }
                    match rows - row {
                        0 => {}
                        1 => tile::<1>(m, wide, row, block, out),
                        2 => tile::<2>(m, wide, row, block, out),
                        _ => tile::<3>(m, wide, row, block, out),
                    }
                }
            }
        }
    }

    #[target_feature(enable = "avx2")]
    unsafe fn scores(q: &[i8], keys: Matrix<'_>, out: &mut [i32]) {
        // SAFETY: passed on from the caller.
        unsafe { product(q, keys, out) }
    }

    #[target_feature(enable = "avx2")]
    unsafe fn mix(weights: &[u8], values: Matrix<'_>, out: &mut [i32]) {
        // SAFETY: passed on from the caller.
        unsafe { product(weights, values, out) }
    }

    #[target_feature(enable = "avx2")]
    unsafe fn gated(a: &[i32], b: &[i32], silu: &SiluTable, shift: u32, out: &mut [i8]) {
        assert!(a.len() == b.len() && a.len() == out.len());
        let whole = a.len() / 8 * 8;
        // SAFETY: whole vectors inside the slices; the gather reads 32 bits at one of the first 256
        // of 258 entries.
        unsafe {
            let half = _mm256_set1_epi32((1 << shift) >> 1);
            let count = _mm_cvtsi32_si128(shift as i32);
            for at in (0..whole).step_by(8) {
                let a = clamp8(_mm256_loadu_si256(a.as_ptr().add(at).cast()));
                let b = clamp8(_mm256_loadu_si256(b.as_ptr().add(at).cast()));
                let index = _mm256_add_epi32(a, _mm256_set1_epi32(128));
                let entry = _mm256_i32gather_epi32::<2>(silu.as_ptr().cast(), index);
                let entry = _mm256_srai_epi32::<16>(_mm256_slli_epi32::<16>(entry));
                let product = _mm256_add_epi32(_mm256_mullo_epi32(entry, b), half);
                let h = clamp8(_mm256_sra_epi32(product, count));
                let mut wide = [0i32; 8];
                _mm256_storeu_si256(wide.as_mut_ptr().cast(), h);
                for (to, v) in out[at..at + 8].iter_mut().zip(wide) {
                    *to = v as i8;
                }
            }
            Portable::gated(&a[whole..], &b[whole..], silu, shift, &mut out[whole..]);
        }
    }

    #[target_feature(enable = "avx2")]
    unsafe fn attention_weights(
        scores: &[i32],
        best: i32,
        shift: u32,
        table: &[u32; 32],
        out: &mut [u8],
    ) {
        assert!(scores.len() == out.len() && scores.len().is_multiple_of(COLUMNS));
        // SAFETY: whole vectors inside the slices.
        unsafe {
            let best = _mm256_set1_epi32(best);
            let reach = _mm256_set1_epi32(ATTENTION_REACH);
            let shift = _mm_cvtsi32_si128(shift as i32);
            for at in (0..scores.len()).step_by(8) {
                let s = _mm256_loadu_si256(scores.as_ptr().add(at).cast());
                let d = _mm256_sra_epi32(_mm256_sub_epi32(best, s), shift);
                let mut weights = [0u32; 8];
                _mm256_storeu_si256(weights.as_mut_ptr().cast(), pow2(d, reach, table));
                for (to, w) in out[at..at + 8].iter_mut().zip(weights) {
                    *to = w as u8;
                }
            }
        }
    }

    #[target_feature(enable = "avx2")]
    unsafe fn symbol_weights(logits: &[i32], best: i32, table: &[u32; 32], out: &mut [u32]) {
        assert!(logits.len() == out.len() && logits.len().is_multiple_of(COLUMNS));
        // SAFETY: whole vectors inside the slices.
        unsafe {
            let best = _mm256_set1_epi32(best);
            let reach = _mm256_set1_epi32(OUTPUT_REACH);
            for at in (0..logits.len()).step_by(8) {
                let l = _mm256_loadu_si256(logits.as_ptr().add(at).cast());
                let w = pow2(_mm256_sub_epi32(best, l), reach, table);
                _mm256_storeu_si256(out.as_mut_ptr().add(at).cast(), w);
            }
        }
    }
}
