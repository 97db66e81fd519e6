//! Bits by field and symbol beside the entropy of each field and what was found about it.

use std::fmt::Write as _;

use vortex_codec::inspection::FieldRow;

use super::bars::bar;
use super::escape::Text;
use super::numbers::{place, short};

/// Most bytes of the table, and most rows that are shown unfolded.
const BUDGET: usize = 560_000;
const UNFOLDED: usize = 32;
/// Longest name and longest finding, in characters.
const LONGEST: usize = 160;

/// A field with the bits that its symbols were coded in; none for data that were not coded.
pub struct Coded<'a> {
    /// What is known of it.
    pub row: &'a FieldRow,
    /// Bits of each symbol, in coding order.
    pub bits: Option<Vec<f64>>,
    /// Whether the bits are those of the field as a whole, so that those of a symbol mean nothing.
    pub whole: bool,
}

impl Coded<'_> {
    /// What the bar shows: coded bits, or else the entropy of the symbols.
    fn length(&self) -> f64 {
        self.bits.as_deref().map_or_else(|| self.entropy(), |bits| bits.iter().sum())
    }

    fn entropy(&self) -> f64 {
        self.row.symbol_entropy.iter().sum()
    }
}

/// The tables: of a wide schema the costliest fields, and all of them folded away.
pub fn fields(all: &[Coded<'_>]) -> String {
    let mut order: Vec<usize> = (0..all.len()).collect();
    if all.len() <= UNFOLDED {
        return table(all, &order, BUDGET);
    }
    order.sort_by(|a, b| all[*b].length().total_cmp(&all[*a].length()));
    let top = table(all, &order[..UNFOLDED], BUDGET / 8);
    order.sort_unstable();
    format!(
        "<h3>The {UNFOLDED} fields with the most bits, of {}</h3>\n{top}<details><summary>All fields, in the order of the record\
         </summary>{}</details>\n",
        all.len(),
        table(all, &order, BUDGET - BUDGET / 8)
    )
}

/// Rows of these fields until the budget is spent, and one row for the rest.
fn table(all: &[Coded<'_>], order: &[usize], budget: usize) -> String {
    let coded = all.iter().any(|field| field.bits.is_some());
    let largest = order.iter().map(|i| all[*i].length().max(all[*i].entropy())).fold(0.0, f64::max);
    let mut html = format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Bits by field\"><table class=\"fields bars\"><thead><tr>\
         <th scope=\"col\">field</th><th class=\"b\"></th>{}<th scope=\"col\">entropy of<br>symbols</th>\
         <th scope=\"col\">entropy of<br>values</th><th scope=\"col\" class=\"l\">{}</th></tr></thead><tbody>\n",
        if coded { "<th scope=\"col\">bits</th>" } else { "" },
        if coded {
            "bits by symbol,<br>in coding order"
        } else {
            "entropy by symbol,<br>in coding order"
        },
    );
    for (n, i) in order.iter().enumerate() {
        let field = &all[*i];
        let row = row(field, coded, largest);
        if html.len() + row.len() > budget {
            let left = &order[n..];
            let length = left.iter().map(|i| all[*i].length()).sum();
            let entropy = left.iter().map(|i| all[*i].entropy()).sum();
            let _ = writeln!(
                html,
                "<tr class=\"s\"><th scope=\"row\">{} more fields<small>no room on this page</small></th><td class=\"b\"></td>{}\
                 <td>{}</td><td></td><td></td></tr>",
                left.len(),
                if coded { format!("<td>{}</td>", short(length)) } else { String::new() },
                short(entropy),
            );
            break;
        }
        html.push_str(&row);
    }
    html + "</tbody></table></div>\n"
}

fn row(field: &Coded<'_>, coded: bool, largest: f64) -> String {
    let row = field.row;
    let values = match row.values {
        Some(values) if values.distinct == 1 => "constant".to_owned(),
        Some(values) => format!("{:.2}<small>of {}</small>", values.bits, values.distinct),
        None => "–".to_owned(),
    };
    let mut html =
        format!("<tr><th scope=\"row\">{}<small>{}", clipped(&row.name), Text(&row.dtype));
    if !row.found.is_empty() {
        let _ = write!(html, " · {}", clipped(&row.found));
    }
    let entropy = field.entropy();
    let tick = if field.bits.is_some() { place(entropy / largest) } else { String::new() };
    let bar = match tick.as_str() {
        "" => bar(field.length() / largest, 0.0, ""),
        at => bar(field.length() / largest, 0.0, "").replace(
            "</svg>",
            &format!("<line class=\"tick\" x1=\"{at}\" x2=\"{at}\" y1=\"0\" y2=\"100%\"/></svg>"),
        ),
    };
    let _ = write!(html, "</small></th><td class=\"b u\">{bar}</td>");
    if coded {
        let bits = field
            .bits
            .as_ref()
            .map_or("–".into(), |bits| format!("{:.2}", bits.iter().sum::<f64>()));
        let _ = write!(html, "<td>{bits}</td>");
    }
    let _ =
        write!(html, "<td>{entropy:.2}</td><td>{values}</td><td class=\"l\"><span class=\"heat\">");
    let whole = field.whole && field.bits.is_some();
    let by_symbol = field.bits.as_ref().unwrap_or(&row.symbol_entropy);
    for bits in by_symbol.iter().filter(|_| !whole) {
        let shade = if bits.is_finite() { bits.clamp(0.0, 8.0).round() } else { 0.0 };
        let _ = write!(html, "<i class=\"h{shade}\">{bits:.2}</i>");
    }
    html + if whole { "–" } else { "" } + "</span></td></tr>\n"
}

/// Text that is not longer than a reader wants: its start and its end, where long names differ.
fn clipped(text: &str) -> String {
    let count = text.chars().count();
    if count <= LONGEST {
        return Text(text).to_string();
    }
    let start: String = text.chars().take(LONGEST * 2 / 3).collect();
    let end: String = text.chars().skip(count - LONGEST / 3).collect();
    format!("{}…{}", Text(&start), Text(&end))
}

/// What the columns mean.
pub fn explained(coded: bool, sample: &str) -> String {
    let bar = if coded {
        "The bar is what the field was coded in, the tick the entropy of its symbols: a bar that ends before the tick shows what \
         context gave. "
    } else {
        ""
    };
    format!(
        "<p class=\"note\">Bits of one value of each field. {bar}<em>Entropy of symbols</em> is what the coded bytes of the field \
         need on average if each is coded alone (order 0), after the decimals and laws that stand under its name. <em>Entropy of \
         values</em> counts whole values as they stand in the file; it is left out where values are so many and rare that a count \
         says little. Both are counted on {}. They are no bounds: context can need less.</p>\n",
        Text(sample)
    )
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use vortex_codec::inspection::ValueEntropy;

    pub fn wide(n: usize) -> Vec<FieldRow> {
        let row = |i: usize| FieldRow {
            name: format!("Electron_<mvaFall17V2Iso_WP{i}>"),
            dtype: "<f8".into(),
            offset: 8 * i as u32,
            symbol_entropy: vec![7.99; 8],
            values: Some(ValueEntropy { distinct: 40_000, bits: 14.25 }),
            found:
                "decimals of 6 digits, at most 2 after the point, near sqrt(0.0112 + px^2 + py^2)"
                    .into(),
        };
        (0..n).map(row).collect()
    }

    fn coded(rows: &[FieldRow]) -> Vec<Coded<'_>> {
        rows.iter()
            .map(|row| Coded { row, bits: Some(vec![3.5, 8.0, f64::NAN]), whole: false })
            .collect()
    }

    #[test]
    fn wide_tables_keep_within_the_budget_and_say_what_they_leave_out() {
        let rows = wide(1500);
        let html = fields(&coded(&rows));
        assert!(html.len() < BUDGET, "{}", html.len());
        assert!(html.contains("The 32 fields with the most bits, of 1500"));
        assert!(html.matches("<tr>").count() > 700 && html.contains("more fields<small>no room"));
        assert_eq!(clipped(&format!("<{}7", "a".repeat(500))).matches('…').count(), 1);
        assert!(clipped(&format!("{}7", "a".repeat(500))).ends_with("a7"));
        let few = wide(3);
        let html = fields(&coded(&few));
        assert!(html.matches("<tr><th").count() == 3 + 1 && !html.contains("<details>"), "{html}");
        assert!(html.contains("Electron_&lt;mva") && !html.contains("<mva"));
    }

    #[test]
    fn data_that_were_not_coded_have_entropies_alone() {
        let rows = wide(2);
        let all: Vec<Coded<'_>> =
            rows.iter().map(|row| Coded { row, bits: None, whole: false }).collect();
        let html = fields(&all);
        assert!(html.contains("entropy by symbol,") && !html.contains("tick"), "{html}");
        assert_eq!(fields(&[]).matches("<tr>").count(), 1);
        // Columns have bits by field alone.
        let columns = |row| Coded { row, bits: Some(vec![3.5, 3.5]), whole: true };
        let html = fields(&rows.iter().map(columns).collect::<Vec<_>>());
        assert!(html.contains("<td>7.00</td>") && !html.contains("<i class"), "{html}");
    }
}
