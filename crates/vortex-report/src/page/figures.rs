//! All figures of a contest as a table: what the charts show, and what they leave out.

use std::fmt::Write as _;

use vortex_codec::bench::Times;

use super::super::table::thousands;
use super::contest::{Contest, Direction};
use super::escape::Text;
use super::numbers::short;

/// The table, folded away.
pub fn figures(contest: &Contest) -> String {
    let memory = contest.entries.iter().any(|entry| entry.memory.is_some());
    let mut html = format!(
        "<details><summary>All figures as a table</summary><div class=\"scroll\" tabindex=\"0\" role=\"region\" \
         aria-label=\"All figures\"><table><thead><tr><th scope=\"col\">codec</th><th scope=\"col\">bytes</th>\
         <th scope=\"col\">ratio</th><th scope=\"col\">bits/byte</th><th scope=\"col\">compress<br>MB/s</th>\
         <th scope=\"col\">decompress<br>MB/s</th><th scope=\"col\">compress<br>s</th><th scope=\"col\">decompress<br>s</th>\
         {}</tr></thead><tbody>\n",
        if memory { "<th scope=\"col\">memory<br>MB</th>" } else { "" }
    );
    let spread = |times: &Times| match times.runs {
        0 | 1 => String::new(),
        _ => format!(" ±{:.0} %", (times.spread() * 100.0).min(99.0)),
    };
    for entry in &contest.entries {
        let speed = |direction| short(contest.speed(entry, direction));
        let _ = write!(
            html,
            "<tr{}><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{:.4}</td><td>{}</td><td>{}</td><td>{}{}</td><td>{}{}</td>",
            if entry.ours { " class=\"u\"" } else { "" },
            Text(&entry.name),
            thousands(entry.bytes),
            short(contest.ratio(entry)),
            contest.bits(entry.bytes),
            speed(Direction::Encode),
            speed(Direction::Decode),
            short(entry.encode.median),
            spread(&entry.encode),
            short(entry.decode.median),
            spread(&entry.decode),
        );
        if memory {
            let bytes =
                entry.memory.map_or("–".into(), |bytes| format!("{:.0}", bytes as f64 / 1e6));
            let _ = write!(html, "<td>{bytes}</td>");
        }
        html.push_str("</tr>\n");
    }
    html + "</tbody></table></div></details>\n"
}
