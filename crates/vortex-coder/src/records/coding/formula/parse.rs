//! Reads expressions as one writes them.

use super::super::field::Field;
use super::expression::{Expression, MAX_OPS};
use super::op::{Binary, MAX_RANKED, Unary};
use super::text::is_of_name;

/// Most parentheses and signs inside each other.
const MAX_NESTING: usize = 64;

/// The expression of a text: fields by name (in back quotes unless plain words), numbers, `pi`, `+ - * /`, `^2`, parentheses and functions.
pub(super) fn parse(text: &str, fields: &[Field]) -> Result<Expression, String> {
    let mut parser = Parser { text, rest: text, fields, nesting: 0 };
    let expression = parser.sum().and_then(|sum| match parser.peek() {
        None => Ok(sum),
        Some(_) => Err(parser.expected("an operator or the end")),
    })?;
    expression.check()?;
    Ok(expression)
}

struct Parser<'a> {
    text: &'a str,
    rest: &'a str,
    fields: &'a [Field],
    nesting: usize,
}

impl<'a> Parser<'a> {
    fn peek(&mut self) -> Option<char> {
        self.rest = self.rest.trim_start();
        self.rest.chars().next()
    }

    fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.rest = &self.rest[wanted.len_utf8()..];
        }
        found
    }

    fn need(&mut self, wanted: char) -> Result<(), String> {
        if self.eat(wanted) { Ok(()) } else { Err(self.expected(&format!("{wanted:?}"))) }
    }

    fn expected(&self, what: &str) -> String {
        let at = self.text.len() - self.rest.len();
        let found = self.rest.chars().next().map_or("the end".into(), |c| format!("{c:?}"));
        format!("{what} is expected at byte {at} of {:?}, not {found}", self.text)
    }

    /// The front of the rest, up to the first that is not like this.
    fn take_while(&mut self, like: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !like(c)).unwrap_or(self.rest.len());
        let (front, rest) = self.rest.split_at(end);
        self.rest = rest;
        front
    }

    fn sum(&mut self) -> Result<Expression, String> {
        let mut sum = self.product()?;
        loop {
            let function = match self.peek() {
                Some('+') => Binary::Add,
                Some('-') => Binary::Subtract,
                _ => return Ok(sum),
            };
            self.rest = &self.rest[1..];
            let next = self.product()?;
            sum = self.grown(sum.with(function, next))?;
        }
    }

    fn product(&mut self) -> Result<Expression, String> {
        let mut product = self.signed()?;
        loop {
            let function = match self.peek() {
                Some('*') => Binary::Multiply,
                Some('/') => Binary::Divide,
                _ => return Ok(product),
            };
            self.rest = &self.rest[1..];
            let next = self.signed()?;
            product = self.grown(product.with(function, next))?;
        }
    }

    /// What has become longer, unless it is too long.
    fn grown(&self, expression: Expression) -> Result<Expression, String> {
        match expression.ops().len() {
            0..=MAX_OPS => Ok(expression),
            _ => Err(format!("{:?} has more than {MAX_OPS} steps", self.text)),
        }
    }

    fn signed(&mut self) -> Result<Expression, String> {
        if !self.eat('-') {
            return self.power();
        }
        self.nested(|parser| Ok(-parser.signed()?))
    }

    fn nested(
        &mut self,
        inside: impl FnOnce(&mut Self) -> Result<Expression, String>,
    ) -> Result<Expression, String> {
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            return Err(format!("{:?} is nested more than {MAX_NESTING} times", self.text));
        }
        let expression = inside(self)?;
        self.nesting -= 1;
        Ok(expression)
    }

    fn power(&mut self) -> Result<Expression, String> {
        let mut base = self.atom()?;
        while self.eat('^') {
            if self.peek().is_none() || self.take_while(|c| c.is_ascii_digit()) != "2" {
                return Err(self.expected("2, the one power,"));
            }
            base = self.grown(base.square())?;
        }
        Ok(base)
    }

    fn atom(&mut self) -> Result<Expression, String> {
        match self.peek() {
            Some('(') => self.nested(|parser| {
                parser.need('(')?;
                let inside = parser.sum()?;
                parser.need(')')?;
                Ok(inside)
            }),
            Some('`') => {
                let name = self.quoted()?;
                self.field(&name)
            }
            Some(c) if c.is_ascii_digit() || c == '.' => self.number(),
            Some(c) if c.is_alphabetic() || c == '_' => {
                let name = self.take_while(is_of_name);
                if self.peek() == Some('(') {
                    self.nested(|parser| parser.call(name))
                } else if name == "pi" && self.fields.iter().all(|field| field.name != "pi") {
                    Ok(Expression::constant(std::f64::consts::PI))
                } else {
                    self.field(name)
                }
            }
            _ => Err(self.expected("a field, a number, a function or \"(\"")),
        }
    }

    fn quoted(&mut self) -> Result<String, String> {
        let mut name = String::new();
        self.need('`')?;
        loop {
            name += self.take_while(|c| c != '`');
            if self.rest.is_empty() {
                return Err(self.expected("a closing back quote"));
            }
            self.rest = &self.rest[1..];
            if !self.rest.starts_with('`') {
                return Ok(name);
            }
            name.push('`');
            self.rest = &self.rest[1..];
        }
    }

    fn field(&self, name: &str) -> Result<Expression, String> {
        let known = (0u16..).zip(self.fields).find(|(_, field)| field.name == name);
        let known = known.map(|(index, _)| Expression::field(index));
        known.ok_or_else(|| format!("its formula names {name:?}, which is no field"))
    }

    fn number(&mut self) -> Result<Expression, String> {
        let (before, text) = (self.rest, self.rest);
        self.take_while(|c| c.is_ascii_digit() || c == '.');
        if self.rest.starts_with(['e', 'E']) {
            let exponent = &self.rest[1..];
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            if digits.starts_with(|c: char| c.is_ascii_digit()) {
                self.rest = digits;
                self.take_while(|c| c.is_ascii_digit());
            }
        }
        let number = &text[..text.len() - self.rest.len()];
        match number.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Expression::constant(value)),
            _ => {
                self.rest = before;
                Err(self.expected("a finite number"))
            }
        }
    }

    /// A function of this name and what stands in its parentheses.
    fn call(&mut self, name: &str) -> Result<Expression, String> {
        self.need('(')?;
        if let Some(&function) = Unary::ALL.iter().find(|f| f.word() == name) {
            let argument = self.sum()?;
            self.need(')')?;
            return self.grown(argument.apply(function));
        }
        if let Some(&function) = Binary::ALL.iter().find(|f| f.word() == name) {
            let a = self.sum()?;
            self.need(',')?;
            let b = self.sum()?;
            self.need(')')?;
            return self.grown(a.with(function, b));
        }
        if name != "ranked" {
            let unary = Unary::ALL.iter().map(|f| f.word());
            let binary = Binary::ALL.iter().map(|f| f.word());
            let all = unary.chain(binary).chain(["ranked"]).filter(|w| w.starts_with(is_of_name));
            let all = all.collect::<Vec<_>>().join(", ");
            return Err(format!("{name:?} is no function; there are {all}"));
        }
        self.peek();
        let rank = self.take_while(|c| c.is_ascii_digit()).parse::<u8>();
        let rank = rank.map_err(|_| self.expected("a rank, 0 for the smallest,"))?;
        let mut values = Vec::new();
        while self.eat(',') {
            values.push(self.sum()?);
            if values.len() > usize::from(MAX_RANKED) {
                return Err(format!("ranked takes at most {MAX_RANKED} values"));
            }
        }
        self.need(')')?;
        self.grown(Expression::ranked(rank, values))
    }
}

