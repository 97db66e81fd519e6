//! The check, for each model at load, that no integer of the network can overflow:
//! `docs/numerics.md`, "Bounds". A network that passes cannot make the engine or the interpreter
//! panic or wrap on any input.

use crate::arithmetic::{MAX_SHIFT, rs};
use crate::error::{Error, Result};
use crate::spec::{Layer, Linear, Memory, Network, Norm, SwiGlu, Tables};
use vortex_coder::layout::RecordLayout;

/// Largest `d_model`, head width, `d_ff`, window and number of slots.
pub const MAX_WIDTH: usize = 1 << 14;
/// Most tokens in a segment.
pub const MAX_SEGMENT: usize = 1 << 16;
/// Most layers.
pub const MAX_LAYERS: usize = 128;
/// Most bytes of a lane, as [`Network::lane_bytes`] counts them.
pub const MAX_LANE_BYTES: usize = 64 << 20;
/// Largest activation.
const ACTIVATION: i128 = 127;
/// Sums must stay below this, so that half a unit of rounding still fits.
const SUM_LIMIT: i128 = (1 << 31) - (1 << 29);
/// Residual values and logits must stay below this.
const RESIDUAL_LIMIT: i128 = 1 << 30;

/// Checks every shape, then every bound.
///
/// # Errors
/// [`Error::Shape`] or [`Error::Overflow`], with what, where, the value and the limit.
pub fn check(net: &Network, layout: &RecordLayout) -> Result<()> {
    shapes(net, layout)?;
    let d = net.d_model;
    for (norm, width, what) in norms(net) {
        let reach = i128::from(norm.numerator) + (1 << 19);
        below(reach, 1 << 31, || format!("the constant of {what} (width {width})"))?;
    }
    let mut residual = trunk_input(net, layout)?;
    for (i, layer) in net.layers.iter().enumerate() {
        let at = |part: &str| format!("layer {i}, {part}");
        for (part, m) in [("query", &layer.wq), ("key", &layer.wk), ("value", &layer.wv)] {
            linear(m, || at(part))?;
        }
        residual += linear(&layer.wo, || at("attention output"))?;
        residual += swiglu(&layer.ffn, || at("feed-forward"))?;
        if let (Some(memory), Some(shape)) = (&layer.memory, net.memory) {
            let projected = linear(&memory.proj, || at("memory projection"))?;
            squares(projected, d, || at("memory projection"))?;
            for i in 0..d {
                let taps = &memory.conv[i * shape.kernel..(i + 1) * shape.kernel];
                below(weight_sum(taps) * ACTIVATION, SUM_LIMIT, || at("memory scorer"))?;
            }
            below(weight_sum(&memory.point) * ACTIVATION, SUM_LIMIT, || at("memory score"))?;
        }
    }
    squares(residual, d, || "the residual stream".into())?;
    head(net, layout)
}

fn head(net: &Network, layout: &RecordLayout) -> Result<()> {
    let (h, width) = (&net.head, net.head.own.width);
    let mut z = linear(&h.input, || "head input".into())?;
    let (own_entries, ref_entries) = (largest_entries(&h.own), largest_entries(&h.reference));
    let mut own = 0i128;
    for field in 0..layout.n_fields() {
        let roles = layout.roles_of(field);
        let sum = roles.map(|r| embedding(&own_entries, width, net.class[r], &h.own_scale, r));
        own = own.max(sum.sum());
    }
    below(own, SUM_LIMIT, || "the head's embedding of known symbols".into())?;
    let reference = (0..layout.roles().len())
        .map(|r| embedding(&ref_entries, width, net.class[r], &h.ref_scale, r))
        .max();
    let reference = reference.unwrap_or(0);
    below(reference, SUM_LIMIT, || "the head's embedding of the reference".into())?;
    z += shifted(own, h.own.shift) + shifted(reference, h.reference.shift) + largest(&h.role_bias);
    z += swiglu(&h.ffn, || "head feed-forward".into())?;
    squares(z, width, || "the head's stream".into())?;
    for (class, out) in h.out.iter().enumerate() {
        let copy = &h.copy[class * width..(class + 1) * width];
        let logit = linear(out, || format!("output of class {class}"))?
            + shifted(weight_sum(copy) * ACTIVATION, h.copy_shift[class])
            + 2 * (1 << 15);
        below(weight_sum(copy) * ACTIVATION, SUM_LIMIT, || {
            format!("copy output of class {class}")
        })?;
        below(logit, RESIDUAL_LIMIT, || format!("a logit of class {class}"))?;
    }
    Ok(())
}

