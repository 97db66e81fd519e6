//! Ratio against speed: a point for each codec, and the frontier that no other codec passes.

use std::fmt::Write as _;

use super::contest::{Contest, Direction, Entry};
use super::escape::Text;
use super::frontier::frontier;
use super::labels::{Named, places};
use super::numbers::{place, short};
use super::scale::Scale;

/// The size, in pixels, for which names are placed. Narrow pages leave out the names of the other
/// codecs.
const NOMINAL: (f64, f64) = (480.0, 330.0);

/// A chart with a caption. `id` distinguishes the charts of a page. Codecs without a speed above
/// zero have no point.
pub fn scatter(contest: &Contest, direction: Direction, id: &str) -> String {
    let drawn: Vec<&Entry> = contest
        .entries
        .iter()
        .filter(|entry| {
            let (x, y) = (contest.speed(entry, direction), contest.ratio(entry));
            x.is_finite() && x > 0.0 && y.is_finite() && y > 0.0
        })
        .collect();
    if drawn.is_empty() {
        return String::new();
    }
    let points: Vec<(f64, f64)> =
        drawn.iter().map(|e| (contest.speed(e, direction), contest.ratio(e))).collect();
    let x = Scale::logarithmic(points.iter().map(|p| p.0));
    let y = ratios(points.iter().map(|p| p.1));
    let front = frontier(&points);
    let (what, axis) = match direction {
        Direction::Encode => {
            ("Ratio against speed of compression", "compression, MB/s (logarithmic)")
        }
        Direction::Decode => {
            ("Ratio against speed of decompression", "decompression, MB/s (logarithmic)")
        }
    };
    let best: Vec<&str> = front.iter().map(|i| drawn[*i].name.as_str()).collect();
    let mut svg = format!(
        "<figure><figcaption id=\"{id}\">{what}</figcaption>\n<div class=\"plot\">\
         <svg data-marks role=\"group\" aria-labelledby=\"{id}\" aria-describedby=\"{id}d\">\
         <desc id=\"{id}d\">{} codecs; up and to the right is better. On the frontier: {}.</desc>\n",
        drawn.len(),
        Text(&best.join(", "))
    );
    svg.push_str(&axes(&x, &y, axis, "ratio"));
    staircase(&mut svg, &front, &points, &x, &y);
    let named: Vec<Named<'_>> = drawn
        .iter()
        .zip(&points)
        .map(|(entry, p)| Named {
            at: (x.share(p.0) * NOMINAL.0, (1.0 - y.share(p.1)) * NOMINAL.1),
            name: &entry.label,
        })
        .collect();
    let mut order: Vec<usize> = (0..drawn.len()).collect();
    // Ours choose first, then the frontier.
    order.sort_by_key(|i| (!drawn[*i].ours, !front.contains(i)));
    let sorted: Vec<Named<'_>> =
        order.iter().map(|i| Named { at: named[*i].at, name: named[*i].name }).collect();
    let mut at = vec![None; drawn.len()];
    for (i, found) in order.iter().zip(places(&sorted, NOMINAL)) {
        at[*i] = found;
    }
    for (i, (entry, p)) in drawn.iter().zip(&points).enumerate() {
        let (cx, cy) = (place(x.share(p.0)), place(1.0 - y.share(p.1)));
        let class = if entry.ours { "o" } else { "r" };
        let best = if front.contains(&i) { " best" } else { "" };
        let _ = write!(
            svg,
            "<g class=\"pt {class}{best}\" tabindex=\"0\" role=\"img\"><title>{}</title><circle class=\"hit\" \
             cx=\"{cx}\" cy=\"{cy}\" r=\"11\"/>{}</g>",
            Text(&told(contest, entry, direction)),
            mark(entry.ours, &cx, &cy)
        );
        if let Some(place) = at[i] {
            let class = if entry.ours { "lo" } else { "lb lr" };
            let _ = write!(
                svg,
                "<text class=\"{class}\" aria-hidden=\"true\" x=\"{cx}\" y=\"{cy}\" dx=\"{}\" dy=\"{}\" text-anchor=\"{}\">{}</text>",
                place.shift.0,
                place.shift.1,
                place.anchor,
                Text(&entry.label)
            );
        }
        svg.push('\n');
    }
    svg + "</svg></div></figure>\n"
}

/// Equal distances, unless a codec is so much better that the others would lie on one line.
fn ratios(values: impl Iterator<Item = f64> + Clone) -> Scale {
    let most = values.clone().fold(0.0, f64::max);
    let least = values.clone().fold(f64::INFINITY, f64::min);
    if most > 12.0 * least { Scale::logarithmic(values) } else { Scale::linear(values) }
}

/// Circles for Vortex, squares for the others: colours are not the only difference.
fn mark(ours: bool, x: &str, y: &str) -> String {
    if ours {
        format!("<circle class=\"mk\" cx=\"{x}\" cy=\"{y}\" r=\"5\"/>")
    } else {
        let square = "width=\"8.4\" height=\"8.4\" transform=\"translate(-4.2 -4.2)\"";
        format!("<rect class=\"mk\" x=\"{x}\" y=\"{y}\" {square}/>")
    }
}