#[cfg(test)]
mod tests {
    use super::super::op::Op;
    use super::super::text::write;
    use super::*;
    use proptest::prelude::*;
    use vortex_base::dtype::DType;

    fn fields() -> Vec<Field> {
        let names = ["e", "pt[0]", "hyp.m", "two words", "a`b", "_x", "pt-eta"];
        names.iter().zip(0..).map(|(name, i)| Field::new(*name, DType::F64, 8 * i)).collect()
    }

    #[test]
    fn as_one_writes_them() {
        let value = |text: &str| {
            let field = |index| [3.0, 4.0, 0.5, 7.0, 9.0, -1.0, 2.0][usize::from(index)];
            parse(text, &fields()).unwrap().evaluate(field)
        };
        let cases = [
            ("sqrt(e^2 + pt[0]^2)", 5.0),
            ("1 - 2 - 3 * 2", -7.0),
            ("8 / 2 / 2", 2.0),
            ("-e^2", -9.0),
            ("(-3)^2", 9.0),
            ("2 * -e", -6.0),
            ("1e2 + 1.5E-1 + .25", 100.4),
            ("`two words` - `a``b` * `pt-eta`", -11.0),
            ("ranked(1, e, pt[0], hyp.m)", 3.0),
            ("hypot(e, pt[0]) + max(e, 1) + min(_x, 1)", 7.0),
            ("pi", std::f64::consts::PI),
            ("float32(0.1)", 0.1f32.into()),
        ];
        for (text, expected) in cases {
            assert_eq!(value(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let deep = "(".repeat(70);
        let long = "e+".repeat(2000) + "e";
        let cases = [
            ("", "at byte 0"),
            ("e +", "at byte 3"),
            ("e e", "an operator or the end is expected at byte 2"),
            ("e^3", "2, the one power,"),
            ("q + 1", "\"q\", which is no field"),
            ("sine(e)", "there are abs, sqrt, float32"),
            ("min(e)", "',' is expected at byte 5"),
            ("(e", "')' is expected"),
            ("`e", "closing back quote"),
            ("1e999", "a finite number"),
            ("ranked(3, e, e)", "rank 3 of 2"),
            ("ranked(x, e)", "a rank"),
            (&deep, "64 times"),
            (&long, "1024 steps"),
        ];
        for (text, word) in cases {
            let error = parse(text, &fields()).unwrap_err();
            assert!(error.contains(word), "{error}");
        }
    }

    fn any_expression() -> impl Strategy<Value = Expression> {
        let constant = any::<f64>().prop_filter("finite", |x| x.is_finite());
        let leaf = prop_oneof![
            (0u16..7).prop_map(Expression::field),
            constant.prop_map(Expression::constant)
        ];
        leaf.prop_recursive(5, 60, 4, |inner| {
            prop_oneof![
                (inner.clone(), prop::sample::select(Unary::ALL)).prop_map(|(x, f)| x.apply(f)),
                (inner.clone(), inner.clone(), prop::sample::select(Binary::ALL))
                    .prop_map(|(a, b, f)| a.with(f, b)),
                (0u8..2, prop::collection::vec(inner, 2..4))
                    .prop_map(|(rank, of)| Expression::ranked(rank, of)),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(expression in any_expression()) {
            let text = write(&expression, &fields());
            prop_assert_eq!(parse(&text, &fields()).unwrap(), expression, "{}", text);
        }

        #[test]
        fn files_give_them_back(expression in any_expression()) {
            let mut bytes = Vec::new();
            super::super::wire::write(&expression, &mut bytes);
            let mut input = &bytes[..];
            prop_assert_eq!(super::super::wire::read(&mut input).unwrap(), expression);
            prop_assert!(input.is_empty());
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[e0-9+*/()^,.`a-z -]{0,40}") {
            if let Ok(expression) = parse(&text, &fields()) {
                prop_assert!(expression.ops().iter().all(|op| !matches!(op, Op::Field(7..))));
            }
        }
    }
}
