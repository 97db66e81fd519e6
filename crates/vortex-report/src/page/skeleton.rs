//! The page around its sections: head, policy, title, contents, and where its figures come from.

use std::fmt::Write as _;

use super::escape::Text;
use super::provenance::Provenance;

const STYLE: &str = include_str!("assets/style.css");
const SCRIPT: &str = include_str!("assets/script.js");

/// Most bytes of a page. Sections that grow with the data keep within budgets that add up to less.
#[cfg(test)]
pub const MAX_BYTES: usize = 1_000_000;

/// A page in the making. All text is HTML already; [`Text`] makes it so.
pub struct Page {
    kind: &'static str,
    title: String,
    /// What a reader should know first.
    lead: String,
    sections: Vec<Section>,
}

struct Section {
    heading: String,
    body: String,
}

impl Page {
    /// A page of a kind, such as `Evaluation`, about what the title names.
    pub fn new(kind: &'static str, title: impl Into<String>) -> Self {
        Self { kind, title: title.into(), lead: String::new(), sections: Vec::new() }
    }

    /// Adds HTML under the title.
    pub fn lead(&mut self, html: &str) {
        self.lead.push_str(html);
    }

    /// Adds a section with a heading that is plain text. A section without a body is left out.
    pub fn section(&mut self, heading: impl Into<String>, body: String) {
        if !body.is_empty() {
            self.sections.push(Section { heading: heading.into(), body });
        }
    }

    /// Bytes so far.
    pub fn len(&self) -> usize {
        self.lead.len() + self.sections.iter().map(|s| s.body.len()).sum::<usize>()
    }

    /// The whole page.
    pub fn finish(mut self, provenance: &Provenance) -> String {
        self.section("How this was measured", provenance.html());
        let (mut contents, mut body) = (String::new(), String::new());
        for (n, Section { heading, body: section }) in self.sections.iter().enumerate() {
            let heading = Text(heading);
            let _ = write!(contents, "<li><a href=\"#s{n}\">{heading}</a></li>");
            let _ = write!(
                body,
                "<section id=\"s{n}\" aria-labelledby=\"h{n}\"><h2 id=\"h{n}\">{heading}</h2>\n{section}</section>\n"
            );
        }
        let title = Text(&self.title);
        let head = format!(
            "<p class=\"kind\">{} · Vortex {}</p><h1>{title}</h1>\n{}",
            self.kind,
            env!("CARGO_PKG_VERSION"),
            self.lead
        );
        // Depends on every byte that the data had a say in: they cannot know it.
        let digest = blake3::hash((head.clone() + &contents + &body).as_bytes()).to_hex();
        let nonce = &digest[..32];
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; \
             style-src 'unsafe-inline'; script-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"referrer\" content=\"no-referrer\">\n\
             <link rel=\"icon\" href=\"data:,\">\n\
             <title>{title} – Vortex {kind}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
             <a class=\"skip\" href=\"#main\">Skip to the content</a>\n<main id=\"main\">\n<header>{head}\n\
             <nav aria-label=\"Contents\"><ul>{contents}</ul></nav></header>\n{body}</main>\n\
             <script nonce=\"{nonce}\">\n{SCRIPT}</script>\n</body>\n</html>\n",
            kind = self.kind.to_lowercase(),
        )
    }
}

/// Large figures under the title: each is HTML, with its meaning as plain text.
pub fn key_figures(figures: &[(String, String)]) -> String {
    let mut html = String::from("<dl class=\"key\">");
    for (figure, meaning) in figures {
        let _ = write!(html, "<div><dt>{}</dt><dd>{figure}</dd></div>", Text(meaning));
    }
    html + "</dl>\n"
}

/// A list of names with values; both are plain text.
pub fn facts<'a>(facts: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let mut html = String::from("<dl class=\"facts\">");
    for (name, value) in facts {
        let _ = write!(html, "<dt>{}</dt><dd>{}</dd>", Text(name), Text(&value));
    }
    html + "</dl>\n"
}

/// How many files are not on the page because they could not be, say, `measured`; empty for none.
pub fn absent(files: usize, done: &str) -> String {
    match files {
        0 => String::new(),
        1 => note(&format!("One file could not be {done} and is not on this page.")),
        n => note(&format!("{n} files could not be {done} and are not on this page.")),
    }
}

/// A remark; plain text.
pub fn note(text: &str) -> String {
    format!("<p class=\"note\">{}</p>\n", Text(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_allows_our_script_and_no_other() {
        let mut page = Page::new("Evaluation", "<b>");
        page.section("a & b", "<p>x</p>".into());
        page.section("left out", String::new());
        let html = page.finish(&Provenance::of("vortex x", Vec::new()));
        let nonce = html.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap();
        assert_eq!(html.matches(nonce).count(), 2);
        assert!(nonce.len() == 32 && html.contains(&format!("<script nonce=\"{nonce}\">")));
        assert!(html.contains("<h1>&lt;b&gt;</h1>") && html.contains("a &amp; b"));
        assert!(!html.contains("left out") && !html.contains("http:") && !html.contains("https:"));
    }
}
