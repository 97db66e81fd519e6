//! Values that are computed from the fields of a record.

use super::super::field::Field;
use super::op::{Binary, MAX_RANKED, Op, Unary};

/// Most steps of an expression.
pub const MAX_OPS: usize = 1024;
/// Most values on the stack of an expression.
pub const MAX_DEPTH: usize = 32;

/// A value that is computed from the fields of a record, in binary64, each step rounded to the nearest, ties to even.
///
/// Its steps are in reverse Polish notation, as they are done and as files hold them. The same steps give the same bits on every
/// machine, because every [function](Unary) is made of additions, multiplications, divisions and square roots.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Expression {
    ops: Vec<Op>,
}

impl Expression {
    /// The value of a field, by its index in the schema.
    pub fn field(index: u16) -> Self {
        Self { ops: vec![Op::Field(index)] }
    }

    /// A number, which must be finite: no schema takes another one.
    pub fn constant(value: f64) -> Self {
        Self { ops: vec![Op::Constant(value.to_bits())] }
    }

    /// The expression with these steps, or what is wrong with them.
    pub(super) fn from_ops(ops: Vec<Op>) -> Result<Self, String> {
        let expression = Self { ops };
        expression.check()?;
        Ok(expression)
    }

    /// What is wrong with its steps, if anything: a file holds only those of which nothing is.
    pub(super) fn check(&self) -> Result<(), String> {
        let ops = &self.ops;
        if ops.len() > MAX_OPS {
            return Err(format!("an expression of {} steps; at most {MAX_OPS}", ops.len()));
        }
        let (mut depth, mut before) = (0usize, None);
        for &op in ops {
            match op {
                Op::Constant(bits) if !f64::from_bits(bits).is_finite() => {
                    return Err("a constant of an expression is not a finite number".into());
                }
                Op::Ranked { rank, of } if rank >= of || !(2..=MAX_RANKED).contains(&of) => {
                    return Err(format!("rank {rank} of {of} values in an expression"));
                }
                // The negative constant says the same.
                Op::Unary(Unary::Negate) if matches!(before, Some(Op::Constant(_))) => {
                    return Err("a negated constant in an expression".into());
                }
                _ => {}
            }
            before = Some(op);
            let Some(rest) = depth.checked_sub(op.takes()) else {
                return Err("a step of an expression takes more values than there are".into());
            };
            depth = rest + 1;
            if depth > MAX_DEPTH {
                return Err(format!("an expression of more than {MAX_DEPTH} values at once"));
            }
        }
        if depth != 1 {
            return Err(format!("an expression leaves {depth} values; it must leave one"));
        }
        Ok(())
    }

    /// Its steps, in reverse Polish notation.
    pub fn ops(&self) -> &[Op] {
        &self.ops
    }

    /// Indices of the fields that it refers to, as often as it does.
    pub fn fields(&self) -> impl Iterator<Item = u16> {
        self.ops.iter().filter_map(|op| match op {
            Op::Field(index) => Some(*index),
            _ => None,
        })
    }

    /// The value for these values of fields; infinite or NaN if it is not defined.
    ///
    /// # Panics
    /// When the expression is one that no [`Formula`](super::Formula) takes.
    pub fn evaluate(&self, field: impl Fn(u16) -> f64) -> f64 {
        let mut stack = [0f64; MAX_DEPTH];
        let mut depth = 0;
        for &op in &self.ops {
            depth -= op.takes();
            stack[depth] = match op {
                Op::Field(index) => field(index),
                Op::Constant(bits) => f64::from_bits(bits),
                Op::Unary(function) => function.compute()(stack[depth]),
                Op::Binary(function) => function.compute()(stack[depth], stack[depth + 1]),
                Op::Ranked { rank, of } => {
                    let values = &mut stack[depth..depth + usize::from(of)];
                    values.sort_unstable_by(f64::total_cmp);
                    // The sign of a NaN, which the order depends on, differs between machines.
                    let undefined = values.iter().any(|value| value.is_nan());
                    if undefined { f64::NAN } else { values[usize::from(rank)] }
                }
            };
            depth += 1;
        }
        stack[0]
    }

    /// The same with the nearest single precision numbers in place of these fields.
    #[must_use]
    pub fn rounded(&self, is_rounded: impl Fn(u16) -> bool) -> Self {
        let mut ops = Vec::new();
        for &op in &self.ops {
            ops.push(op);
            if matches!(op, Op::Field(index) if is_rounded(index)) {
                ops.push(Op::Unary(Unary::Single));
            }
        }
        Self { ops }
    }

