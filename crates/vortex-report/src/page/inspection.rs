//! The page of an inspection: a section for each file.

use vortex_codec::inspection::FieldRow;
use vortex_codec::training::Curve;

use super::blocks::Blocks;
use super::curve::curve;
use super::escape::Text;
use super::evaluation::bytes;
use super::fields::{Coded, explained, fields};
use super::plain_table::PlainTable;
use super::provenance::Provenance;
use super::skeleton::{Page, absent, facts, key_figures, note};

/// Bytes of the sections of files; later files are left out.
const BUDGET: usize = 850_000;

/// Heading of the tables of a file.
const CONTENTS: &str = "Contents";

/// What is known of a file.
#[derive(Default)]
pub struct Inspected {
    /// The file.
    pub name: String,
    /// A sentence about it.
    pub lead: String,
    /// Large figures, as HTML, and their meanings.
    pub key: Vec<(String, String)>,
    /// Names and values.
    pub facts: Vec<(&'static str, String)>,
    /// Something that a reader must know.
    pub warning: Option<String>,
    /// What is known of each field, and the bits of its symbols if the file is coded.
    pub fields: Vec<(FieldRow, Option<Vec<f64>>)>,
    /// Whether those bits are known by field alone.
    pub whole: bool,
    /// Bytes on which fields were measured.
    pub field_bytes: u64,
    /// Its blocks.
    pub blocks: Option<Blocks>,
    /// Tables.
    pub tables: Vec<PlainTable>,
    /// The curve of the training that it is from.
    pub curve: Option<Curve>,
}

/// The page. `failed`: files that could not be inspected; `more`: those beyond what a page takes.
pub fn inspection(
    files: &[Inspected],
    failed: usize,
    more: usize,
    provenance: &Provenance,
) -> String {
    let title = match files {
        [one] => one.name.clone(),
        several => format!("{} files", several.len()),
    };
    let mut page = Page::new("Inspection", title);
    if let [one] = files {
        page.lead(&(one.start() + &absent(failed, "inspected")));
        for (heading, body) in one.parts("0") {
            page.section(heading, body);
        }
        return page.finish(provenance);
    }
    page.lead(&absent(failed, "inspected"));
    let mut left = more;
    for (n, file) in files.iter().enumerate() {
        let parts = file.parts(&n.to_string()).into_iter();
        // Tables have titles of their own.
        let parts: String = parts
            .filter(|(_, body)| !body.is_empty())
            .map(|(heading, body)| match heading {
                CONTENTS => body,
                _ => format!("<h3>{heading}</h3>\n{body}"),
            })
            .collect();
        let body = file.start() + &parts;
        if page.len() + body.len() > BUDGET {
            left += 1;
            continue;
        }
        page.section(&file.name, body);
    }
    if left > 0 {
        page.section("More files", note(&format!("{left} more files have no room on this page.")));
    }
    page.finish(provenance)
}

impl Inspected {
    fn start(&self) -> String {
        let warning = self.warning.as_ref().map_or_else(String::new, |text| {
            format!("<div class=\"warn\" role=\"note\"><p>{}</p></div>\n", Text(text))
        });
        let key = if self.key.is_empty() { String::new() } else { key_figures(&self.key) };
        format!("<p class=\"lead\">{}</p>\n{warning}{key}", Text(&self.lead))
    }

    /// Headings and bodies; a body can be empty.
    fn parts(&self, id: &str) -> Vec<(&'static str, String)> {
        let about = match self.facts.is_empty() {
            true => String::new(),
            false => facts(self.facts.iter().map(|(name, value)| (*name, value.clone()))),
        };
        let tables: String = self.tables.iter().map(PlainTable::html).collect();
        let all: Vec<Coded<'_>> = self
            .fields
            .iter()
            .map(|(row, bits)| Coded { row, bits: bits.clone(), whole: self.whole })
            .collect();
        let by_field = if all.is_empty() {
            String::new()
        } else {
            let coded = all.iter().any(|field| field.bits.is_some());
            let sample = format!("the first {}", bytes(self.field_bytes));
            explained(coded, &sample) + &fields(&all)
        };
        vec![
            ("What it is", about),
            ("Bits by field", by_field),
            ("Blocks", self.blocks.as_ref().map(|blocks| blocks.html(id)).unwrap_or_default()),
            (CONTENTS, tables),
            ("Training", self.curve.as_ref().map(|c| curve(c, id)).unwrap_or_default()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::super::fields::tests::wide;
    use super::super::skeleton::MAX_BYTES;
    use super::*;

    fn example(n: usize) -> Inspected {
        Inspected {
            name: "a<b".into(),
            lead: "raw & data".into(),
            facts: vec![("Schema", "<x>".into())],
            warning: Some("<w>".into()),
            fields: wide(n).into_iter().map(|row| (row, None)).collect(),
            ..Inspected::default()
        }
    }

    #[test]
    fn one_file_and_many() {
        let provenance = Provenance::of("vortex inspect", Vec::new());
        let one = inspection(&[example(3)], 1, 0, &provenance);
        assert!(
            one.contains("raw &amp; data")
                && one.contains("&lt;x&gt;")
                && one.contains("&lt;w&gt;")
                && one.contains("One file could not be inspected")
        );
        let many: Vec<Inspected> = (0..20).map(|_| example(1500)).collect();
        let html = inspection(&many, 0, 1000, &provenance);
        assert!(
            html.len() < MAX_BYTES && html.contains("more files have no room"),
            "{}",
            html.len()
        );
        assert!(inspection(&[], 0, 0, &provenance).contains("0 files"));
    }

    #[test]
    fn two_curves_have_ids_of_their_own() {
        let point = vortex_codec::training::Point { step: 1, bits: 3.0 };
        let curve = Curve { validations: vec![point], validated: 1, ..Curve::default() };
        let model = || Inspected { curve: Some(curve.clone()), ..example(1) };
        let html = inspection(&[model(), model()], 0, 7, &Provenance::of("x", Vec::new()));
        let mut ids: Vec<&str> =
            html.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all);
        assert!(html.contains("7 more files have no room"));
    }
}
