//! Text from files inside HTML and SVG.

use std::fmt::{self, Write as _};

/// Shows text so that it stays text, between tags and in quoted attributes. Control characters and
/// those that change the direction of what follows become U+FFFD.
pub struct Text<'a>(pub &'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                '\n' | '\t' => f.write_char(c)?,
                c if c.is_control() => f.write_char('\u{fffd}')?,
                '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => f.write_char('\u{fffd}')?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_its_place() {
        let text = Text("</title><script>a('&amp;\" \u{202e}\u{0}\r\n").to_string();
        assert_eq!(
            text,
            "&lt;/title&gt;&lt;script&gt;a(&#39;&amp;amp;&quot; \u{fffd}\u{fffd}\u{fffd}\n"
        );
    }
}