/// What the marks mean.
pub fn legend() -> String {
    let sample = |class: &str, ours| {
        format!(
            "<svg class=\"{class}\" viewBox=\"-8 -7 16 14\" aria-hidden=\"true\">{}</svg>",
            mark(ours, "0", "0")
        )
    };
    format!(
        "<ul class=\"legend\"><li>{}Vortex</li><li>{}other codecs</li><li>{}filled: on the frontier, nothing else is both \
         smaller and faster</li><li>{}hollow: another codec is at least as good in both</li></ul>\n",
        sample("o best", true),
        sample("r best", false),
        sample("best", true),
        sample("", true),
    )
}

/// What hovering and focusing show.
fn told(contest: &Contest, entry: &Entry, direction: Direction) -> String {
    let speed = short(contest.speed(entry, direction));
    let way = match direction {
        Direction::Encode => "compresses",
        Direction::Decode => "decompresses",
    };
    let bits = contest.bits(entry.bytes);
    let ratio = short(contest.ratio(entry));
    let times = entry.times(direction);
    let spread = match times.runs {
        0 => format!("mean of {} files", contest.files),
        1 => "one run".to_owned(),
        runs => format!("median of {runs} runs, ±{:.0} %", times.spread() * 100.0),
    };
    format!("{}\nratio {ratio} ({bits:.4} bits/byte)\n{way} {speed} MB/s, {spread}", entry.name)
}

/// Lines and texts of both axes.
pub(super) fn axes(x: &Scale, y: &Scale, below: &str, beside: &str) -> String {
    let mut svg = String::from("<g aria-hidden=\"true\">");
    for (value, text) in y.ticks(6) {
        let at = place(1.0 - y.share(value));
        let _ = write!(
            svg,
            "<line class=\"grid\" x1=\"0%\" x2=\"100%\" y1=\"{at}\" y2=\"{at}\"/>\
             <text x=\"-8\" y=\"{at}\" dy=\"4\" text-anchor=\"end\">{text}</text>"
        );
    }
    for (value, text) in x.ticks(6) {
        let at = place(x.share(value));
        let _ = write!(
            svg,
            "<line class=\"grid\" x1=\"{at}\" x2=\"{at}\" y1=\"0%\" y2=\"100%\"/>\
             <text x=\"{at}\" y=\"100%\" dy=\"18\" text-anchor=\"middle\">{text}</text>"
        );
    }
    let _ = writeln!(
        svg,
        "<line class=\"axis\" x1=\"0%\" x2=\"100%\" y1=\"100%\" y2=\"100%\"/>\
         <line class=\"axis\" x1=\"0%\" x2=\"0%\" y1=\"0%\" y2=\"100%\"/>\
         <text x=\"50%\" y=\"100%\" dy=\"38\" text-anchor=\"middle\">{}</text>\
         <text x=\"6\" y=\"0\" dy=\"12\">{}</text></g>",
        Text(below),
        Text(beside)
    );
    svg
}

/// The border of what some codec reaches: along each point of the frontier, then down to the next.
fn staircase(svg: &mut String, front: &[usize], points: &[(f64, f64)], x: &Scale, y: &Scale) {
    svg.push_str("<g class=\"front\" aria-hidden=\"true\">");
    let mut left = 0.0;
    for (n, i) in front.iter().enumerate() {
        let (px, py) = (x.share(points[*i].0), y.share(points[*i].1));
        let next = front.get(n + 1).map_or(0.0, |j| y.share(points[*j].1));
        let _ = write!(
            svg,
            "<line x1=\"{}\" x2=\"{}\" y1=\"{y}\" y2=\"{y}\"/><line x1=\"{x}\" x2=\"{x}\" y1=\"{y}\" y2=\"{}\"/>",
            place(left),
            place(px),
            place(1.0 - next),
            x = place(px),
            y = place(1.0 - py),
        );
        left = px;
    }
    svg.push_str("</g>\n");
}

#[cfg(test)]
mod tests {
    use super::super::super::bench::tests::example;
    use super::*;

    fn contest(rows: &[(&str, u64)]) -> Contest {
        Contest::of_measured(&example("a", rows))
    }

    /// The numbers of all attributes that are places.
    fn places_of(svg: &str) -> Vec<f64> {
        let percents = svg.split('"').filter_map(|part| part.strip_suffix('%'));
        percents.map(|number| number.parse().unwrap()).collect()
    }

    #[test]
    fn every_codec_has_a_point_and_failures_have_none() {
        let all = contest(&[("vortex -5", 200_000), ("xz -9e", 250_000), ("<lz4>", 0)]);
        for direction in [Direction::Encode, Direction::Decode] {
            let svg = scatter(&all, direction, "f");
            assert_eq!(svg.matches("class=\"pt ").count(), 2, "{svg}");
            assert!(svg.contains("vortex -5\nratio 5.00") && !svg.contains("lz4"), "{svg}");
            // Both have one speed, so that only the smaller one is on the frontier.
            assert!(svg.contains("On the frontier: vortex -5."), "{svg}");
            assert!(places_of(&svg).iter().all(|p| (0.0..=100.0).contains(p)), "{svg}");
        }
    }

    #[test]
    fn nothing_to_draw_and_one_point() {
        assert_eq!(scatter(&contest(&[]), Direction::Encode, "f"), "");
        assert_eq!(scatter(&contest(&[("lz4", 0)]), Direction::Encode, "f"), "");
        let one = scatter(&contest(&[("lz4", 1)]), Direction::Encode, "f");
        assert!(one.contains("1 codecs") && !one.contains("NaN") && !one.contains("inf"), "{one}");
        let empty = Contest { original: 0, ..contest(&[("lz4", 1)]) };
        assert_eq!(scatter(&empty, Direction::Encode, "f"), "");
    }
}
