//! AVX-512 with VNNI: `vpdpbusd` multiplies four unsigned by four signed bytes into an `i32`.
//!
//! An offset of 128 makes signed activations unsigned; the column sums remove it again. Keys are
//! stored with the offset, and attention weights are always unsigned.

use std::arch::x86_64::*;

use super::{Isa, Matrix, SiluTable, portable::Portable};
use crate::arithmetic::{ATTENTION_REACH, OUTPUT_REACH};
use crate::cpu::quads::COLUMNS;

/// See the module.
pub struct Avx512;

/// Rows of activations in one tile: with four column blocks, 24 accumulators of the 32 registers.
const ROWS: usize = 6;

/// One tile of [`Isa::gemm`]: `R` rows from `row`, `C` column blocks from `block`.
///
/// # Safety
/// Needs AVX-512 VNNI; `m` must have passed `check`, and rows, blocks and sums must be in range.
#[inline(always)]
unsafe fn tile<const R: usize, const C: usize>(
    m: Matrix<'_>,
    column_sums: &[i32],
    a: &[i8],
    row: usize,
    block: usize,
    out: &mut [i32],
) {
    let (k, width) = (m.groups * 4, m.blocks * COLUMNS);
    assert!(block + C <= m.blocks && (row + R) * k <= a.len() && (row + R) * width <= out.len());
    assert!((block + C) * COLUMNS <= column_sums.len());
    // SAFETY: the asserts above and `m.check()` of the caller bound every address: group `g` below
    // `m.groups`, blocks below `m.blocks <= m.stride`, rows below `row + R`. Loads and stores are
    // unaligned ones.
    unsafe {
        let mut acc = [[_mm512_setzero_si512(); C]; R];
        for c in 0..C {
            let sums = _mm512_loadu_si512(column_sums.as_ptr().add((block + c) * COLUMNS).cast());
            let start = _mm512_sub_epi32(_mm512_setzero_si512(), _mm512_slli_epi32::<7>(sums));
            for acc in &mut acc {
                acc[c] = start;
            }
        }
        let flip = i32::from_ne_bytes([0x80; 4]);
        let weights = m.data.as_ptr().add(block);
        let rows = a.as_ptr().add(row * k);
        for g in 0..m.groups {
            let mut w = [_mm512_setzero_si512(); C];
            for (c, w) in w.iter_mut().enumerate() {
                *w = _mm512_load_si512(weights.add(g * m.stride + c).cast());
            }
            for (r, acc) in acc.iter_mut().enumerate() {
                let quad: i32 = rows.add(r * k + g * 4).cast::<i32>().read_unaligned();
                let v = _mm512_set1_epi32(quad ^ flip);
                for c in 0..C {
                    acc[c] = _mm512_dpbusd_epi32(acc[c], v, w[c]);
                }
            }
        }
        for (r, acc) in acc.iter().enumerate() {
            for (c, &v) in acc.iter().enumerate() {
                let at = (row + r) * width + (block + c) * COLUMNS;
                _mm512_storeu_si512(out.as_mut_ptr().add(at).cast(), v);
            }
        }
    }
}

/// All rows of `C` column blocks.
///
/// # Safety
/// As [`tile`].
#[inline(always)]
unsafe fn columns<const C: usize>(
    m: Matrix<'_>,
    column_sums: &[i32],
    a: &[i8],
    n: usize,
    block: usize,
    out: &mut [i32],
) {
    let mut row = 0;
    // SAFETY: passed on from the caller; `tile` asserts its ranges.
    unsafe {
        while row + ROWS <= n {
            tile::<ROWS, C>(m, column_sums, a, row, block, out);
            row += ROWS;
        }
        match n - row {
            0 => {}
            1 => tile::<1, C>(m, column_sums, a, row, block, out),
            2 => tile::<2, C>(m, column_sums, a, row, block, out),
            3 => tile::<3, C>(m, column_sums, a, row, block, out),
            4 => tile::<4, C>(m, column_sums, a, row, block, out),
            _ => tile::<5, C>(m, column_sums, a, row, block, out),
        }
    }
}

/// `table[D & 31] >> (D >> 5)` for 16 distances.
///
/// # Safety
/// Needs AVX-512F.
#[inline(always)]
unsafe fn pow2(distance: __m512i, low: __m512i, high: __m512i) -> __m512i {
    // SAFETY: register operations only; the index uses its low five bits, the shift is bounded by
    // the instruction (32 and more give zero).
    unsafe {
        let mantissa = _mm512_permutex2var_epi32(low, distance, high);
        _mm512_srlv_epi32(mantissa, _mm512_srli_epi32::<5>(distance))
    }
}

