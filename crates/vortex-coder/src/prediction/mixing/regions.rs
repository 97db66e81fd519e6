//! What a stretch of bytes holds: text, or numbers of which width.

use super::column::Kind;
use crate::cost::log2;

/// Bytes that are read alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    pub len: usize,
    pub kind: Kind,
}

const CHUNK: usize = 1024;
/// What a region more costs, in bits.
const SWITCH: u64 = 200 << 16;

/// (width, phase) hypotheses; width 0: bytes.
const HYPOTHESES: [(usize, usize); 16] = [
    (0, 0), (1, 0), (2, 0), (2, 1), (4, 0), (4, 1), (4, 2), (4, 3),
    (8, 0), (8, 1), (8, 2), (8, 3), (8, 4), (8, 5), (8, 6), (8, 7),
];

/// Finds regions.
pub fn look(bytes: &[u8]) -> Vec<Region> {
    let chunks: Vec<&[u8]> = bytes.chunks(CHUNK).collect();
    // Viterbi over chunks.
    let mut cost = [0u64; 16];
    let mut from: Vec<[u8; 16]> = Vec::with_capacity(chunks.len());
    for (c, _) in chunks.iter().enumerate() {
        let (best, &least) = cost.iter().enumerate().min_by_key(|(_, c)| **c).expect("16");
        let mut row = [0u8; 16];
        let mut next = [0u64; 16];
        for (h, &(w, phase)) in HYPOTHESES.iter().enumerate() {
            let own = chunk_cost(bytes, c * CHUNK, w, phase);
            if least + SWITCH < cost[h] { row[h] = best as u8; next[h] = least + SWITCH + own; }
            else { row[h] = h as u8; next[h] = cost[h] + own; }
        }
        cost = next;
        from.push(row);
    }
    let Some(mut h) = (0..16).min_by_key(|&h| cost[h]) else { return Vec::new() };
    let mut path = vec![0u8; chunks.len()];
    for c in (0..chunks.len()).rev() {
        path[c] = h as u8;
        h = usize::from(from[c][h]);
    }
    let mut regions: Vec<Region> = Vec::new();
    let mut at = 0;
    let mut c = 0;
    while c < path.len() {
        let mut e = c;
        while e < path.len() && path[e] == path[c] { e += 1; }
        let (w, phase) = HYPOTHESES[usize::from(path[c])];
        let mut end = (e * CHUNK).min(bytes.len());
        if e < path.len() {
            let (nw, np) = HYPOTHESES[usize::from(path[e])];
            if nw > 1 { end = end / nw * nw + np; }
        }
        let mut start = at;
        if w > 1 && at % w != phase {
            let skip = ((phase + w - at % w) % w).min(end.saturating_sub(at));
            if skip > 0 { regions.push(Region { len: skip, kind: Kind::default() }); start += skip; }
        }
        if end > start {
            regions.extend(with_kind(bytes, start, end, w));
        }
        at = end.max(start);
        c = e;
    }
    regions
}

/// Pieces of numbers of one width: floats or not, and what lies far back.
fn with_kind(bytes: &[u8], start: usize, end: usize, width: usize) -> Vec<Region> {
    if width == 0 { return vec![Region { len: end - start, kind: Kind::default() }]; }
    let piece = 32 << 10;
    let mut out: Vec<Region> = Vec::new();
    let mut at = start;
    while at < end {
        let e = if end - at < 2 * piece { end } else { at + piece };
        let mut kind = Kind { width, ..Kind::default() };
        if width == 4 || width == 8 {
            let n = (e - at) / width;
            let step = (n / 512).max(1);
            let mut good = 0; let mut seen = 0;
            for i in (0..n).step_by(step) {
                let raw = Kind { width, ..Kind::default() }.value(bytes, at + i * width);
                if raw == 0 { continue; }
                seen += 1;
                let ok = if width == 4 { ((raw >> 23 & 255) as i64 - 127).abs() < 45 } else { ((raw >> 52 & 2047) as i64 - 1023).abs() < 60 };
                good += usize::from(ok);
            }
            kind.float = good * 10 > seen * 8 && seen > 0;
        }
        kind.signed = !kind.float && width > 1;
        kind.far = far(bytes, at, e, &kind);
        match out.last_mut() {
            Some(last) if last.kind == kind => last.len += e - at,
            _ => out.push(Region { len: e - at, kind }),
        }
        at = e;
    }
    out
}

