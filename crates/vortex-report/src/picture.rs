//! The sizes of an evaluation as one SVG, for documents.

use std::fmt::Write as _;

use vortex_codec::evaluation::Results;

use super::page::Text;
use super::table::thousands;

const WIDTH: f64 = 760.0;
const LABEL: f64 = 170.0;
const BAR: f64 = 24.0;

/// A bar for each codec, in black on white.
pub fn bars(results: &Results) -> String {
    let height = BAR * results.codecs.len() as f64 + 34.0;
    let largest = results.codecs.iter().map(|c| c.bytes).max().unwrap_or(1).max(1) as f64;
    let mut svg = open(height, "Compressed sizes");
    let _ = writeln!(
        svg,
        "<text x=\"0\" y=\"14\">{}, {}: {} bytes become</text>",
        Text(&results.data),
        Text(&results.part),
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
            Text(&codec.name),
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

fn open(height: f64, title: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height:.0}\" \
         viewBox=\"0 0 {WIDTH} {height:.0}\" font-family=\"sans-serif\" font-size=\"12\" \
         role=\"img\"><title>{title}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::super::results::tests::example;
    use super::*;

    #[test]
    fn names_from_files_are_escaped_and_every_codec_has_a_bar() {
        let svg = bars(&example());
        assert!(svg.contains("jets &lt;1&gt;.bin") && !svg.contains("jets <1>"));
        assert_eq!(svg.matches("<rect x=").count(), 3);
    }
}
