//! Symbols of a batch as index lists for the operations of the model.

use std::sync::Arc;

use crate::attention::{MemoryPlan, StreamPlans};
use crate::config::ModelConfig;
use crate::kernels::{AttentionPlan, GatherPlan, GatherPlanBuilder, LossPlan};
use crate::record::RecordSpec;

/// Rows of the trunk's concatenated embedding table: tables, field biases, positions.
pub(crate) struct TrunkRows {
    pub field: usize,
    pub position: usize,
}

/// Rows of the head's concatenated embedding table: own, reference, role bias.
pub(crate) struct HeadRows {
    pub reference: usize,
    pub bias: usize,
}

pub(crate) fn trunk_rows(spec: &RecordSpec) -> TrunkRows {
    let field = spec.n_classes * 256;
    TrunkRows { field, position: field + spec.n_fields() }
}

pub(crate) fn head_rows(spec: &RecordSpec) -> HeadRows {
    HeadRows { reference: spec.n_classes * 256, bias: 2 * spec.n_classes * 256 }
}

/// The sequences of one training step (or of one thread's part of it).
#[derive(Clone, Debug)]
pub struct Batch {
    /// Sequences.
    pub sequences: usize,
    /// Predicted records of each.
    pub records: usize,
    pub(crate) trunk: GatherPlan,
    pub(crate) streams: StreamPlans,
    pub(crate) classes: Vec<ClassRows>,
    /// Symbols of all predicted records, flat ones included.
    pub(crate) symbols: usize,
}

/// The symbols of one class: rows of one output matrix.
#[derive(Clone, Debug)]
pub(crate) struct ClassRows {
    pub class: usize,
    /// Token of each row; `None` if row `i` is token `i`.
    pub token: Option<Vec<i32>>,
    pub gather: GatherPlan,
    /// `2 * role + matched` of each row.
    pub matched: Vec<i32>,
    pub loss: LossPlan,
}

/// One token: a field of a record, as symbols.
#[derive(Clone, Copy)]
pub(crate) struct TokenSymbols<'a> {
    pub field: usize,
    pub symbols: &'a [u8],
}

/// Entries of a token's input.
pub(crate) fn trunk_entries(
    spec: &RecordSpec,
    plan: &mut GatherPlanBuilder,
    previous: TokenSymbols<'_>,
    reference: TokenSymbols<'_>,
    field: usize,
    position: usize,
) {
    let n_roles = spec.n_roles();
    let of = |token: TokenSymbols<'_>, plan: &mut GatherPlanBuilder, set: usize, field| {
        for (role, &symbol) in spec.layout.roles_of(field).zip(token.symbols) {
            let row = usize::from(spec.class[role]) * 256 + usize::from(symbol);
            plan.push(row, set * n_roles + role);
        }
    };
    of(previous, plan, 0, previous.field);
    // The reference uses the roles of the field that it helps to predict.
    of(reference, plan, 1, field);
    let rows = trunk_rows(spec);
    plan.push(rows.field + field, 2 * n_roles);
    plan.push(rows.position + position, 2 * n_roles);
    plan.end_row();
}

/// Entries of one symbol's input in the head: the symbols `known` of its field, the symbol of the
/// reference, and the bias. Returns `2 * role + matched`.
pub(crate) fn head_entries(
    spec: &RecordSpec,
    plan: &mut GatherPlanBuilder,
    field: usize,
    known: &[u8],
    reference: &[u8],
) -> usize {
    let n_roles = spec.n_roles();
    let rows = head_rows(spec);
    let first = spec.layout.roles_of(field).start;
    for (rank, &symbol) in known.iter().enumerate() {
        let role = first + rank;
        plan.push(usize::from(spec.class[role]) * 256 + usize::from(symbol), role);
    }
    let role = first + known.len();
    let symbol = usize::from(reference[known.len()]);
    plan.push(rows.reference + usize::from(spec.class[role]) * 256 + symbol, n_roles + role);
    let matched = known == &reference[..known.len()];
    plan.push(rows.bias + 2 * role + usize::from(matched), 2 * n_roles);
    plan.end_row();
    2 * role + usize::from(matched)
}

struct ClassBuilder {
    token: Vec<i32>,
    gather: GatherPlanBuilder,
    matched: Vec<i32>,
    role: Vec<u32>,
    reference: Vec<u8>,
    target: Vec<u8>,
}

