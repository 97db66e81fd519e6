//! From trained floats to the integer network: every step does the rounding that [`crate::quant`]
//! simulates in training.

use burn::tensor::{Tensor, activation, backend::Backend};
use vortex_infer::arithmetic::norm_numerator;
use vortex_infer::spec;

use crate::attention::MemoryStream;
use crate::block::Block;
use crate::embedding::ByteEmbedding;
use crate::error::{Error, Result};
use crate::head::ByteHead;
use crate::kernels::FusedOps;
use crate::production::ProductionModel;
use crate::quant::{LOG_BITS, MAX_SHIFT, QuantSpec, channel_bits, host, largest_bits, power};

/// Fractional bits of embedding scales, at most.
const SCALE_BITS: i32 = 12;
/// Fractional bits of SiLU beyond those of its argument: 127 * 2^8 still fits 16 bits.
const SILU_BITS: i32 = 8;

impl<B: FusedOps> ProductionModel<B> {
    /// The integer network of this model with the activation scales of `quant`.
    ///
    /// # Errors
    /// [`Error::Export`] when `quant` belongs to another model or a number does not fit its place.
    pub fn export(&self, quant: &QuantSpec) -> Result<spec::Network> {
        self.folded().export_folded(quant)
    }

    fn export_folded(&self, quant: &QuantSpec) -> Result<spec::Network> {
        let (config, records) = (self.config(), self.spec());
        let (window, segment) = config.window_and_segment(records.n_fields());
        let d = config.d_model;
        let layers = self.layers.iter().enumerate();
        let layers = layers.map(|(l, layer)| export_layer(layer, &Site::new(quant, l), d));
        Ok(spec::Network {
            schema: records.layout.schema().clone(),
            lag: records.lag.clone(),
            class: records.class.clone(),
            flat: records.flat.clone(),
            d_model: d,
            n_heads: config.n_heads,
            window,
            segment,
            memory: config.memory.as_ref().map(|m| spec::MemoryShape {
                rate: m.rate,
                slots: m.slots,
                kernel: m.kernel,
            }),
            att_pow2: pow2_table(255.0).map(|v| v as u8).to_vec(),
            out_pow2: pow2_table(4_194_304.0).map(|v| v as u32).to_vec(),
            embedding: self.export_embedding(quant.residual_bits(""))?,
            layers: layers.collect::<Result<_>>()?,
            head: export_head(&self.head, &Site { quant, path: "head.".into() })?,
        })
    }

    fn export_embedding(&self, bits: i32) -> Result<spec::TrunkEmbedding> {
        let (tables, mut scale) =
            export_tables(&self.embedding.table.val(), self.trunk_scales(), bits)?;
        let ref_scale = scale.split_off(scale.len() / 2);
        Ok(spec::TrunkEmbedding {
            tables,
            prev_scale: scale,
            ref_scale,
            field_bias: residual(&host(&self.field_bias.val()), bits),
            position: residual(&host(&self.positions()), bits),
        })
    }
}

/// `unit * 2^(-f / 32)` rounded, for `f` in `0..32`.
fn pow2_table(unit: f64) -> [f64; 32] {
    std::array::from_fn(|f| (unit * (-(f as f64) / 32.0).exp2()).round())
}

fn residual(values: &[f32], bits: i32) -> Vec<i32> {
    values.iter().map(|v| (v * power(bits)).round() as i32).collect()
}

fn bytes(values: impl Iterator<Item = f32>) -> Vec<i8> {
    values.map(|v| v.round().clamp(-127.0, 127.0) as i8).collect()
}

/// A part of the model, and the scales of its sites.
struct Site<'a> {
    quant: &'a QuantSpec,
    path: String,
}

impl<'a> Site<'a> {
    fn new(quant: &'a QuantSpec, layer: usize) -> Self {
        Self { quant, path: format!("layers.{layer}.") }
    }

    fn ffn(&self) -> Self {
        Self { quant: self.quant, path: format!("{}ffn.", self.path) }
    }

    fn bits(&self, site: &str) -> Result<i32> {
        self.quant.bits(&format!("{}{site}", self.path))
    }

    fn residual(&self) -> i32 {
        self.quant.residual_bits(&self.path)
    }

