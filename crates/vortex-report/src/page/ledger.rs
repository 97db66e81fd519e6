//! Where every bit of a compressed file went, as a table with a bar for each loss.

use std::fmt::Write as _;

use super::super::table::thousands;
use super::bars::bar;
use super::escape::Text;
use super::numbers::percent;

/// A line of the ledger.
pub struct Line<'a> {
    /// What the bits are.
    pub what: &'a str,
    /// More about it.
    pub more: &'a str,
    /// The bits; below zero for a gain.
    pub bits: f64,
    /// Whether it is a loss, and not information.
    pub loss: bool,
}

/// The table. `sum` names the sum of all lines; `bytes` is the number of original bytes.
pub fn ledger(lines: &[Line<'_>], sum: &str, bytes: u64) -> String {
    let total: f64 = lines.iter().map(|line| line.bits).sum();
    let largest =
        lines.iter().filter(|line| line.loss).map(|line| line.bits.abs()).fold(0.0, f64::max);
    let per_byte = |bits: f64| signed(format!("{:.4}", bits / bytes.max(1) as f64));
    let whole = |bits: f64| {
        let sign = if bits < 0.0 { "-" } else { "" };
        signed(format!("{sign}{}", thousands((bits.abs() / 8.0).round() as u64)))
    };
    let mut html = String::from(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Where every bit went\"><table class=\"bars ledger\"><thead><tr>\
         <th scope=\"col\"></th><th class=\"b wide\"></th><th scope=\"col\" class=\"wide\">bits/byte</th><th scope=\"col\">bytes</th>\
         <th scope=\"col\">share of<br>the sum</th></tr></thead><tbody>\n",
    );
    for line in lines {
        let bar = if line.loss { bar(line.bits.abs() / largest, 0.0, " x") } else { String::new() };
        let share = if line.loss {
            percent(line.bits / total)
        } else {
            format!("{:.2} %", line.bits / total * 100.0)
        };
        let _ = writeln!(
            html,
            "<tr><th scope=\"row\">{}<small>{}</small></th><td class=\"b wide\">{bar}</td><td class=\"wide\">{}</td><td>{}</td><td>{}</td></tr>",
            Text(line.what),
            Text(line.more),
            per_byte(line.bits),
            whole(line.bits),
            if total.is_finite() && total != 0.0 { share } else { "–".into() },
        );
    }
    let _ = writeln!(
        html,
        "<tr class=\"s\"><th scope=\"row\">{}</th><td class=\"b wide\"></td><td class=\"wide\">{}</td><td>{}</td><td>100 %</td></tr>",
        Text(sum),
        per_byte(total),
        whole(total)
    );
    html + "</tbody></table></div>\n<p class=\"note wide\">The bars show the losses alone, the largest at full length.</p>\n"
}

/// A number with a real minus, and without one if all its digits are zeros.
fn signed(number: String) -> String {
    match number.strip_prefix('-') {
        None => number,
        Some(zero) if !zero.contains(|c: char| ('1'..='9').contains(&c)) => zero.to_owned(),
        Some(digits) => format!("−{digits}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gains_have_a_sign_and_nothing_is_divided_by_zero() {
        let line = |bits, loss| Line { what: "<a>", more: "", bits, loss };
        let html = ledger(&[line(8000.0, false), line(-80.0, true)], "file", 1000);
        assert!(
            html.contains("−10</td>") && html.contains("990") && html.contains("&lt;a&gt;"),
            "{html}"
        );
        let texts = ["-0.0000", "-0", "-0.10", "7"].map(|n| signed(n.into()));
        assert_eq!(texts, ["0.0000", "0", "−0.10", "7"]);
        let empty = ledger(&[line(0.0, false), line(0.0, true)], "file", 0);
        assert!(!empty.contains("NaN") && !empty.contains("inf"), "{empty}");
    }
}