    /// The same with fields in place of [their nearest single precision numbers](Self::rounded).
    #[must_use]
    pub fn unrounded(&self) -> Self {
        let mut ops: Vec<Op> = Vec::new();
        for &op in &self.ops {
            let rounds = op == Op::Unary(Unary::Single) && matches!(ops.last(), Some(Op::Field(_)));
            if !rounds {
                ops.push(op);
            }
        }
        Self { ops }
    }

    /// The expression as a sidecar states it, with the names of its fields.
    ///
    /// # Panics
    /// For an expression of fields that are not there.
    pub fn text(&self, fields: &[Field]) -> String {
        super::text::write(self, fields)
    }

    /// A function of it.
    #[must_use]
    pub fn apply(mut self, function: Unary) -> Self {
        match (function, self.ops.last_mut()) {
            (Unary::Negate, Some(Op::Constant(bits))) => *bits ^= 1 << 63,
            _ => self.ops.push(Op::Unary(function)),
        }
        self
    }

    /// A function of it and another.
    #[must_use]
    pub fn with(mut self, function: Binary, other: Self) -> Self {
        self.ops.extend(other.ops);
        self.ops.push(Op::Binary(function));
        self
    }

    /// The one of these with a rank, from 0 for the smallest.
    pub fn ranked(rank: u8, of: impl IntoIterator<Item = Self>) -> Self {
        let (mut ops, mut n) = (Vec::new(), 0);
        for each in of {
            ops.extend(each.ops);
            n = u8::saturating_add(n, 1);
        }
        ops.push(Op::Ranked { rank, of: n });
        Self { ops }
    }

    /// Its square root.
    #[must_use]
    pub fn sqrt(self) -> Self {
        self.apply(Unary::Sqrt)
    }

    /// Its square.
    #[must_use]
    pub fn square(self) -> Self {
        self.apply(Unary::Square)
    }
}

macro_rules! operators {
    ($($name:ident $method:ident $function:ident),*) => {$(
        impl std::ops::$name for Expression {
            type Output = Self;
            fn $method(self, other: Self) -> Self {
                self.with(Binary::$function, other)
            }
        }
    )*};
}
operators!(Add add Add, Sub sub Subtract, Mul mul Multiply, Div div Divide);

impl std::ops::Neg for Expression {
    type Output = Self;
    fn neg(self) -> Self {
        self.apply(Unary::Negate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn x(index: u16) -> Expression {
        Expression::field(index)
    }

    #[test]
    fn steps_are_done_in_order() {
        let value = |e: Expression| {
            e.check().unwrap();
            e.evaluate(|index| [3.0, 4.0, -2.0][usize::from(index)])
        };
        assert_eq!(value((x(0).square() + x(1).square()).sqrt()), 5.0);
        assert_eq!(value(x(0).with(Binary::Hypot, x(1)) / x(2) - Expression::constant(1.0)), -3.5);
        assert_eq!(value(-(x(0) * x(2))), 6.0);
        let ranked = |rank| value(Expression::ranked(rank, [x(0), x(1), x(2)]));
        assert_eq!([0, 1, 2].map(ranked), [-2.0, 3.0, 4.0]);
        for nan in [f64::NAN, -f64::NAN] {
            let with = Expression::ranked(0, [x(0), x(1)]).evaluate(|i| [nan, 1.0][usize::from(i)]);
            assert!(with.is_nan());
        }
        assert_eq!(-Expression::constant(2.0), Expression::constant(-2.0));
        let third = (Expression::constant(1.0) / x(0)).rounded(|index| index == 0);
        assert_eq!(third.evaluate(|_| 0.1), 1.0 / f64::from(0.1f32));
        assert_eq!(third.unrounded(), Expression::constant(1.0) / x(0));
    }

    #[test]
    fn steps_that_cannot_be() {
        let one = Op::Constant(1f64.to_bits());
        let add = Op::Binary(Binary::Add);
        let cases = [
            (vec![], "leaves 0"),
            (vec![one, one], "leaves 2"),
            (vec![one, add], "than there are"),
            (vec![Op::Constant(f64::NAN.to_bits())], "finite"),
            (vec![one, Op::Unary(Unary::Negate)], "negated constant"),
            (vec![one, Op::Ranked { rank: 0, of: 1 }], "rank 0 of 1"),
            (vec![one, one, Op::Ranked { rank: 2, of: 2 }], "rank 2 of 2"),
            ([vec![one; 33], vec![add; 32]].concat(), "32 values"),
            ([vec![one], [one, add].repeat(512)].concat(), "1025 steps"),
        ];
        for (ops, word) in cases {
            let error = Expression::from_ops(ops).unwrap_err();
            assert!(error.contains(word), "{error}");
        }
        assert!(Expression::from_ops([vec![one; 32], vec![add; 31]].concat()).is_ok());
    }
}
