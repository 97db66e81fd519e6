//! The Python literals that occur in a `.npy` header.

/// Deepest nesting.
const MAX_DEPTH: usize = 32;

/// A literal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    /// A string.
    Text(String),
    /// A number.
    Int(i128),
    /// `True` or `False`.
    Bool(bool),
    /// A tuple or list.
    Sequence(Vec<Self>),
    /// A dictionary.
    Dict(Vec<(Self, Self)>),
}

/// Parses one literal; only white space may follow.
///
/// # Errors
/// A message with the place.
pub fn parse(text: &str) -> Result<Literal, String> {
    let mut parser = Parser { text, at: 0 };
    let value = parser.value(0)?;
    parser.skip_space();
    if parser.at < text.len() {
        return Err(parser.error("nothing should follow"));
    }
    Ok(value)
}

/// The unchanged text of the value of a key in the outer dictionary.
pub fn value_text<'a>(text: &'a str, key: &str) -> Result<&'a str, String> {
    let mut parser = Parser { text, at: 0 };
    parser.expect('{')?;
    loop {
        parser.skip_space();
        if parser.peek() == Some('}') || parser.peek().is_none() {
            return Err(format!("no {key:?}"));
        }
        let found = parser.value(1)?;
        parser.expect(':')?;
        parser.skip_space();
        let start = parser.at;
        parser.value(1)?;
        if found == Literal::Text(key.into()) {
            return Ok(&text[start..parser.at]);
        }
        parser.skip_space();
        if parser.peek() == Some(',') {
            parser.at += 1;
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn skip_space(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    fn error(&self, what: &str) -> String {
        let found: String = self.text[self.at..].chars().take(12).collect();
        format!("at character {}, {found:?}: {what}", self.at)
    }

    fn expect(&mut self, c: char) -> Result<(), String> {
        self.skip_space();
        if self.peek() != Some(c) {
            return Err(self.error(&format!("expected {c:?}")));
        }
        self.at += c.len_utf8();
        Ok(())
    }

    fn value(&mut self, depth: usize) -> Result<Literal, String> {
        if depth > MAX_DEPTH {
            return Err(self.error("nested too deeply"));
        }
        self.skip_space();
        match self.peek() {
            Some(quote @ ('\'' | '"')) => self.text(quote),
            Some('(') => self.sequence(')', depth),
            Some('[') => self.sequence(']', depth),
            Some('{') => self.dict(depth),
            Some(c) if c.is_ascii_digit() || c == '-' => self.int(),
            Some(_) => self.word(),
            None => Err(self.error("it ends here")),
        }
    }

    fn text(&mut self, quote: char) -> Result<Literal, String> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let Some(c) = self.peek() else { return Err(self.error("a string does not end")) };
            self.at += c.len_utf8();
            match c {
                c if c == quote => return Ok(Literal::Text(out)),
                '\\' => {
                    let Some(escaped @ ('\\' | '\'' | '"')) = self.peek() else {
                        return Err(self.error("an escape that no dtype has"));
                    };
                    self.at += 1;
                    out.push(escaped);
                }
                c => out.push(c),
            }
        }
    }

    fn int(&mut self) -> Result<Literal, String> {
        let rest = &self.text[self.at..];
        let len = 1 + rest[1..].bytes().take_while(u8::is_ascii_digit).count();
        let value = rest[..len].parse().map_err(|_| self.error("no number"))?;
        self.at += len;
        // Python 2 wrote long integers with an L.
        if self.peek() == Some('L') {
            self.at += 1;
        }
        Ok(Literal::Int(value))
    }

    fn word(&mut self) -> Result<Literal, String> {
        for (word, value) in [("True", true), ("False", false)] {
            if self.text[self.at..].starts_with(word) {
                self.at += word.len();
                return Ok(Literal::Bool(value));
            }
        }
        Err(self.error("not a string, number, True, False, tuple, list or dictionary"))
    }

    /// Items up to `end`; here, a single item in round brackets is also a sequence.
    fn sequence(&mut self, end: char, depth: usize) -> Result<Literal, String> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.skip_space();
            if self.peek() == Some(end) {
                self.at += 1;
                return Ok(Literal::Sequence(items));
            }
            items.push(self.value(depth + 1)?);
            self.separator(end)?;
        }
    }

    fn dict(&mut self, depth: usize) -> Result<Literal, String> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.skip_space();
            if self.peek() == Some('}') {
                self.at += 1;
                return Ok(Literal::Dict(items));
            }
            let key = self.value(depth + 1)?;
            self.expect(':')?;
            items.push((key, self.value(depth + 1)?));
            self.separator('}')?;
        }
    }

    fn separator(&mut self, end: char) -> Result<(), String> {
        self.skip_space();
        match self.peek() {
            Some(',') => {
                self.at += 1;
                Ok(())
            }
            Some(c) if c == end => Ok(()),
            _ => Err(self.error("expected a comma")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_header() {
        let text = "{'descr': [('a', '<f4'), ((\"t'\", 'b'), '>i2', (3,))], 'fortran_order': False, \
                    'shape': (3, 4L), }  \n";
        let Literal::Dict(items) = parse(text).unwrap() else { panic!("a dictionary") };
        assert_eq!(items.len(), 3);
        assert_eq!(items[2].1, Literal::Sequence(vec![Literal::Int(3), Literal::Int(4)]));
        assert_eq!(value_text(text, "fortran_order").unwrap(), "False");
        assert!(value_text(text, "descr").unwrap().ends_with("(3,))]"));
        assert!(value_text(text, "other").is_err());
    }

    #[test]
    fn damage_is_refused_with_its_place() {
        for bad in ["", "{", "{'a' 1}", "(1 2)", "'abc", "[1,", "None", "{1: 2} x", "-", "'\\n'"] {
            let error = parse(bad).unwrap_err();
            assert!(error.contains("at character"), "{bad:?}: {error}");
        }
        assert!(parse(&"(".repeat(100_000)).unwrap_err().contains("deeply"));
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_or_refused(text in "[(){}\\[\\]'a-f0-9:,<é \\\\-]{0,60}") {
            let _ = parse(&text);
            let _ = value_text(&text, "a");
        }
    }
}
