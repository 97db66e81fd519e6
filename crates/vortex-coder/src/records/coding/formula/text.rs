//! Expressions as one writes them: `sqrt(e^2 - (pt * cosh(eta))^2)`.

use super::super::field::Field;
use super::expression::Expression;
use super::op::{Binary, Op, Unary};

/// How tightly parts of an expression hold together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Binding {
    Sum,
    Product,
    Sign,
    Power,
    Atom,
}

/// A part that is written already.
struct Part {
    text: String,
    binding: Binding,
}

impl Part {
    fn atom(text: String) -> Self {
        Self { text, binding: Binding::Atom }
    }

    /// Its text where something at least as tight must stand.
    fn at_least(self, binding: Binding) -> String {
        if self.binding >= binding { self.text } else { format!("({})", self.text) }
    }
}

/// The expression with the names of its fields; [`parse`](super::parse::parse) reads it.
pub(super) fn write(expression: &Expression, fields: &[Field]) -> String {
    let mut stack: Vec<Part> = Vec::new();
    for &op in expression.ops() {
        let arguments = stack.split_off(stack.len() - op.takes());
        stack.push(part(op, arguments, fields));
    }
    stack.pop().expect("an expression leaves one value").text
}

fn part(op: Op, arguments: Vec<Part>, fields: &[Field]) -> Part {
    match op {
        Op::Field(index) => Part::atom(name(&fields[usize::from(index)].name)),
        Op::Constant(bits) => {
            let value = f64::from_bits(bits);
            let binding = if value.is_sign_negative() { Binding::Sign } else { Binding::Atom };
            Part { text: format!("{value:?}"), binding }
        }
        Op::Ranked { rank, .. } => call(&format!("ranked({rank}, "), arguments),
        Op::Unary(Unary::Negate) => {
            let [argument] = exactly(arguments);
            Part { text: format!("-{}", argument.at_least(Binding::Power)), binding: Binding::Sign }
        }
        Op::Unary(Unary::Square) => {
            let [argument] = exactly(arguments);
            let text = format!("{}^2", argument.at_least(Binding::Atom));
            Part { text, binding: Binding::Power }
        }
        Op::Unary(function) => call(&format!("{}(", function.word()), arguments),
        Op::Binary(function) => match sign(function) {
            Some(binding) => {
                let tighter =
                    if binding == Binding::Sum { Binding::Product } else { Binding::Sign };
                let [a, b] = exactly(arguments);
                let (a, b) = (a.at_least(binding), b.at_least(tighter));
                Part { text: format!("{a} {} {b}", function.word()), binding }
            }
            None => call(&format!("{}(", function.word()), arguments),
        },
    }
}

/// How tightly a function binds that is written between its values.
fn sign(function: Binary) -> Option<Binding> {
    match function {
        Binary::Add | Binary::Subtract => Some(Binding::Sum),
        Binary::Multiply | Binary::Divide => Some(Binding::Product),
        Binary::Min | Binary::Max | Binary::Hypot | Binary::Atan2 => None,
    }
}

fn call(open: &str, arguments: Vec<Part>) -> Part {
    let texts: Vec<String> = arguments.into_iter().map(|part| part.text).collect();
    Part::atom(format!("{open}{})", texts.join(", ")))
}

fn exactly<const N: usize>(arguments: Vec<Part>) -> [Part; N] {
    arguments.try_into().ok().expect("as many as the step takes")
}

/// Whether a name needs no quotes.
fn is_plain(name: &str) -> bool {
    name.starts_with(|c: char| c.is_alphabetic() || c == '_') && name.chars().all(is_of_name)
}

/// Whether a name without quotes goes on with this.
pub(super) fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '[' | ']')
}

/// A name, in back quotes where it is no plain word; a back quote in it stands twice.
fn name(name: &str) -> String {
    if is_plain(name) { name.into() } else { format!("`{}`", name.replace('`', "``")) }
}