/// Worst case of the trunk's input.
fn trunk_input(net: &Network, layout: &RecordLayout) -> Result<i128> {
    let e = &net.embedding;
    let n_fields = layout.n_fields();
    let entries = largest_entries(&e.tables);
    let sum_of = |scale: &[i16], field: usize| -> i128 {
        let roles = layout.roles_of(field);
        roles.map(|r| embedding(&entries, e.tables.width, net.class[r], scale, r)).sum()
    };
    let mut worst = 0;
    for field in 0..n_fields {
        let previous = (field + n_fields - 1) % n_fields;
        worst = worst.max(sum_of(&e.prev_scale, previous) + sum_of(&e.ref_scale, field));
    }
    below(worst, SUM_LIMIT, || "the trunk's embedding".into())?;
    Ok(shifted(worst, e.tables.shift) + largest(&e.field_bias) + largest(&e.position))
}

/// Largest size of an entry, `[n_tables][width]`: roles share tables, so this visits each table
/// once.
fn largest_entries(t: &Tables) -> Vec<u8> {
    let mut largest = vec![0; t.n_tables * t.width];
    for (largest, table) in
        largest.chunks_exact_mut(t.width).zip(t.table.chunks_exact(256 * t.width))
    {
        for row in table.chunks_exact(t.width) {
            largest.iter_mut().zip(row).for_each(|(l, v)| *l = v.unsigned_abs().max(*l));
        }
    }
    largest
}

/// Worst case of one embedding of role `r`: largest table entry times scale, per channel.
fn embedding(entries: &[u8], width: usize, class: u8, scale: &[i16], r: usize) -> i128 {
    let entries = &entries[usize::from(class) * width..][..width];
    let products = entries.iter().zip(&scale[r * width..][..width]);
    let largest = products.map(|(&e, s)| u32::from(e) * u32::from(s.unsigned_abs())).max();
    largest.unwrap_or(0).into()
}

/// Worst output of a [`Linear`], after checking its sums.
fn linear(m: &Linear, what: impl Fn() -> String) -> Result<i128> {
    let mut worst = 0;
    for (o, (row, &shift)) in m.weight.chunks_exact(m.n_in).zip(&m.shift).enumerate() {
        let bias = m.bias.get(o).map_or(0, |b| i128::from(b.unsigned_abs()));
        let sum = weight_sum(row) * ACTIVATION + bias;
        below(sum, SUM_LIMIT, &what)?;
        worst = worst.max(shifted(sum, shift));
    }
    below(worst, RESIDUAL_LIMIT, what)?;
    Ok(worst)
}

fn swiglu(f: &SwiGlu, what: impl Fn() -> String) -> Result<i128> {
    linear(&f.gate, &what)?;
    linear(&f.up, &what)?;
    linear(&f.down, what)
}

fn weight_sum(row: &[i8]) -> i128 {
    row.iter().map(|w| i128::from(w.unsigned_abs())).sum()
}

/// Upper bound of the size of `rs(±sum, shift)`; `sum` is below [`SUM_LIMIT`].
fn shifted(sum: i128, shift: u8) -> i128 {
    i128::from(rs(sum.min(SUM_LIMIT) as i32, u32::from(shift))) + 1
}

fn largest(values: &[i32]) -> i128 {
    values.iter().map(|v| i128::from(v.unsigned_abs())).max().unwrap_or(0)
}

fn squares(bound: i128, width: usize, what: impl Fn() -> String) -> Result<()> {
    below(bound, RESIDUAL_LIMIT, &what)?;
    below(bound * bound * width as i128, 1 << 61, || format!("the sum of squares of {}", what()))
}

