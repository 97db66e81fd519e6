//! Context mixing.
#![allow(missing_docs, clippy::cast_possible_truncation)]
mod bits;
mod column;
mod correction;
mod curves;
mod engine;
mod forecast;
mod hash;
mod regions;
mod matcher;
mod mixer;
mod record;
mod slots;
mod text;

use crate::layout::RecordLayout;
use bits::BitCoder;
use engine::{Engine, MAX_CONTEXTS, Situation};
pub use engine::Tuning;
pub use column::Kind;
pub use regions::{Region, look};

#[inline(always)]
fn code_records<C: BitCoder>(layout: &RecordLayout, bytes: &[u8], coder: &mut C, mask: u64, t: Tuning, flat: &[bool]) {
    let n_roles = layout.roles().len();
    let n = mask.count_ones() as usize;
    let mut engine = Engine::new(n, 0, n_roles, [0, 2, 5, 8, 12], t);
    engine.clear();
    let mut contexts = record::RecordContexts::new(layout);
    let mut matcher = matcher::Matcher::new(6, 20);
    let mut symbols = vec![0; n_roles];
    let mut before = None;
    for record in bytes.chunks_exact(layout.stride()) {
        layout.to_symbols(before, record, &mut symbols);
        before = Some(record);
        for role in 0..n_roles {
            coder.role(role);
            if flat[role] {
                let symbol = coder.code_byte(symbols[role]);
                contexts.set(role, symbol);
                continue;
            }
            let r = layout.roles()[role];
            let mut all = [0; MAX_CONTEXTS];
            let total = contexts.all(role, &mut all);
            let mut list = [0; MAX_CONTEXTS];
            let mut k = 0;
            for i in 0..total {
                if mask >> i & 1 == 1 {
                    list[k] = hash::finish(hash::mix(hash::mix(all[i], role as u32), i as u32 + 1));
                    k += 1;
                }
            }
            let (e1, e2) = contexts.equal(role);
            let s = Situation {
                contexts: list,
                role,
                class: usize::from(r.significance.min(7)) * 4 + usize::from(e1) * 2 + usize::from(e2),
                expected: matcher.expected(),
                match_len: matcher.len(),
                equal: usize::from(e1) * 2 + usize::from(e2),
                forecasts: Default::default(), so_far: 0, below: 0,
            };
            let symbol = engine.code(coder, &s, symbols[role]);
            contexts.set(role, symbol);
            matcher.push(symbol, role as u32);
        }
        contexts.next_record();
    }
}

/// Experiment: cost in bytes.
pub fn measure(layout: &RecordLayout, bytes: &[u8], mask: u64, t: Tuning) -> Vec<u64> {
    let n = layout.roles().len();
    let mut cost = bits::Cost::new(n);
    pulp::Arch::new().dispatch(Run { layout, bytes, coder: &mut cost, mask, t, flat: &vec![false; n] });
    cost.roles
}

struct Run<'a, C> { layout: &'a RecordLayout, bytes: &'a [u8], coder: &'a mut C, mask: u64, t: Tuning, flat: &'a [bool] }
impl<C: BitCoder> pulp::NullaryFnOnce for Run<'_, C> {
    type Output = ();
    #[inline(always)]
    fn call(self) {
        code_records(self.layout, self.bytes, self.coder, self.mask, self.t, self.flat);
    }
}

#[inline(always)]
fn code_text<C: BitCoder>(bytes: &[u8], coder: &mut C, mask: u64, t: Tuning) {
    let mut contexts = text::TextContexts::new();
    let mut all = [0; MAX_CONTEXTS];
    let total = contexts.all(&mut all);
    let n = (0..total).filter(|i| mask >> i & 1 == 1).count();
    let mut engine = Engine::new(n, 0, 16, [1, 2, 3, 5, 9], t);
    let mut matcher = matcher::Matcher::new(6, 20);
    for &byte in bytes {
        contexts.all(&mut all);
        let mut list = [0; MAX_CONTEXTS];
        let mut k = 0;
        for i in 0..total {
            if mask >> i & 1 == 1 {
                list[k] = hash::finish(hash::mix(all[i], i as u32 + 1));
                k += 1;
            }
        }
        let s = Situation { contexts: list, role: contexts.category(), class: contexts.category(), expected: matcher.expected(), match_len: matcher.len(), equal: 0, forecasts: Default::default(), so_far: 0, below: 0 };
        let byte = engine.code(coder, &s, byte);
        contexts.push(byte);
        matcher.push(byte, 0);
    }
}
struct RunText<'a, C> { bytes: &'a [u8], coder: &'a mut C, mask: u64, t: Tuning }
impl<C: BitCoder> pulp::NullaryFnOnce for RunText<'_, C> {
    type Output = ();
    #[inline(always)]
    fn call(self) {
        code_text(self.bytes, self.coder, self.mask, self.t);
    }
}
/// Experiment
pub fn measure_text(bytes: &[u8], mask: u64, t: Tuning) -> Vec<u64> {
    let mut cost = bits::Cost::new(1);
    pulp::Arch::new().dispatch(RunText { bytes, coder: &mut cost, mask, t });
    cost.roles
}