impl Batch {
    /// A batch from `[sequences][1 + records][roles]` symbols; the first record of each sequence is
    /// history only. A sequence starts at position 0 of a segment with an empty window.
    ///
    /// # Panics
    /// If the length of `symbols` is not a multiple of `sequences * roles`, or there is no record
    /// to predict.
    pub fn new(config: &ModelConfig, spec: &RecordSpec, symbols: &[u8], sequences: usize) -> Self {
        Self::starting_at(0, config, spec, symbols, sequences)
    }

    /// The same for sequences that begin with token `first` of their streams. Only positions depend
    /// on it; earlier tokens are not in the plans of attention.
    pub(crate) fn starting_at(
        first: usize,
        config: &ModelConfig,
        spec: &RecordSpec,
        symbols: &[u8],
        sequences: usize,
    ) -> Self {
        let (n_fields, n_roles) = (spec.n_fields(), spec.n_roles());
        assert!(symbols.len().is_multiple_of(sequences * n_roles), "whole records");
        let per_sequence = symbols.len() / sequences;
        let records = per_sequence / n_roles - 1;
        assert!(records > 0, "a history record and at least one to predict");
        let tokens = records * n_fields;
        let (window, segment) = config.window_and_segment(n_fields);

        let mut trunk = GatherPlan::builder(sequences * tokens, sequences * records * 3 * n_roles);
        let mut classes: Vec<ClassBuilder> = (0..spec.n_classes)
            .map(|_| ClassBuilder {
                token: Vec::new(),
                gather: GatherPlan::builder(0, 0),
                matched: Vec::new(),
                role: Vec::new(),
                reference: Vec::new(),
                target: Vec::new(),
            })
            .collect();
        for (s, sequence) in symbols.chunks_exact(per_sequence).enumerate() {
            let token = |record: usize, field: usize| TokenSymbols {
                field,
                symbols: &sequence[record * n_roles..][spec.layout.roles_of(field)],
            };
            for t in 0..tokens {
                let (record, field) = (1 + t / n_fields, t % n_fields);
                let back = |lag: usize| {
                    if lag <= field {
                        token(record, field - lag)
                    } else {
                        token(record - 1, field + n_fields - lag)
                    }
                };
                let reference = back(usize::from(spec.lag[field]));
                let position = (first + t) % segment;
                trunk_entries(spec, &mut trunk, back(1), reference, field, position);
                let own = token(record, field).symbols;
                for (rank, role) in spec.layout.roles_of(field).enumerate() {
                    if spec.flat[role] {
                        continue;
                    }
                    let class = &mut classes[usize::from(spec.class[role])];
                    let known = &own[..rank];
                    let matched =
                        head_entries(spec, &mut class.gather, field, known, reference.symbols);
                    class.token.push((s * tokens + t) as i32);
                    class.matched.push(matched as i32);
                    class.role.push(role as u32);
                    class.reference.push(reference.symbols[rank]);
                    class.target.push(own[rank]);
                }
            }
        }
        let n_tokens = sequences * tokens;
        let classes = classes.into_iter().enumerate().filter(|(_, c)| !c.role.is_empty());
        let classes = classes.map(|(class, built)| {
            let all = built.token.len() == n_tokens
                && built.token.iter().enumerate().all(|(i, &t)| i == t as usize);
            ClassRows {
                class,
                token: (!all).then_some(built.token),
                gather: built.gather.finish(),
                matched: built.matched,
                loss: LossPlan {
                    role: Arc::from(built.role),
                    reference: Arc::from(built.reference),
                    target: Arc::from(built.target),
                    n_roles,
                },
            }
        });
        let memory = config.memory.as_ref().map(|memory| {
            let keep = segment / memory.rate;
            let (heads, slots) = (config.n_heads, memory.slots);
            let attention = AttentionPlan::memory(sequences, tokens, heads, segment, keep, slots);
            MemoryPlan { attention, segment, keep }
        });
        let local = AttentionPlan::sliding(sequences, tokens, config.n_heads, window);
        Self {
            sequences,
            records,
            trunk: trunk.finish(),
            streams: StreamPlans { local, memory },
            classes: classes.collect(),
            symbols: sequences * records * n_roles,
        }
    }

    /// Tokens of all sequences.
    pub fn tokens(&self) -> usize {
        self.trunk.rows()
    }
}
