//! One description of the network's bytes, which both the writer and the reader follow.

use crate::error::{Error, Result};
use crate::spec::{
    Head, Layer, Linear, Memory, MemoryShape, Network, Norm, SwiGlu, Tables, TrunkEmbedding,
};
use vortex_coder::layout::RecordLayout;
use vortex_coder::schema::Schema;

/// Moves values between a network and bytes; each call is one field of the format.
trait Wire {
    /// Whether the version of the format has biases.
    fn biases(&self) -> bool;
    /// A little-endian `u32`.
    fn size(&mut self, value: &mut usize) -> Result<()>;
    /// `len` little-endian numbers.
    fn numbers<T: Number>(&mut self, values: &mut Vec<T>, len: usize) -> Result<()>;
}

/// A number of fixed size.
trait Number: Copy {
    const SIZE: usize;
    fn put(self, out: &mut Vec<u8>);
    fn get(bytes: &[u8]) -> Option<Self>;
}

macro_rules! number {
    ($($t:ty),*) => {$(impl Number for $t {
        const SIZE: usize = size_of::<$t>();
        fn put(self, out: &mut Vec<u8>) {
            out.extend(self.to_le_bytes());
        }
        fn get(bytes: &[u8]) -> Option<Self> {
            Some(Self::from_le_bytes(bytes.try_into().ok()?))
        }
    })*};
}
number!(i8, u8, i16, u16, i32, u32);

impl Number for bool {
    const SIZE: usize = 1;
    fn put(self, out: &mut Vec<u8>) {
        out.push(self.into());
    }
    fn get(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0] => Some(false),
            [1] => Some(true),
            _ => None,
        }
    }
}

struct Writer {
    out: Vec<u8>,
    biases: bool,
}

impl Wire for Writer {
    fn biases(&self) -> bool {
        self.biases
    }
    fn size(&mut self, value: &mut usize) -> Result<()> {
        let value = u32::try_from(*value).map_err(|_| Error::Shape(format!("size {value}")))?;
        value.put(&mut self.out);
        Ok(())
    }
    fn numbers<T: Number>(&mut self, values: &mut Vec<T>, len: usize) -> Result<()> {
        if values.len() != len {
            return Err(Error::Shape(format!("{} numbers, expected {len}", values.len())));
        }
        values.iter().for_each(|v| v.put(&mut self.out));
        Ok(())
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    biases: bool,
}

impl Reader<'_> {
    fn take(&mut self, len: usize) -> Result<&[u8]> {
        let (head, rest) = self.rest.split_at_checked(len).ok_or_else(|| {
            Error::Shape(format!("{len} bytes expected, {} left", self.rest.len()))
        })?;
        self.rest = rest;
        Ok(head)
    }
}

impl Wire for Reader<'_> {
    fn biases(&self) -> bool {
        self.biases
    }
    fn size(&mut self, value: &mut usize) -> Result<()> {
        *value = u32::get(self.take(4)?).unwrap_or(0) as usize;
        Ok(())
    }
    fn numbers<T: Number>(&mut self, values: &mut Vec<T>, len: usize) -> Result<()> {
        let bytes =
            len.checked_mul(T::SIZE).ok_or_else(|| Error::Shape(format!("{len} numbers")))?;
        *values = self
            .take(bytes)?
            .chunks_exact(T::SIZE)
            .map(|b| T::get(b).ok_or_else(|| Error::Shape("a flag is neither 0 nor 1".into())))
            .collect::<Result<_>>()?;
        Ok(())
    }
}

/// The product of sizes read from a file.
fn times(a: usize, b: usize) -> Result<usize> {
    a.checked_mul(b).ok_or_else(|| Error::Shape(format!("{a} x {b} numbers")))
}

fn byte(io: &mut impl Wire, value: &mut u8) -> Result<()> {
    let mut one = vec![*value];
    io.numbers(&mut one, 1)?;
    *value = one[0];
    Ok(())
}

fn norm(io: &mut impl Wire, n: &mut Norm) -> Result<()> {
    let mut one = vec![n.numerator];
    io.numbers(&mut one, 1)?;
    n.numerator = one[0];
    Ok(())
}

fn linear(io: &mut impl Wire, m: &mut Linear, n_out: usize, n_in: usize) -> Result<()> {
    (m.n_out, m.n_in) = (n_out, n_in);
    io.numbers(&mut m.weight, times(n_out, n_in)?)?;
    io.numbers(&mut m.shift, n_out)?;
    if !io.biases() {
        return Ok(());
    }
    let mut present = vec![!m.bias.is_empty()];
    io.numbers(&mut present, 1)?;
    if present[0] { io.numbers(&mut m.bias, n_out) } else { Ok(()) }
}

fn tables(io: &mut impl Wire, t: &mut Tables, n_tables: usize, width: usize) -> Result<()> {
    (t.n_tables, t.width) = (n_tables, width);
    io.numbers(&mut t.table, times(times(n_tables, 256)?, width)?)?;
    byte(io, &mut t.shift)
}

fn swiglu(io: &mut impl Wire, f: &mut SwiGlu, width: usize) -> Result<()> {
    let mut hidden = f.gate.n_out;
    io.size(&mut hidden)?;
    norm(io, &mut f.norm)?;
    linear(io, &mut f.gate, hidden, width)?;
    linear(io, &mut f.up, hidden, width)?;
    io.numbers(&mut f.silu, 256)?;
    byte(io, &mut f.hidden_shift)?;
    linear(io, &mut f.down, width, hidden)
}