#[inline(always)]
fn code_regions<C: BitCoder>(bytes: &[u8], regions: &[Region], coder: &mut C, t: Tuning) {
    let mut text = text::TextContexts::new();
    let mut columns = column::Columns::new();
    let mut all = [0; MAX_CONTEXTS];
    let n = 17;
    let mut engine = Engine::new(n, 6, 40, [0, 2, 5, 8, 12], t);
    let mut matcher = matcher::Matcher::new(6, 20);
    let mut at = 0;
    let mut out: Vec<u8> = Vec::with_capacity(bytes.len());
    for region in regions {
        let kind = region.kind;
        let start = at;
        let end = at + region.len;
        while at < end {
            let w = kind.width;
            if w == 0 || at + w > end {
                let k = text.all(&mut all);
                for i in 0..k { all[i] = hash::finish(hash::mix(all[i], i as u32 + 1)); }
                all[k..n].fill(0);
                let s = Situation { contexts: all, role: text.category(), class: text.category(), expected: matcher.expected(), match_len: matcher.len(), equal: 0, forecasts: Default::default(), so_far: 0, below: 0 };
                coder.role(0);
                let byte = engine.code(coder, &s, bytes[at]);
                text.push(byte);
                out.push(byte);
                matcher.push(byte, 0);
                at += 1;
                continue;
            }
            columns.begin(&kind, &out, at, start);
            let value = kind.value(bytes, at);
            let mut so_far = 0u64;
            for rank in 0..w {
                let low = 8 * (w - 1 - rank);
                let k = columns.all(&kind, rank, so_far, &mut all);
                let salt = (w * 16 + rank) as u32 + 100;
                for i in 0..k { all[i] = hash::finish(hash::mix(hash::mix(all[i], salt), i as u32 + 1)); }
                let role = 16 + match w { 1 => 0, 2 => 1, 4 => 3, 3 => 15, _ => 7 } + rank;
                let e1 = so_far == if rank == 0 { 0 } else { columns.centers[0] >> low >> 8 };
                let e2 = so_far == if rank == 0 { 0 } else { columns.centers[2] >> low >> 8 };
                let s = Situation { contexts: all, role, class: 16 + (rank.min(7)) * 4 + usize::from(e1) * 2 + usize::from(e2),
                    expected: matcher.expected(), match_len: matcher.len(), equal: usize::from(e1) * 2 + usize::from(e2),
                    forecasts: columns.forecasts, so_far: so_far as i64, below: low as i32 - columns.shift() as i32 };
                coder.role(w);
                let symbol = engine.code(coder, &s, (value >> low) as u8);
                so_far = so_far << 8 | u64::from(symbol);
                matcher.push(symbol, rank as u32 + 1);
            }
            columns.end(&kind, so_far);
            let raw = kind.raw(so_far).to_le_bytes();
            if kind.big_endian { out.extend(raw[..w].iter().rev()); } else { out.extend(&raw[..w]); }
            for _ in 0..1 { text.push(raw[w - 1]); }
            at += w;
        }
    }
    assert!(out == bytes);
}
struct RunRegions<'a, C> { bytes: &'a [u8], regions: &'a [Region], coder: &'a mut C, t: Tuning }
impl<C: BitCoder> pulp::NullaryFnOnce for RunRegions<'_, C> {
    type Output = ();
    #[inline(always)]
    fn call(self) {
        code_regions(self.bytes, self.regions, self.coder, self.t);
    }
}
/// Experiment
pub fn measure_regions(bytes: &[u8], regions: &[Region], t: Tuning) -> Vec<u64> {
    let mut cost = bits::Cost::new(9);
    pulp::Arch::new().dispatch(RunRegions { bytes, regions, coder: &mut cost, t });
    cost.roles
}
