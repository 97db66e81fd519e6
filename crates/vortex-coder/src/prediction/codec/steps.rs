//! The loop over the steps of a group of blocks, and its variant for known symbols.

use super::coders::{Encode, Sink, SymbolCoder};
use super::lanes::{Block, lanes_of, spans_of};
use crate::cdf::Cdf;
use crate::error::{Error, Result};
use crate::layout::{RecordLayout, Role};
use crate::predictor::{Coding, Predictor};
use crate::score::{Known, Score};

/// All lanes advance together, role by role; when the shorter lanes end, the others continue. Each
/// block sees its lanes in their order, as if it were coded alone.
pub(super) fn run<C: SymbolCoder>(
    predictor: &mut dyn Predictor,
    layout: &RecordLayout,
    blocks: &mut [Block<C>],
) -> Result<()> {
    let lanes = lanes_of(blocks);
    let Some(longest) = lanes.first() else { return Ok(()) };
    let spans = spans_of(&lanes);
    let n_roles = layout.roles().len();
    let mut symbols = vec![0u8; lanes.len() * n_roles];
    let mut step_symbols = vec![0u8; lanes.len()];
    let mut cdfs = vec![Cdf::default(); lanes.len()];
    let mut active = lanes.len();

    predictor.begin(active);
    for step in 0..longest.records {
        while lanes[active - 1].records <= step {
            active -= 1;
        }
        let of_lane = symbols.chunks_exact_mut(n_roles);
        for (lane, symbols) in lanes[..active].iter().zip(of_lane) {
            let coder = &mut blocks[lane.block].coder;
            coder.load(layout, lane.first_record + step, step == 0, symbols);
        }
        for (role, &Role { alphabet, .. }) in layout.roles().iter().enumerate() {
            let coding = predictor.predict(active, &mut cdfs[..active]);
            if let Some(failure) = predictor.failure() {
                return Err(failure);
            }
            for (block, span) in &spans {
                let coder = &mut blocks[*block].coder;
                let span = span.start.min(active)..span.end.min(active);
                let at = span.start;
                let step_symbols = &mut step_symbols[span.clone()];
                for (i, (cdf, step_symbol)) in cdfs[span].iter().zip(step_symbols).enumerate() {
                    let symbol = &mut symbols[(at + i) * n_roles + role];
                    let coded = match coding {
                        Coding::Modelled => coder.code(cdf, role, *symbol),
                        Coding::Flat => coder.code_flat(alphabet, role, *symbol),
                    };
                    let Some(coded) = coded else {
                        return Err(outside(*symbol, role, alphabet));
                    };
                    *symbol = coded;
                    *step_symbol = coded;
                }
            }
            predictor.update(&step_symbols[..active]);
        }
        for (lane, symbols) in lanes[..active].iter().zip(symbols.chunks_exact(n_roles)) {
            let coder = &mut blocks[lane.block].coder;
            coder.store(layout, lane.first_record + step, step == 0, symbols);
        }
        if blocks.iter().all(|block| block.coder.is_over()) {
            break;
        }
    }
    Ok(())
}

/// [`run`] for known symbols: the predictor scores up to `most` records of each lane at once.
pub(super) fn run_scored<S: Sink>(
    predictor: &mut dyn Predictor,
    layout: &RecordLayout,
    blocks: &mut [Block<Encode<'_, S>>],
    most: usize,
) -> Result<()> {
    let lanes = lanes_of(blocks);
    let Some(longest) = lanes.first() else { return Ok(()) };
    let spans = spans_of(&lanes);
    let (n_roles, longest) = (layout.roles().len(), longest.records);
    let (mut symbols, mut scores) = (Vec::new(), Vec::new());
    let mut active = lanes.len();

    predictor.begin(active);
    let mut step = 0;
    while step < longest {
        while lanes[active - 1].records <= step {
            active -= 1;
        }
        // Until the next lane ends.
        let records = most.min(lanes[active - 1].records - step);
        symbols.resize(records * active * n_roles, 0);
        let mut of_lane = symbols.chunks_exact_mut(n_roles);
        for step in step..step + records {
            for (lane, symbols) in lanes[..active].iter().zip(&mut of_lane) {
                let coder = &mut blocks[lane.block].coder;
                coder.load(layout, lane.first_record + step, step == 0, symbols);
            }
        }
        let known = Known::new(&symbols, active, n_roles);
        scores.clear();
        predictor.score(known, &mut scores);
        if let Some(failure) = predictor.failure() {
            return Err(failure);
        }
        assert_eq!(scores.len(), symbols.len(), "a score for each symbol");
        for (at, scores) in scores.chunks_exact(active).enumerate() {
            let (record, role) = (at / n_roles, at % n_roles);
            let alphabet = layout.roles()[role].alphabet;
            for (block, span) in &spans {
                let sink = &mut blocks[*block].coder.sink;
                let of_block = scores.iter().enumerate().take(span.end).skip(span.start);
                for (lane, &score) in of_block {
                    let symbol = known.record(record, lane)[role];
                    match score {
                        Score::Modelled(interval) => sink.take(interval, role),
                        Score::Flat if u16::from(symbol) < alphabet => {
                            sink.take_flat(alphabet, role, symbol);
                        }
                        _ => return Err(outside(symbol, role, alphabet)),
                    }
                }
            }
        }
        step += records;
    }
    Ok(())
}

fn outside(symbol: u8, role: usize, alphabet: u16) -> Error {
    Error::invalid_argument(format!(
        "symbol {symbol} of role {role} is outside the alphabet of the predictor's distribution, or \
         of the role, which has {alphabet} symbols"
    ))
}
