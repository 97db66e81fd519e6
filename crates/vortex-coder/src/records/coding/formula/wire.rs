//! The bytes of an expression in a file: its steps, a code each and what belongs to it.

use super::super::stage::take;
use super::expression::{Expression, MAX_OPS};
use super::op::{Binary, Op, Unary};
use crate::error::{Error, Result};

const FIELD: u8 = 0;
const CONSTANT: u8 = 1;
const RANKED: u8 = 2;

/// Appends the number of steps and the steps.
pub(super) fn write(expression: &Expression, out: &mut Vec<u8>) {
    let n = u16::try_from(expression.ops().len()).expect("checked with the schema");
    out.extend(n.to_le_bytes());
    for &op in expression.ops() {
        match op {
            Op::Field(index) => {
                out.push(FIELD);
                out.extend(index.to_le_bytes());
            }
            Op::Constant(bits) => {
                out.push(CONSTANT);
                out.extend(bits.to_le_bytes());
            }
            Op::Ranked { rank, of } => out.extend([RANKED, rank, of]),
            Op::Unary(function) => out.push(function as u8),
            Op::Binary(function) => out.push(function as u8),
        }
    }
}

/// Reads what [`write`] wrote and moves `input` past it.
pub(super) fn read(input: &mut &[u8]) -> Result<Expression> {
    let n = usize::from(u16::from_le_bytes(take(input, "formula")?));
    if n > MAX_OPS {
        return Err(Error::corrupt(format!("an expression of {n} steps; at most {MAX_OPS}")));
    }
    let ops = (0..n).map(|_| op(input)).collect::<Result<_>>()?;
    Expression::from_ops(ops).map_err(Error::corrupt)
}

fn op(input: &mut &[u8]) -> Result<Op> {
    let [code] = take(input, "formula")?;
    Ok(match code {
        FIELD => Op::Field(u16::from_le_bytes(take(input, "formula")?)),
        CONSTANT => Op::Constant(u64::from_le_bytes(take(input, "formula")?)),
        RANKED => {
            let [rank, of] = take(input, "formula")?;
            Op::Ranked { rank, of }
        }
        _ => {
            let unary = Unary::ALL.iter().find(|f| **f as u8 == code).map(|f| Op::Unary(*f));
            let binary = Binary::ALL.iter().find(|f| **f as u8 == code).map(|f| Op::Binary(*f));
            unary.or(binary).ok_or_else(|| {
                Error::corrupt(format!("{code} is no known step of an expression"))
            })?
        }
    })
}
