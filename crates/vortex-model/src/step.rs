//! The stepwise pass: one symbol of every lane at a time, with a cache.

use burn::tensor::{Tensor, backend::Backend};

use crate::batch::{ClassRows, TokenSymbols, head_entries, trunk_entries};
use crate::head::HeadTables;
use crate::kernels::{FusedOps, GatherPlan, LossPlan};
use crate::kv_cache::KvCache;
use crate::memory::MemoryManager;
use crate::production::ProductionModel;
use crate::quant::{Numerics, QuantSpec};

/// Lanes that advance together. It agrees with the parallel pass up to float rounding; files are
/// coded with the integer network.
#[derive(Debug)]
pub struct Stepper<'a, B: Backend> {
    /// The folded model.
    model: ProductionModel<B>,
    numerics: Numerics<'a>,
    tables: HeadTables<B>,
    layers: Vec<LayerState<B>>,
    lanes: Vec<LaneSymbols>,
    token: usize,
    role: usize,
    z0: Option<Tensor<B, 2>>,
}

#[derive(Debug)]
struct LayerState<B: Backend> {
    window: KvCache<B>,
    memory: Option<MemoryManager<B>>,
}

#[derive(Clone, Debug)]
struct LaneSymbols {
    previous: Vec<u8>,
    current: Vec<u8>,
}

impl<B: FusedOps> ProductionModel<B> {
    /// New lanes: all symbols before them are zero.
    pub fn stepper<'a>(&'a self, lanes: usize, quant: Option<&'a QuantSpec>) -> Stepper<'a, B> {
        let (config, n_roles) = (self.config(), self.spec().n_roles());
        let (window, segment) = config.window_and_segment(self.spec().n_fields());
        let memory = |m: &crate::config::MemoryConfig| {
            MemoryManager::new(segment, segment / m.rate, m.slots)
        };
        let layer = |_: &_| LayerState {
            window: KvCache::new(window),
            memory: config.memory.as_ref().map(memory),
        };
        let (numerics, model) = (Numerics::new(quant), self.folded());
        let zero = LaneSymbols { previous: vec![0; n_roles], current: vec![0; n_roles] };
        Stepper {
            tables: model.head.tables(&numerics.inside("head")),
            numerics,
            layers: model.layers.iter().map(layer).collect(),
            model,
            lanes: vec![zero; lanes],
            token: 0,
            role: 0,
            z0: None,
        }
    }
}

impl<B: FusedOps> Stepper<'_, B> {
    /// Logits of the next symbol of each lane in bits; `None` for a flat role.
    ///
    /// # Shapes
    /// - output: `[lanes, 256]`
    pub fn predict(&mut self) -> Option<Tensor<B, 2>> {
        let spec = self.model.shared_spec();
        let role = spec.layout.roles()[self.role];
        if role.rank == 0 {
            self.z0 = Some(self.trunk());
        }
        if spec.flat[self.role] {
            return None;
        }
        let z0 = self.z0.clone().expect("a field starts at its first symbol");
        let (field, rank) = (usize::from(role.field), usize::from(role.rank));
        let first = self.role - rank;
        let mut gather = GatherPlan::builder(self.lanes.len(), 0);
        let mut matched = Vec::new();
        let mut reference = Vec::new();
        for lane in &self.lanes {
            let symbols = self.back(lane, usize::from(spec.lag[field])).symbols;
            let known = &lane.current[first..self.role];
            matched.push(head_entries(&spec, &mut gather, field, known, symbols) as i32);
            reference.push(symbols[rank]);
        }
        let n = self.lanes.len();
        let rows = ClassRows {
            class: usize::from(spec.class[self.role]),
            token: None,
            gather: gather.finish(),
            matched,
            loss: LossPlan {
                role: vec![self.role as u32; n].into(),
                target: reference.clone().into(),
                reference: reference.into(),
                n_roles: spec.n_roles(),
            },
        };
        let head = &self.model.head;
        let numerics = self.numerics.inside("head");
        let (logits, copy) = head.logits(z0, &self.tables, &rows, &numerics);
        Some(head.with_bias(logits, copy, &rows))
    }

    /// Sets the record before the lanes, `[lanes][roles]`.
    ///
    /// # Panics
    /// After the first [`Self::push`], or when there are too few symbols.
    pub fn set_history(&mut self, symbols: &[u8]) {
        assert!(self.token == 0 && self.role == 0, "history comes first");
        let roles = self.model.spec().n_roles();
        assert_eq!(symbols.len(), roles * self.lanes.len());
        for (lane, record) in self.lanes.iter_mut().zip(symbols.chunks_exact(roles)) {
            lane.previous.copy_from_slice(record);
        }
    }

    /// The next symbol of each lane.
    pub fn push(&mut self, symbols: &[u8]) {
        for (lane, &symbol) in self.lanes.iter_mut().zip(symbols) {
            lane.current[self.role] = symbol;
        }
        let roles = self.model.spec().layout.roles();
        self.role += 1;
        if self.role == roles.len() {
            self.role = 0;
            for lane in &mut self.lanes {
                std::mem::swap(&mut lane.previous, &mut lane.current);
            }
        }
        if roles[self.role].rank == 0 {
            self.token += 1;
        }
    }

    /// The token `lag` before the current one.
    fn back<'b>(&self, lane: &'b LaneSymbols, lag: usize) -> TokenSymbols<'b> {
        let layout = &self.model.spec().layout;
        let field = usize::from(layout.roles()[self.role].field);
        let (record, field) = if lag <= field {
            (&lane.current, field - lag)
        } else {
            (&lane.previous, field + layout.n_fields() - lag)
        };
        TokenSymbols { field, symbols: &record[layout.roles_of(field)] }
    }

    /// All layers for the current token; returns the input of the head.
    fn trunk(&mut self) -> Tensor<B, 2> {
        let (model, spec) = (&self.model, self.model.spec());
        let field = usize::from(spec.layout.roles()[self.role].field);
        let (_, segment) = model.config().window_and_segment(spec.n_fields());
        let mut plan = GatherPlan::builder(self.lanes.len(), 0);
        for lane in &self.lanes {
            let reference = self.back(lane, usize::from(spec.lag[field]));
            let position = self.token % segment;
            trunk_entries(spec, &mut plan, self.back(lane, 1), reference, field, position);
        }
        let mut x = model.embed(&plan.finish(), &self.numerics);
        let lanes = self.lanes.len();
        for (l, (layer, state)) in model.layers.iter().zip(&mut self.layers).enumerate() {
            let numerics = self.numerics.inside(&format!("layers.{l}"));
            let attention = &layer.attention;
            let heads = attention.n_heads;
            let q0 = attention.normalise(x.clone(), &numerics);
            let kv = attention.keys_values(q0.clone(), &numerics);
            let [_, width] = kv.dims();
            state.window.push(kv.reshape([lanes, 1, width]));
            let q = attention.queries(q0.clone(), &numerics);
            let (kv, plan) = state.window.view(heads).expect("one token at least");
            let slots = state.memory.as_ref().and_then(|m| m.slots().view(heads));
            let slots = slots.as_ref().map(|(kv, plan)| (kv.clone(), plan));
            x = x + attention.attend(q, (kv, &plan), slots, &numerics);
            x = layer.ffn.forward(x, &numerics.inside("ffn"));
            if let Some(memory) = &mut state.memory {
                memory.push(q0, attention, &numerics);
            }
        }
        model.head.input(x, &self.numerics.inside("head"))
    }
}
