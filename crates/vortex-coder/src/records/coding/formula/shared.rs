//! Steps of several expressions, in which what they have in common is there once.

use std::collections::HashMap;
use std::ops::Range;

use super::expression::Expression;
use super::op::Op;

/// Most steps whose results later fields may use too: memory has an end.
const MAX_KEPT: usize = 1 << 11;

/// Steps that were done, by what they do and with the results of which steps.
type Known = HashMap<(Op, u32, u32), u32>;

/// A step whose values are in registers.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) op: Op,
    /// Registers of what it takes, among [`Shared::arguments`].
    arguments: Range<u32>,
    /// The register of its result; what it takes may be there.
    pub(super) register: u32,
}

/// The expressions of one field.
#[derive(Clone, Debug)]
struct Group {
    /// The steps that no group before has done.
    steps: Range<usize>,
    /// The registers of their values.
    values: Vec<u32>,
}

/// Groups of expressions to be computed one group after the other, each step once.
#[derive(Clone, Debug, Default)]
pub(super) struct Shared {
    steps: Vec<Step>,
    /// Registers; while it is built, steps.
    arguments: Vec<u32>,
    groups: Vec<Group>,
    registers: usize,
}

impl Shared {
    /// Of the expressions of each group. The values of a field are taken when a group first uses them.
    pub(super) fn new<'a>(groups: impl Iterator<Item = &'a [Expression]>) -> Self {
        let mut shared = Self::default();
        let mut known = Known::new();
        for expressions in groups {
            if known.len() > MAX_KEPT {
                known.clear();
            }
            let first = shared.steps.len();
            let values = expressions.iter().map(|each| shared.add(each, &mut known)).collect();
            shared.groups.push(Group { steps: first..shared.steps.len(), values });
        }
        shared.assign_registers();
        shared
    }

    /// Adds the steps of an expression that are new; the one that gives its value.
    fn add(&mut self, expression: &Expression, known: &mut Known) -> u32 {
        let mut stack: Vec<u32> = Vec::new();
        for &op in expression.ops() {
            let rest = stack.len() - op.takes();
            let step = match stack[rest..] {
                // Two choices of the same values are seldom.
                [_, _, ..] if matches!(op, Op::Ranked { .. }) => self.push(op, &stack[rest..]),
                [] => *known.entry((op, 0, 0)).or_insert_with(|| self.push(op, &[])),
                [x] => *known.entry((op, x, 0)).or_insert_with(|| self.push(op, &[x])),
                [a, b, ..] => *known.entry((op, a, b)).or_insert_with(|| self.push(op, &[a, b])),
            };
            stack.truncate(rest);
            stack.push(step);
        }
        stack.pop().expect("an expression leaves one value")
    }

    /// Adds a step; its index.
    fn push(&mut self, op: Op, arguments: &[u32]) -> u32 {
        let start = number(self.arguments.len());
        self.arguments.extend(arguments);
        let arguments = start..number(self.arguments.len());
        self.steps.push(Step { op, arguments, register: 0 });
        number(self.steps.len() - 1)
    }

    /// Gives each result a register that holds it until it was last used.
    fn assign_registers(&mut self) {
        // The step before which each result may go: arguments before the result is written, values after their group.
        let mut until = vec![0; self.steps.len()];
        for (step, index) in self.steps.iter().zip(0u32..) {
            for &argument in &self.arguments[range(&step.arguments)] {
                until[argument as usize] = index;
            }
        }
        for group in &self.groups {
            for &value in &group.values {
                let until = &mut until[value as usize];
                *until = number(group.steps.end).max(*until);
            }
        }
        let mut going: Vec<u32> = (0..number(self.steps.len())).collect();
        going.sort_unstable_by_key(|&step| (until[step as usize], step));
        let (mut going, mut free) = (going.into_iter().peekable(), Vec::new());
        for index in 0..self.steps.len() {
            while let Some(gone) = going.next_if(|&step| until[step as usize] as usize <= index) {
                free.push(self.steps[gone as usize].register);
            }
            self.steps[index].register = free.pop().unwrap_or_else(|| {
                self.registers += 1;
                number(self.registers - 1)
            });
        }
        let register = |step: &mut u32| *step = self.steps[*step as usize].register;
        self.arguments.iter_mut().for_each(register);
        self.groups.iter_mut().flat_map(|group| &mut group.values).for_each(register);
    }

    /// How many registers there are.
    pub(super) fn registers(&self) -> usize {
        self.registers
    }

    /// The steps of a group.
    pub(super) fn steps(&self, group: usize) -> &[Step] {
        &self.steps[self.groups[group].steps.clone()]
    }

    /// The registers with the values of its expressions, when its steps are done.
    pub(super) fn values(&self, group: usize) -> &[u32] {
        &self.groups[group].values
    }

    /// The registers of what a step takes.
    pub(super) fn arguments(&self, step: &Step) -> &[u32] {
        &self.arguments[range(&step.arguments)]
    }
}

fn range(range: &Range<u32>) -> Range<usize> {
    range.start as usize..range.end as usize
}

fn number(n: usize) -> u32 {
    u32::try_from(n).expect("schemas have fewer steps")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn x(index: u16) -> Expression {
        Expression::field(index)
    }

    #[test]
    fn what_expressions_have_in_common_is_done_once() {
        let root = (x(0).square() + x(1).square()).sqrt();
        let groups =
            [vec![root.clone(), x(2) / root.clone()], vec![root.clone() + x(2)], vec![root]];
        let shared = Shared::new(groups.iter().map(Vec::as_slice));
        let steps = [0, 1, 2].map(|group| shared.steps(group).len());
        assert_eq!(steps, [8, 1, 0]);
        assert_eq!([0, 1, 2].map(|group| shared.values(group).len()), [2, 1, 1]);
        assert_eq!(shared.values(0)[0], shared.values(2)[0]);
        assert!(shared.registers() <= 4);
    }

    #[test]
    fn a_long_expression_needs_few_registers() {
        let sum = (1..300).fold(x(0), |sum, index| sum + x(index));
        let shared = Shared::new(std::iter::once(&[sum][..]));
        assert_eq!((shared.steps(0).len(), shared.registers()), (599, 2));
    }

    #[test]
    fn many_fields_need_no_more_memory_than_some() {
        let groups: Vec<_> = (0..20_000).map(|i| vec![x(i) + x(0)]).collect();
        let twice = groups.iter().chain(&groups).map(Vec::as_slice);
        let shared = Shared::new(twice);
        assert!(shared.registers() < MAX_KEPT + 8, "{}", shared.registers());
    }
}
