//! Bars in the rows of a table, so that every bar has its number beside it.

use std::fmt::Write as _;

use super::super::table::thousands;
use super::contest::{Contest, Entry};
use super::escape::Text;
use super::numbers::{percent, place, short};

/// An SVG of one bar that takes a share of its cell, with a second, dashed part behind it.
pub fn bar(share: f64, more: f64, class: &str) -> String {
    let within = |share: f64| if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
    let (share, more) = (within(share), within(more));
    let mut svg = format!(
        "<svg aria-hidden=\"true\"><rect class=\"bar{class}\" width=\"{}\" height=\"100%\"/>",
        place(share)
    );
    if more > 0.0 {
        let (x, width) = (place(share), place(more.min(1.0 - share)));
        let _ = write!(
            svg,
            "<rect class=\"bar m\" x=\"{x}\" y=\"5%\" width=\"{width}\" height=\"90%\"/>"
        );
    }
    svg + "</svg>"
}

/// Sizes of all codecs, the smallest first; and after them those that failed.
pub fn sizes(contest: &Contest) -> String {
    let largest =
        |of: fn(&Entry) -> u64| contest.entries.iter().map(of).max().unwrap_or(1).max(1) as f64;
    // A model that is many times larger than its file would leave the others without bars.
    let largest =
        largest(|entry| entry.bytes + entry.model).min(1.4 * largest(|entry| entry.bytes));
    let best = contest.best_other().map(|entry| entry.bytes);
    let mut html = String::from(
        "<table class=\"bars\"><thead><tr><th scope=\"col\">codec</th><th class=\"b\"></th><th scope=\"col\">bytes</th>\
         <th scope=\"col\" class=\"wide\">bits/byte</th><th scope=\"col\">ratio</th><th scope=\"col\" class=\"wide\">against the<br>\
         smallest other</th></tr></thead><tbody>\n",
    );
    let mut row = |name: &str, ours, bytes: u64, model: u64| {
        let class = if ours { " class=\"u\"" } else { "" };
        let against = match best {
            Some(best) if best > 0 && best != bytes + model => {
                percent((bytes + model) as f64 / best as f64 - 1.0)
            }
            _ => "–".into(),
        };
        let _ = writeln!(
            html,
            "<tr{class}><th scope=\"row\">{}</th><td class=\"b\">{}</td><td>{}</td><td class=\"wide\">{:.4}</td><td>{}</td>\
             <td class=\"wide\">{against}</td></tr>",
            Text(name),
            bar(bytes as f64 / largest, model as f64 / largest, ""),
            thousands(bytes + model),
            contest.bits(bytes + model),
            short(contest.original as f64 / (bytes + model).max(1) as f64),
        );
    };
    for entry in &contest.entries {
        row(&entry.name, entry.ours, entry.bytes, 0);
        if entry.model > 0 {
            row(&format!("{} and its model file", entry.name), true, entry.bytes, entry.model);
        }
    }
    html + "</tbody></table>\n"
}

/// What failed, for those that look for it among the winners.
pub fn failures(contest: &Contest) -> String {
    let failed = &contest.failed;
    if failed.is_empty() {
        return String::new();
    }
    let item = |(name, reason): &(String, String)| {
        format!("<li><strong>{}</strong>: {}</li>", Text(name), Text(reason))
    };
    let items: String = failed.iter().map(item).collect();
    let (who, they) = match failed.len() {
        1 => ("One codec".to_owned(), "It has"),
        n => (format!("{n} codecs"), "They have"),
    };
    format!(
        "<div class=\"warn\" role=\"note\"><p>{who} did not give back the same bytes or ended with an error. {they} no figures, and \
         nothing on this page counts as won against a failure.</p><ul>{items}</ul></div>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::super::super::bench::tests::example;
    use super::super::super::results::tests::example as evaluation;
    use super::*;

    #[test]
    fn the_model_counts_and_failures_are_told() {
        let html = sizes(&Contest::of_results(&evaluation()));
        assert!(html.contains("vortex and its model file") && html.contains("450,000"), "{html}");
        assert!(html.contains("−20.0 %") && html.contains("−10.0 %"), "{html}");
        let contest = Contest::of_measured(&example("a", &[("vortex -5", 9), ("<lz4>", 0)]));
        assert!(!sizes(&contest).contains("lz4"));
        assert!(failures(&contest).contains("<strong>&lt;lz4&gt;</strong>: a, &quot;b&quot;"));
        // Nothing was won against a codec without figures.
        assert!(sizes(&contest).contains("<td class=\"wide\">–</td>"));
    }

    #[test]
    fn bars_stay_in_their_cells() {
        for (share, more) in [(f64::NAN, 0.0), (2.0, 1.0), (-1.0, 0.5), (0.6, 0.9)] {
            let svg = bar(share, more, "");
            for percent in svg.split('"').filter_map(|part| part.strip_suffix('%')) {
                assert!((0.0..=100.0).contains(&percent.parse::<f64>().unwrap()), "{svg}");
            }
        }
    }
}