fn layer(
    io: &mut impl Wire,
    l: &mut Layer,
    d: usize,
    memory: Option<(MemoryShape, usize)>,
) -> Result<()> {
    norm(io, &mut l.norm)?;
    for m in [&mut l.wq, &mut l.wk, &mut l.wv] {
        linear(io, m, d, d)?;
    }
    byte(io, &mut l.score_shift)?;
    linear(io, &mut l.wo, d, d)?;
    if let Some((shape, n_heads)) = memory {
        let m = l.memory.get_or_insert_with(Memory::default);
        io.numbers(&mut m.conv, times(d, shape.kernel)?)?;
        io.numbers(&mut m.conv_shift, d)?;
        io.numbers(&mut m.point, d)?;
        linear(io, &mut m.proj, d, d)?;
        norm(io, &mut m.norm)?;
        io.numbers(&mut m.gate, n_heads)?;
    }
    swiglu(io, &mut l.ffn, d)
}

/// Everything except the schema, in the order of the format.
fn network(io: &mut impl Wire, net: &mut Network, n_fields: usize, n_roles: usize) -> Result<()> {
    let mut n_layers = net.layers.len();
    let mut width = net.head.own.width;
    let mut n_tables = net.embedding.tables.n_tables;
    let mut shape = net.memory.unwrap_or(MemoryShape { rate: 0, slots: 0, kernel: 0 });
    for size in [
        &mut net.d_model,
        &mut net.n_heads,
        &mut net.window,
        &mut net.segment,
        &mut n_layers,
        &mut width,
        &mut n_tables,
        &mut shape.rate,
        &mut shape.slots,
        &mut shape.kernel,
    ] {
        io.size(size)?;
    }
    if shape.rate == 0 && (shape.slots, shape.kernel) != (0, 0) {
        return Err(Error::Shape("memory slots without a rate".into()));
    }
    net.memory = (shape.rate > 0).then_some(shape);
    let d = net.d_model;
    io.numbers(&mut net.lag, n_fields)?;
    io.numbers(&mut net.class, n_roles)?;
    io.numbers(&mut net.flat, n_roles)?;
    io.numbers(&mut net.att_pow2, 32)?;
    io.numbers(&mut net.out_pow2, 32)?;

    let TrunkEmbedding { tables: t, prev_scale, ref_scale, field_bias, position } =
        &mut net.embedding;
    tables(io, t, n_tables, d)?;
    io.numbers(prev_scale, times(n_roles, d)?)?;
    io.numbers(ref_scale, times(n_roles, d)?)?;
    io.numbers(field_bias, times(n_fields, d)?)?;
    io.numbers(position, times(net.segment, d)?)?;

    if n_layers > crate::bounds::MAX_LAYERS {
        return Err(Error::Shape(format!(
            "{n_layers} layers, limit {}",
            crate::bounds::MAX_LAYERS
        )));
    }
    net.layers.resize_with(n_layers, Layer::default);
    let memory = net.memory.map(|m| (m, net.n_heads));
    for l in &mut net.layers {
        layer(io, l, d, memory)?;
    }

    let h = &mut net.head;
    norm(io, &mut h.norm_in)?;
    linear(io, &mut h.input, width, d)?;
    tables(io, &mut h.own, n_tables, width)?;
    io.numbers(&mut h.own_scale, times(n_roles, width)?)?;
    tables(io, &mut h.reference, n_tables, width)?;
    io.numbers(&mut h.ref_scale, times(n_roles, width)?)?;
    io.numbers(&mut h.role_bias, times(n_roles * 2, width)?)?;
    swiglu(io, &mut h.ffn, width)?;
    norm(io, &mut h.norm_out)?;
    if n_tables > 256 {
        return Err(Error::Shape(format!("{n_tables} tables, limit 256")));
    }
    h.out.resize_with(n_tables, Linear::default);
    for out in &mut h.out {
        linear(io, out, 256, width)?;
    }
    io.numbers(&mut h.out_bias, n_roles * 256)?;
    io.numbers(&mut h.copy, times(n_tables, width)?)?;
    io.numbers(&mut h.copy_shift, n_tables)?;
    io.numbers(&mut h.copy_bias, n_roles * 2)
}

/// The bytes of a network, with or without biases. It cannot fail for a network that has passed
/// [`crate::bounds::check`].
pub fn write(net: &Network, biases: bool) -> Result<Vec<u8>> {
    let layout = RecordLayout::new(net.schema.clone());
    let mut net = net.clone();
    let mut io = Writer { out: Vec::new(), biases };
    net.schema.write_to(&mut io.out);
    network(&mut io, &mut net, layout.n_fields(), layout.roles().len())?;
    Ok(io.out)
}

/// The network from bytes that [`write`] made.
pub fn read(mut bytes: &[u8], biases: bool) -> Result<Network> {
    let schema = Schema::read_from(&mut bytes).map_err(|e| Error::Shape(format!("schema: {e}")))?;
    let layout = RecordLayout::new(schema.clone());
    let mut net = Network {
        schema,
        lag: Vec::new(),
        class: Vec::new(),
        flat: Vec::new(),
        d_model: 0,
        n_heads: 0,
        window: 0,
        segment: 0,
        memory: None,
        att_pow2: Vec::new(),
        out_pow2: Vec::new(),
        embedding: TrunkEmbedding::default(),
        layers: Vec::new(),
        head: Head::default(),
    };
    let mut io = Reader { rest: bytes, biases };
    network(&mut io, &mut net, layout.n_fields(), layout.roles().len())?;
    if !io.rest.is_empty() {
        return Err(Error::Shape(format!("{} bytes after the network", io.rest.len())));
    }
    Ok(net)
}
