//! The picture of an evaluation: bars of the sizes and a strip of bits by role, as inline SVG in
//! one HTML page without scripts, or as SVG alone.

use std::fmt::Write as _;

use vortex_codec::evaluation::Results;

use super::results::table;
use super::table::thousands;

const WIDTH: f64 = 760.0;
const LABEL: f64 = 170.0;
const BAR: f64 = 24.0;
const CELL: f64 = 14.0;

/// A whole HTML page.
pub fn html(results: &Results) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<title>{title}</title>\n\
         <style>body{{font-family:sans-serif;max-width:800px;margin:2em auto;padding:0 1em}}\
         pre{{overflow-x:auto;font-size:13px}}svg{{max-width:100%;height:auto}}</style></head><body>\n\
         <h1>{title}</h1>\n<pre>{table}</pre>\n<h2>Sizes</h2>\n{bars}\n\
         <h2>Bits by field and symbol</h2>\n{strip}\n</body></html>\n",
        title = escape(&results.data),
        table = escape(&table(results)),
        bars = bars(results),
        strip = strip(results),
    )
}

/// Only the bars of [`html`].
pub fn bars(results: &Results) -> String {
    let height = BAR * results.codecs.len() as f64 + 34.0;
    let largest = results.codecs.iter().map(|c| c.bytes).max().unwrap_or(1).max(1) as f64;
    let mut svg = open(height, "Compressed sizes");
    let _ = writeln!(
        svg,
        "<text x=\"0\" y=\"14\">{}, {}: {} bytes become</text>",
        escape(&results.data),
        escape(&results.part),
        thousands(results.bytes)
    );
    for (i, codec) in results.codecs.iter().enumerate() {
        let y = 26.0 + BAR * i as f64;
        let length = (WIDTH - LABEL - 170.0) * codec.bytes as f64 / largest;
        let colour = if i == 0 { "#1b6ca8" } else { "#9aa5b1" };
        let _ = writeln!(
            svg,
            "<text x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\
             <rect x=\"{LABEL}\" y=\"{y:.1}\" width=\"{length:.1}\" height=\"{:.0}\" fill=\"{colour}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\">{} · {:.3} bits/byte</text>",
            LABEL - 8.0,
            y + 15.0,
            escape(&codec.name),
            BAR - 5.0,
            LABEL + length + 6.0,
            y + 15.0,
            thousands(codec.bytes),
            codec.bytes as f64 * 8.0 / results.bytes.max(1) as f64,
        );
    }
    svg.push_str("</svg>");
    svg
}

/// One row per field, one cell per symbol; from white (nothing) to dark (8 bits).
fn strip(results: &Results) -> String {
    let mut rows: Vec<(&str, Vec<f64>)> = Vec::new();
    for role in &results.roles {
        match rows.last_mut() {
            Some((field, bits)) if *field == role.field => bits.push(role.bits),
            _ => rows.push((&role.field, vec![role.bits])),
        }
    }
    let mut svg = open(CELL * rows.len() as f64 + 4.0, "Bits of each symbol of each field");
    for (i, (field, bits)) in rows.iter().enumerate() {
        let y = CELL * i as f64;
        let _ = write!(
            svg,
            "<text x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\" font-size=\"10\">{}</text>",
            LABEL + 60.0 - 8.0,
            y + 11.0,
            escape(field)
        );
        for (j, &bits) in bits.iter().enumerate() {
            let light = 97.0 - 70.0 * (bits / 8.0).clamp(0.0, 1.0);
            let _ = write!(
                svg,
                "<rect x=\"{:.0}\" y=\"{y:.0}\" width=\"38\" height=\"{:.0}\" \
                 fill=\"hsl(206 72% {light:.0}%)\"><title>{} symbol {j}: {bits:.3} bits</title></rect>",
                LABEL + 60.0 + 40.0 * j as f64,
                CELL - 2.0,
                escape(field)
            );
        }
        let _ = writeln!(
            svg,
            "<text x=\"{:.0}\" y=\"{:.1}\" font-size=\"10\">{:.2}</text>",
            LABEL + 60.0 + 40.0 * bits.len() as f64 + 6.0,
            y + 11.0,
            bits.iter().sum::<f64>()
        );
    }
    svg.push_str("</svg>");
    svg
}

fn open(height: f64, title: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height:.0}\" \
         viewBox=\"0 0 {WIDTH} {height:.0}\" font-family=\"sans-serif\" font-size=\"12\" \
         role=\"img\"><title>{title}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::super::results::tests::example;
    use super::*;

    #[test]
    fn names_from_files_are_escaped_and_every_codec_has_a_bar() {
        let page = html(&example());
        assert!(page.contains("jets &lt;1&gt;.bin") && !page.contains("jets <1>"));
        assert_eq!(bars(&example()).matches("<rect x=").count(), 3);
        assert_eq!(page.matches("<svg").count(), page.matches("</svg>").count());
    }
}