    fn shift(&self, what: &str, shift: i32) -> Result<u8> {
        if (0..=MAX_SHIFT).contains(&shift) {
            return Ok(shift as u8);
        }
        let path = &self.path;
        Err(Error::Export(format!("{path}{what} needs a shift of {shift}: 0 to {MAX_SHIFT} exist")))
    }

    fn norm(&self, site: &str, d: usize) -> Result<spec::Norm> {
        let bits = self.bits(site)?;
        match norm_numerator(d, bits) {
            Some(numerator) => Ok(spec::Norm { numerator }),
            None => Err(Error::Export(format!(
                "{}{site} of {d} channels cannot have {bits} fractional bits",
                self.path
            ))),
        }
    }

    /// A weight `[in, out]` as `[out][in]`.
    fn linear<B: Backend>(
        &self,
        weight: &Tensor<B, 2>,
        input: &str,
        output: i32,
    ) -> Result<spec::Linear> {
        self.biased(weight, None, input, output)
    }

    /// The same with a bias `[1, out]`.
    fn biased<B: Backend>(
        &self,
        weight: &Tensor<B, 2>,
        bias: Option<Tensor<B, 2>>,
        input: &str,
        output: i32,
    ) -> Result<spec::Linear> {
        let [n_in, n_out] = weight.dims();
        let input = self.bits(input)?;
        let values = host(weight);
        let bits = channel_bits(&values, input, &vec![output; n_out]);
        let column = |o: usize| values[o..].iter().step_by(n_out).copied();
        let scaled = (0..n_out).flat_map(|o| column(o).map(move |v| (o, v)));
        let weight = bytes(scaled.map(|(o, v)| v * power(bits[o])));
        let shift = bits.iter().map(|b| (b + input - output) as u8).collect();
        // In units of the sums, before the shift.
        let unit = |(v, bits): (f32, &i32)| (v * power(bits + input)).round() as i32;
        let bias = bias
            .map_or_else(Vec::new, |bias| host(&bias).into_iter().zip(&bits).map(unit).collect());
        Ok(spec::Linear { n_out, n_in, weight, shift, bias })
    }
}

/// Table and scales of an embedding, of all sets; its sums have `bits` fractional bits.
fn export_tables<B: Backend>(
    table: &Tensor<B, 2>,
    scales: Tensor<B, 2>,
    bits: i32,
) -> Result<(spec::Tables, Vec<i16>)> {
    let [rows, width] = table.dims();
    let table = host(table);
    let table_bits = largest_bits(table.iter().copied());
    let scale = host(&scales);
    let max = scale.iter().fold(0.0f32, |m, v| m.max(v.abs())).max(1e-6);
    let scale_bits = ((f32::from(i16::MAX) / max).log2().floor() as i32).min(SCALE_BITS);
    let shift = table_bits + scale_bits - bits;
    if !(0..=MAX_SHIFT).contains(&shift) {
        return Err(Error::Export(format!("an embedding needs a shift of {shift}")));
    }
    let tables = spec::Tables {
        n_tables: rows / 256,
        width,
        table: bytes(table.iter().map(|v| v * power(table_bits))),
        shift: shift as u8,
    };
    Ok((tables, scale.iter().map(|v| (v * power(scale_bits)).round() as i16).collect()))
}

fn export_layer<B: FusedOps>(layer: &Block<B>, site: &Site<'_>, d: usize) -> Result<spec::Layer> {
    let attention = &layer.attention;
    let wkv = attention.wkv.val();
    let kv = attention.bias.as_ref().map(|bias| &bias.kv);
    let [key_bias, value_bias] = [0, d].map(|start| kv.map(|kv| kv.clone().narrow(1, start, d)));
    let [q, k, v] = [site.bits("q")?, site.bits("k")?, site.bits("v")?];
    let memory = attention.memory.as_ref().map(|m| export_memory(m, site, d));
    Ok(spec::Layer {
        norm: site.norm("norm", d)?,
        wq: site.biased(&attention.scaled_wq(), attention.scaled_bias(), "norm", q)?,
        wk: site.biased(&wkv.clone().narrow(1, 0, d), key_bias, "norm", k)?,
        wv: site.biased(&wkv.narrow(1, d, d), value_bias, "norm", v)?,
        score_shift: site.shift("q and k", q + k - LOG_BITS)?,
        wo: site.linear(&attention.wo.val(), "v", site.residual())?,
        memory: memory.transpose()?,
        ffn: export_ffn(&layer.ffn, &site.ffn())?,
    })
}