fn below(value: i128, limit: i128, what: impl FnOnce() -> String) -> Result<()> {
    if value < limit { Ok(()) } else { Err(Error::Overflow { what: what(), value, limit }) }
}

fn norms(net: &Network) -> Vec<(Norm, usize, String)> {
    let (d, e) = (net.d_model, net.head.own.width);
    let mut all = vec![
        (net.head.norm_in, d, "the norm after the trunk".to_owned()),
        (net.head.ffn.norm, e, "the head's first norm".to_owned()),
        (net.head.norm_out, e, "the head's second norm".to_owned()),
    ];
    for (i, layer) in net.layers.iter().enumerate() {
        all.push((layer.norm, d, format!("layer {i}'s first norm")));
        all.push((layer.ffn.norm, d, format!("layer {i}'s second norm")));
        if let Some(memory) = &layer.memory {
            all.push((memory.norm, d, format!("layer {i}'s memory norm")));
        }
    }
    all
}

/// Checks every length and index, so that later code cannot access anything out of range.
fn shapes(net: &Network, layout: &RecordLayout) -> Result<()> {
    let (d, e) = (net.d_model, net.head.own.width);
    let (n_fields, n_roles) = (layout.n_fields(), layout.roles().len());
    let n_tables = net.embedding.tables.n_tables;
    within("d_model", d, 1, MAX_WIDTH)?;
    within("head width", e, 1, MAX_WIDTH)?;
    within("n_heads", net.n_heads, 1, d)?;
    within("layers", net.layers.len(), 1, MAX_LAYERS)?;
    within("embedding tables", n_tables, 1, 256)?;
    within("window", net.window, 1, MAX_WIDTH)?;
    within("segment", net.segment, net.window, MAX_SEGMENT)?;
    require(d.is_multiple_of(net.n_heads), || {
        format!("d_model {d} is not a multiple of n_heads {}", net.n_heads)
    })?;
    require(net.segment.is_multiple_of(n_fields), || {
        format!("segment {} is not a multiple of the {n_fields} fields", net.segment)
    })?;
    length("lag", net.lag.len(), n_fields)?;
    length("class", net.class.len(), n_roles)?;
    length("flat", net.flat.len(), n_roles)?;
    for (field, &lag) in net.lag.iter().enumerate() {
        within("lag", usize::from(lag), 1, n_fields)?;
        let source = (n_fields + field - usize::from(lag)) % n_fields;
        require(layout.roles_of(source).len() == layout.roles_of(field).len(), || {
            format!("field {field} refers to field {source} of another width")
        })?;
    }
    if let Some(&class) = net.class.iter().find(|&&c| usize::from(c) >= n_tables) {
        return Err(Error::Shape(format!("class {class} of {n_tables} tables")));
    }
    length("attention table", net.att_pow2.len(), 32)?;
    length("output table", net.out_pow2.len(), 32)?;
    require(net.att_pow2[0] > 0, || "the attention table begins with zero".into())?;
    if let Some(m) = net.memory {
        within("memory rate", m.rate, 1, net.segment)?;
        within("memory slots", m.slots, 1, MAX_WIDTH)?;
        within("memory kernel", m.kernel, 1, 64)?;
    }
    within("bytes a lane", net.lane_bytes(), 0, MAX_LANE_BYTES)?;

    let emb = &net.embedding;
    tables("trunk", &emb.tables, n_tables, d)?;
    length("prev_scale", emb.prev_scale.len(), n_roles * d)?;
    length("ref_scale", emb.ref_scale.len(), n_roles * d)?;
    length("field_bias", emb.field_bias.len(), n_fields * d)?;
    length("position", emb.position.len(), net.segment * d)?;
    for layer in &net.layers {
        layer_shapes(net, layer)?;
    }
    let h = &net.head;
    matrix("head input", &h.input, e, d)?;
    tables("head own", &h.own, n_tables, e)?;
    tables("head reference", &h.reference, n_tables, e)?;
    length("own_scale", h.own_scale.len(), n_roles * e)?;
    length("head ref_scale", h.ref_scale.len(), n_roles * e)?;
    length("role_bias", h.role_bias.len(), n_roles * 2 * e)?;
    ffn("head", &h.ffn, e)?;
    length("outputs", h.out.len(), n_tables)?;
    for out in &h.out {
        matrix("output", out, 256, e)?;
    }
    length("out_bias", h.out_bias.len(), n_roles * 256)?;
    weights("copy", &h.copy, n_tables * e)?;
    shifts("copy", &h.copy_shift, n_tables)?;
    length("copy_bias", h.copy_bias.len(), n_roles * 2)
}

