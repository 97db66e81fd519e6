//! Formulas of many records at a time: each step is done for all records before the next one.

use super::super::elementary::batch::{self, BATCH, Batch};
use super::expression::Expression;
use super::op::{Binary, Op, Unary, single, wrap};
use super::shared::{Shared, Step};

/// Values of expressions of one group after the other, for up to [`BATCH`] records.
#[derive(Debug)]
pub(super) struct Batches<'a> {
    shared: &'a Shared,
    registers: Vec<Batch>,
}

impl<'a> Batches<'a> {
    pub(super) fn new(shared: &'a Shared) -> Self {
        Self { shared, registers: vec![[0.0; BATCH]; shared.registers()] }
    }

    /// Computes a group; those before it have been computed for the same records. `load` writes the values of a field.
    pub(super) fn compute(&mut self, group: usize, load: impl FnMut(u16, &mut Batch)) {
        let Self { shared, registers } = self;
        pulp::Arch::new().dispatch(Steps { shared, group, registers, load });
    }

    /// What an expression of the group that was computed last gives.
    pub(super) fn values(&self, group: usize, expression: usize) -> &Batch {
        &self.registers[self.shared.values(group)[expression] as usize]
    }
}

/// The steps of a group.
struct Steps<'a, L> {
    shared: &'a Shared,
    group: usize,
    registers: &'a mut [Batch],
    load: L,
}

impl<L: FnMut(u16, &mut Batch)> pulp::NullaryFnOnce for Steps<'_, L> {
    type Output = ();

    #[inline(always)]
    fn call(mut self) {
        for step in self.shared.steps(self.group) {
            let result = self.result(step);
            self.registers[step.register as usize] = result;
        }
    }
}

impl<L: FnMut(u16, &mut Batch)> Steps<'_, L> {
    #[inline(always)]
    fn result(&mut self, step: &Step) -> Batch {
        let arguments = self.shared.arguments(step);
        let argument = |i: usize| &self.registers[arguments[i] as usize];
        match step.op {
            Op::Field(index) => {
                let mut values = [0.0; BATCH];
                (self.load)(index, &mut values);
                values
            }
            Op::Constant(bits) => [f64::from_bits(bits); BATCH],
            Op::Unary(function) => unary(function, argument(0)),
            Op::Binary(function) => binary(function, argument(0), argument(1)),
            Op::Ranked { rank, of } => {
                let mut values = [[0.0; BATCH]; super::MAX_RANKED as usize];
                let values = &mut values[..usize::from(of)];
                values.iter_mut().enumerate().for_each(|(i, value)| *value = *argument(i));
                ranked(values)[usize::from(rank)]
            }
        }
    }
}

/// [`Unary::compute`] of each.
#[inline(always)]
fn unary(function: Unary, x: &Batch) -> Batch {
    match function {
        Unary::Negate => batch::map(x, |x| -x),
        Unary::Abs => batch::map(x, |x| x.abs()),
        Unary::Sqrt => batch::map(x, |x| x.sqrt()),
        Unary::Square => batch::map(x, |x| x * x),
        Unary::Single => batch::map(x, single),
        Unary::Wrap => batch::map(x, wrap),
        Unary::Exp => batch::of_each::<batch::Exp>(x),
        Unary::Log => batch::of_each::<batch::Log>(x),
        Unary::Sin => batch::of_each::<batch::Sin>(x),
        Unary::Cos => batch::of_each::<batch::Cos>(x),
        Unary::Sinh => batch::of_each::<batch::Sinh>(x),
        Unary::Cosh => batch::of_each::<batch::Cosh>(x),
        Unary::Tanh => batch::of_each::<batch::Tanh>(x),
        Unary::Asinh => batch::of_each::<batch::Asinh>(x),
        Unary::Acos => batch::of_each::<batch::Acos>(x),
        Unary::Asin => batch::of_each::<batch::Asin>(x),
        Unary::Atan => batch::atan(x),
    }
}

/// [`Binary::compute`] of each two.
#[inline(always)]
fn binary(function: Binary, a: &Batch, b: &Batch) -> Batch {
    match function {
        Binary::Add => batch::zip(a, b, |a, b| a + b),
        Binary::Subtract => batch::zip(a, b, |a, b| a - b),
        Binary::Multiply => batch::zip(a, b, |a, b| a * b),
        Binary::Divide => batch::zip(a, b, |a, b| a / b),
        Binary::Min => batch::zip(a, b, |a, b| if a < b { a } else { b }),
        Binary::Max => batch::zip(a, b, |a, b| if a > b { a } else { b }),
        Binary::Hypot => batch::zip(a, b, |a, b| (a * a + b * b).sqrt()),
        Binary::Atan2 => batch::atan2(a, b),
    }
}

/// The values of each record in ascending order, NaN for all of a record that has one.
#[inline(always)]
fn ranked(values: &mut [Batch]) -> &[Batch] {
    for end in (1..values.len()).rev() {
        for i in 0..end {
            let [a, b] = [values[i], values[i + 1]];
            values[i] = batch::zip(&a, &b, |a, b| if in_order(a, b) { a } else { b });
            values[i + 1] = batch::zip(&a, &b, |a, b| if in_order(a, b) { b } else { a });
        }
    }
    // In the order NaN is the last, or the first if it has a sign.
    let (first, last) = (values[0], values[values.len() - 1]);
    let undefined =
        batch::zip(&first, &last, |a, b| if a.is_nan() | b.is_nan() { f64::NAN } else { 0.0 });
    for value in &mut *values {
        *value = batch::zip(
            value,
            &undefined,
            |x, undefined| if undefined.is_nan() { undefined } else { x },
        );
    }
    values
}

/// Whether `a` is not after `b` in [the order of all floats](f64::total_cmp).
#[inline(always)]
fn in_order(a: f64, b: f64) -> bool {
    let key = |x: f64| {
        let bits = x.to_bits().cast_signed();
        bits ^ ((bits >> 63).cast_unsigned() >> 1).cast_signed()
    };
    key(a) <= key(b)
}

impl Expression {
    /// [`Self::evaluate`] for `n` records; `field` gives the values of a field in them.
    ///
    /// # Panics
    /// When the expression is one that no [`Formula`](super::Formula) takes, or a field has fewer values.
    pub fn evaluate_all<'f>(&self, n: usize, field: impl Fn(u16) -> &'f [f64]) -> Vec<f64> {
        let shared = Shared::new(std::iter::once(std::slice::from_ref(self)));
        let mut batches = Batches::new(&shared);
        let mut out = Vec::with_capacity(n);
        for start in (0..n).step_by(BATCH) {
            let len = BATCH.min(n - start);
            batches.compute(0, |index, values| {
                values[..len].copy_from_slice(&field(index)[start..start + len]);
            });
            out.extend(&batches.values(0, 0)[..len]);
        }
        out
    }
}

#[cfg(test)]
mod tests;