fn export_memory<B: Backend>(
    memory: &MemoryStream<B>,
    site: &Site<'_>,
    d: usize,
) -> Result<spec::Memory> {
    let eviction = &memory.eviction;
    let conv = site.linear(&eviction.conv.val(), "norm", site.bits("conv")?)?;
    let point = host(&eviction.point.val());
    let point_scale = power(largest_bits(point.iter().copied()));
    let gate = host(&activation::sigmoid(memory.gate.val()));
    Ok(spec::Memory {
        conv: conv.weight,
        conv_shift: conv.shift,
        point: bytes(point.iter().map(|v| v * point_scale)),
        proj: site.linear(&eviction.proj.val(), "norm", site.residual())?,
        norm: site.norm("norm", d)?,
        gate: gate.iter().map(|g| (g * 256.0).round() as u16).collect(),
    })
}

fn export_ffn<B: Backend>(ffn: &crate::swiglu::SwiGlu<B>, site: &Site<'_>) -> Result<spec::SwiGlu> {
    let [d_ff, d] = ffn.down.dims();
    let gate_up = ffn.gate_up.val();
    let [gate_bias, up_bias] =
        [0, d_ff].map(|start| ffn.bias.as_ref().map(|bias| bias.clone().narrow(1, start, d_ff)));
    let [gate, up, hidden] = [site.bits("gate")?, site.bits("up")?, site.bits("hidden")?];
    let silu_bits = gate + SILU_BITS;
    let silu = (-128..128).map(|a| {
        let x = f64::from(a) * f64::from(gate).exp2().recip();
        (x / (1.0 + (-x).exp()) * f64::from(silu_bits).exp2()).round() as i16
    });
    Ok(spec::SwiGlu {
        norm: site.norm("norm", d)?,
        gate: site.biased(&gate_up.clone().narrow(1, 0, d_ff), gate_bias, "norm", gate)?,
        up: site.biased(&gate_up.narrow(1, d_ff, d_ff), up_bias, "norm", up)?,
        silu: silu.collect(),
        hidden_shift: site.shift("hidden", silu_bits + up - hidden)?,
        down: site.linear(&ffn.down.val(), "hidden", site.residual())?,
    })
}

fn logits(values: &[f32]) -> Vec<i16> {
    let (low, high) = (f32::from(i16::MIN), f32::from(i16::MAX));
    values.iter().map(|v| (v * power(LOG_BITS)).round().clamp(low, high) as i16).collect()
}

fn export_head<B: FusedOps>(head: &ByteHead<B>, site: &Site<'_>) -> Result<spec::Head> {
    let [d, e] = head.input.dims();
    let tables =
        |part: &ByteEmbedding<B>| export_tables(&part.table.val(), part.scales(), site.residual());
    let (own, own_scale) = tables(&head.own)?;
    let (reference, ref_scale) = tables(&head.reference)?;
    let linear =
        |weight: &burn::module::Param<Tensor<B, 2>>| site.linear(&weight.val(), "output", LOG_BITS);
    let copy: Vec<spec::Linear> = head.copy.iter().map(linear).collect::<Result<_>>()?;
    Ok(spec::Head {
        norm_in: site.norm("input", d)?,
        input: site.biased(&head.input.val(), head.input_bias.clone(), "input", site.residual())?,
        own,
        own_scale,
        reference,
        ref_scale,
        role_bias: residual(&host(&head.role_bias.val()), site.residual()),
        ffn: export_ffn(&head.ffn, &site.ffn())?,
        norm_out: site.norm("output", e)?,
        out: head.out.iter().map(linear).collect::<Result<_>>()?,
        out_bias: logits(&host(&head.out_bias.val())),
        copy: copy.iter().flat_map(|c| c.weight.iter().copied()).collect(),
        copy_shift: copy.iter().map(|c| c.shift[0]).collect(),
        copy_bias: logits(&host(&head.copy_bias.val())),
    })
}