fn layer_shapes(net: &Network, layer: &Layer) -> Result<()> {
    let d = net.d_model;
    for (what, m) in [("wq", &layer.wq), ("wk", &layer.wk), ("wv", &layer.wv), ("wo", &layer.wo)] {
        matrix(what, m, d, d)?;
    }
    within("score shift", layer.score_shift.into(), 0, MAX_SHIFT as usize)?;
    ffn("layer", &layer.ffn, d)?;
    match (&layer.memory, net.memory) {
        (None, None) => Ok(()),
        (Some(m), Some(shape)) => {
            let Memory { conv, conv_shift, point, proj, norm: _, gate } = m;
            weights("memory conv", conv, d * shape.kernel)?;
            shifts("memory conv", conv_shift, d)?;
            weights("memory point", point, d)?;
            matrix("memory projection", proj, d, d)?;
            length("memory gate", gate.len(), net.n_heads)?;
            require(gate.iter().all(|&g| g <= 256), || "a memory gate is above 256".into())
        }
        _ => Err(Error::Shape("a layer's memory does not fit the model's".into())),
    }
}

fn ffn(what: &str, f: &SwiGlu, width: usize) -> Result<()> {
    within("d_ff", f.gate.n_out, 1, MAX_WIDTH)?;
    matrix(what, &f.gate, f.gate.n_out, width)?;
    matrix(what, &f.up, f.gate.n_out, width)?;
    matrix(what, &f.down, width, f.gate.n_out)?;
    length("silu", f.silu.len(), 256)?;
    within("hidden shift", f.hidden_shift.into(), 0, MAX_SHIFT as usize)
}

fn tables(what: &str, t: &Tables, n_tables: usize, width: usize) -> Result<()> {
    length(&format!("{what} tables"), t.n_tables, n_tables)?;
    length(&format!("{what} table width"), t.width, width)?;
    weights(&format!("{what} tables"), &t.table, n_tables * 256 * width)?;
    within("embedding shift", t.shift.into(), 0, MAX_SHIFT as usize)
}

fn matrix(what: &str, m: &Linear, n_out: usize, n_in: usize) -> Result<()> {
    length(&format!("{what}: output channels"), m.n_out, n_out)?;
    length(&format!("{what}: input channels"), m.n_in, n_in)?;
    weights(what, &m.weight, n_out * n_in)?;
    if !m.bias.is_empty() {
        length(&format!("{what} biases"), m.bias.len(), n_out)?;
    }
    shifts(what, &m.shift, n_out)
}

fn weights(what: &str, w: &[i8], expected: usize) -> Result<()> {
    length(what, w.len(), expected)?;
    require(!w.contains(&i8::MIN), || format!("{what} holds -128; weights are -127..=127"))
}

fn shifts(what: &str, s: &[u8], expected: usize) -> Result<()> {
    length(&format!("{what} shifts"), s.len(), expected)?;
    let fits = s.iter().all(|&s| u32::from(s) <= MAX_SHIFT);
    require(fits, || format!("{what} holds a shift above {MAX_SHIFT}"))
}

fn within(what: &str, value: usize, low: usize, high: usize) -> Result<()> {
    require((low..=high).contains(&value), || format!("{what} is {value}, not in {low}..={high}"))
}

fn length(what: &str, value: usize, expected: usize) -> Result<()> {
    require(value == expected, || format!("{what} is {value}, expected {expected}"))
}

fn require(condition: bool, message: impl FnOnce() -> String) -> Result<()> {
    if condition { Ok(()) } else { Err(Error::Shape(message())) }
}