fn far(bytes: &[u8], start: usize, end: usize, kind: &Kind) -> [usize; 2] {
    let w = kind.width;
    let n = (end - start) / w;
    if n < 16 { return [0; 2]; }
    let points = 192.min(n);
    let step = n / points;
    let longest = 16_384 * w;
    let sum = |d: usize| -> (u64, u64) {
        let (mut s, mut k) = (0u64, 0u64);
        for i in 0..points {
            let at = start + i * step * w;
            if at < d { continue; }
            let (x, y) = (kind.value(bytes, at), kind.value(bytes, at - d));
            s += u64::from(64 - x.abs_diff(y).leading_zeros());
            k += 1;
        }
        (s, k)
    };
    let near = sum(w);
    if near.1 == 0 { return [0; 2]; }
    let mut found: Vec<(u64, usize)> = Vec::new();
    let mut d = 2 * w;
    while d <= longest && d <= start + (n / 2) * w {
        let (s, k) = sum(d);
        if k * 2 >= points as u64 {
            found.push((s * 1000 / k, d));
        }
        d += w;
    }
    found.sort();
    let limit = near.0 * 1000 / near.1 + 500;
    let mut out = [0; 2];
    if let Some(&(s, d)) = found.first() {
        if s < limit {
            out[0] = d;
            if let Some(&(s2, d2)) = found.iter().find(|(_, e)| e.abs_diff(d) > 4 * w && *e > 4 * w) {
                if s2 < limit { out[1] = d2; }
            }
        }
    }
    out
}

/// About the bits of a chunk under a hypothesis, in 2^-16 bits.
fn chunk_cost(bytes: &[u8], at: usize, w: usize, phase: usize) -> u64 {
    let end = (at + CHUNK).min(bytes.len());
    if w == 0 {
        // order 1 by previous byte's class, roughly: order 0 and order-2 repeats
        let mut counts = [0u32; 256];
        for &b in &bytes[at..end] { counts[usize::from(b)] += 1; }
        let text = bytes[at..end].iter().filter(|b| matches!(b, 9 | 10 | 13 | 32..=126)).count();
        let base = entropy(&counts, (end - at) as u32);
        return if text * 100 >= (end - at) * 98 { base / 2 } else { base + (64 << 16) };
    }
    let first = at + (phase + w - at % w) % w;
    let mut total = unbelievable(bytes, first, end, w) * (2 << 16);
    for rank in 0..w {
        let mut all = [0u32; 256];
        let mut changed = [0u32; 256];
        let (mut n, mut m) = (0u32, 0u32);
        let mut i = first + rank;
        while i < end {
            let b = bytes[i];
            all[usize::from(b)] += 1;
            n += 1;
            if i < w || bytes[i - w] != b { changed[usize::from(b)] += 1; m += 1; }
            i += w;
        }
        if n == 0 { continue; }
        let flags = u64::from(n) * u64::from(log2(n.max(1))) - u64::from(m) * u64::from(log2(m.max(1))) - u64::from(n - m) * u64::from(log2((n - m).max(1)));
        total += entropy(&all, n).min(flags + entropy(&changed, m)).min(u64::from(n) * 8 << 16);
    }
    total
}

fn entropy(counts: &[u32; 256], n: u32) -> u64 {
    let mut sum = 0u64;
    let mut distinct = 0u64;
    for &c in counts { if c > 0 { sum += u64::from(c) * u64::from(log2(c)); distinct += 1; } }
    (u64::from(n) * u64::from(log2(n.max(1))) - sum) + distinct * (5 << 16)
}

/// How many numbers are neither floats of everyday size nor small integers.
fn unbelievable(bytes: &[u8], first: usize, end: usize, w: usize) -> u64 {
    if w < 4 { return 0; }
    let kind = Kind { width: w, ..Kind::default() };
    let mut n = 0;
    let mut at = first;
    while at + w <= end {
        let raw = kind.value(bytes, at);
        let signed = if w == 4 { i64::from(raw as u32 as i32) } else { raw as i64 };
        let float = if w == 4 { ((raw >> 23 & 255) as i64 - 127).abs() < 45 } else { ((raw >> 52 & 2047) as i64 - 1023).abs() < 60 };
        let fine = signed.unsigned_abs() < if w == 4 { 1 << 17 } else { 1 << 40 } || float;
        n += u64::from(!fine);
        at += w;
    }
    n
}