/// -127 to 127. (It is a function, because a closure that is not inlined is compiled without the
/// instruction set of its caller.)
///
/// # Safety
/// Needs AVX-512F.
#[inline(always)]
unsafe fn clamp8(v: __m512i) -> __m512i {
    // SAFETY: register operations only.
    unsafe {
        _mm512_min_epi32(_mm512_max_epi32(v, _mm512_set1_epi32(-127)), _mm512_set1_epi32(127))
    }
}

// SAFETY: the instructions used are those of `Instructions::Avx512`.
unsafe impl Isa for Avx512 {
    const KEY_FLIP: i8 = i8::MIN;

    // Not inlined: it is called in many places, and copies in all of them take the compiler minutes.
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
    unsafe fn gemm(m: Matrix<'_>, column_sums: &[i32], a: &[i8], n: usize, out: &mut [i32]) {
        m.check();
        let mut block = 0;
        // SAFETY: the caller vouches for the instructions; `tile` asserts its ranges.
        unsafe {
            while block + 4 <= m.blocks {
                columns::<4>(m, column_sums, a, n, block, out);
                block += 4;
            }
            match m.blocks - block {
                0 => {}
                1 => columns::<1>(m, column_sums, a, n, block, out),
                2 => columns::<2>(m, column_sums, a, n, block, out),
                _ => columns::<3>(m, column_sums, a, n, block, out),
            }
        }
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
    unsafe fn scores(q: &[i8], keys: Matrix<'_>, out: &mut [i32]) {
        keys.check();
        assert!(keys.groups * 4 <= q.len() && keys.blocks * COLUMNS <= out.len());
        let sum: i32 = q[..keys.groups * 4].iter().map(|&v| i32::from(v)).sum();
        // SAFETY: the asserts above bound all addresses.
        unsafe {
            for b in 0..keys.blocks {
                let mut acc = _mm512_set1_epi32(-128 * sum);
                for g in 0..keys.groups {
                    let quad = q.as_ptr().add(g * 4).cast::<i32>().read_unaligned();
                    let key = _mm512_load_si512(keys.data.as_ptr().add(g * keys.stride + b).cast());
                    acc = _mm512_dpbusd_epi32(acc, key, _mm512_set1_epi32(quad));
                }
                _mm512_storeu_si512(out.as_mut_ptr().add(b * COLUMNS).cast(), acc);
            }
        }
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
    unsafe fn mix(weights: &[u8], values: Matrix<'_>, out: &mut [i32]) {
        values.check();
        assert!(values.groups * 4 <= weights.len() && values.blocks * COLUMNS <= out.len());
        // SAFETY: the asserts above bound all addresses.
        unsafe {
            for b in 0..values.blocks {
                // Two chains hide the latency of the dot product.
                let mut acc = [_mm512_setzero_si512(); 2];
                for g in 0..values.groups {
                    let quad = weights.as_ptr().add(g * 4).cast::<i32>().read_unaligned();
                    let at = values.data.as_ptr().add(g * values.stride + b);
                    let v = _mm512_load_si512(at.cast());
                    acc[g & 1] = _mm512_dpbusd_epi32(acc[g & 1], _mm512_set1_epi32(quad), v);
                }
                let sum = _mm512_add_epi32(acc[0], acc[1]);
                _mm512_storeu_si512(out.as_mut_ptr().add(b * COLUMNS).cast(), sum);
            }
        }
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
    unsafe fn gated(a: &[i32], b: &[i32], silu: &SiluTable, shift: u32, out: &mut [i8]) {
        const STEP: usize = 32;
        assert!(a.len() == b.len() && a.len() == out.len());
        let whole = a.len() / STEP * STEP;
        // SAFETY: whole vectors inside the slices and inside the first 256 entries of the table.
        unsafe {
            let mut table = [_mm512_setzero_si512(); 8];
            for (i, part) in table.iter_mut().enumerate() {
                *part = _mm512_loadu_si512(silu.as_ptr().add(i * STEP).cast());
            }
            let half = _mm512_set1_epi32((1 << shift) >> 1);
            let count = _mm_cvtsi32_si128(shift as i32);
            for at in (0..whole).step_by(STEP) {
                let a0 = clamp8(_mm512_loadu_si512(a.as_ptr().add(at).cast()));
                let a1 = clamp8(_mm512_loadu_si512(a.as_ptr().add(at + 16).cast()));
                // 32 indices of 16 bits: six bits select inside a pair of registers, two the pair.
                let index = _mm512_inserti64x4::<1>(
                    _mm512_castsi256_si512(_mm512_cvtepi32_epi16(a0)),
                    _mm512_cvtepi32_epi16(a1),
                );
                let index = _mm512_add_epi16(index, _mm512_set1_epi16(128));
                let first = _mm512_permutex2var_epi16(table[0], index, table[1]);
                let second = _mm512_permutex2var_epi16(table[2], index, table[3]);
                let third = _mm512_permutex2var_epi16(table[4], index, table[5]);
                let fourth = _mm512_permutex2var_epi16(table[6], index, table[7]);
                let odd = _mm512_test_epi16_mask(index, _mm512_set1_epi16(64));
                let upper = _mm512_test_epi16_mask(index, _mm512_set1_epi16(128));
                let entries = _mm512_mask_blend_epi16(
                    upper,
                    _mm512_mask_blend_epi16(odd, first, second),
                    _mm512_mask_blend_epi16(odd, third, fourth),
                );
                for i in 0..2 {
                    let entries = if i == 0 {
                        _mm512_castsi512_si256(entries)
                    } else {
                        _mm512_extracti64x4_epi64::<1>(entries)
                    };
                    let b = clamp8(_mm512_loadu_si512(b.as_ptr().add(at + i * 16).cast()));
                    let product = _mm512_mullo_epi32(_mm512_cvtepi16_epi32(entries), b);
                    let h = clamp8(_mm512_sra_epi32(_mm512_add_epi32(product, half), count));
                    let to = out.as_mut_ptr().add(at + i * 16);
                    _mm_storeu_si128(to.cast(), _mm512_cvtepi32_epi8(h));
                }
            }
            Portable::gated(&a[whole..], &b[whole..], silu, shift, &mut out[whole..]);
        }
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
    unsafe fn attention_weights(
        scores: &[i32],
        best: i32,
        shift: u32,
        table: &[u32; 32],
        out: &mut [u8],
    ) {
        assert!(scores.len() == out.len() && scores.len().is_multiple_of(COLUMNS));
        // SAFETY: whole vectors inside the two slices and the table of 32.
        unsafe {
            let low = _mm512_loadu_si512(table.as_ptr().cast());
            let high = _mm512_loadu_si512(table.as_ptr().add(16).cast());
            let best = _mm512_set1_epi32(best);
            let reach = _mm512_set1_epi32(ATTENTION_REACH);
            let shift = _mm_cvtsi32_si128(shift as i32);
            for at in (0..scores.len()).step_by(COLUMNS) {
                let s = _mm512_loadu_si512(scores.as_ptr().add(at).cast());
                let d = _mm512_sra_epi32(_mm512_sub_epi32(best, s), shift);
                let near = _mm512_cmplt_epi32_mask(d, reach);
                let w = _mm512_maskz_mov_epi32(near, pow2(d, low, high));
                _mm_storeu_si128(out.as_mut_ptr().add(at).cast(), _mm512_cvtepi32_epi8(w));
            }
        }
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
    unsafe fn symbol_weights(logits: &[i32], best: i32, table: &[u32; 32], out: &mut [u32]) {
        assert!(logits.len() == out.len() && logits.len().is_multiple_of(COLUMNS));
        // SAFETY: whole vectors inside the two slices and the table of 32.
        unsafe {
            let low = _mm512_loadu_si512(table.as_ptr().cast());
            let high = _mm512_loadu_si512(table.as_ptr().add(16).cast());
            let best = _mm512_set1_epi32(best);
            let reach = _mm512_set1_epi32(OUTPUT_REACH);
            for at in (0..logits.len()).step_by(COLUMNS) {
                let l = _mm512_loadu_si512(logits.as_ptr().add(at).cast());
                let d = _mm512_sub_epi32(best, l);
                let near = _mm512_cmplt_epi32_mask(d, reach);
                let w = _mm512_maskz_mov_epi32(near, pow2(d, low, high));
                _mm512_storeu_si512(out.as_mut_ptr().add(at).cast(), w);
            }
        }
    }
}
