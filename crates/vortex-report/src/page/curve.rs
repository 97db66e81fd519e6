//! The curve of a training: bits per byte over steps.

use std::fmt::Write as _;

use vortex_codec::training::{Curve, Point};

use super::super::table::thousands;
use super::escape::Text;
use super::numbers::place;
use super::scale::Scale;
use super::scatter::axes;

/// Most points of a line, and most validations that can be pointed at.
const MOST_POINTS: usize = 600;
const MOST_MARKS: usize = 60;
/// Steps of this first share of the run may lie above the chart.
const WARM_UP: f64 = 0.05;

/// The chart with its tables; empty without a point. `id` distinguishes the charts of a page.
pub fn curve(curve: &Curve, id: &str) -> String {
    let steps = thin(&curve.steps, MOST_POINTS);
    let validations = thin(&curve.validations, MOST_MARKS);
    let all = || steps.iter().chain(&validations);
    let Some(last) = all().map(|p| p.step).max() else { return String::new() };
    let warm = (last as f64 * WARM_UP) as u64;
    let after = all().filter(|p| p.step >= warm || steps.len() < 20).map(|p| p.bits);
    let x = Scale::linear([0.0, last as f64]);
    let y = Scale::linear(after);
    let cut = all().any(|p| !y.holds(p.bits));
    let best = validations.iter().min_by(|a, b| a.bits.total_cmp(&b.bits));
    let mut html = format!(
        "<figure><figcaption id=\"c{id}\">Bits per byte during the training</figcaption><div class=\"plot\">\
         <svg data-marks role=\"group\" aria-labelledby=\"c{id}\" aria-describedby=\"c{id}d\"><desc id=\"c{id}d\">{}</desc>\n",
        match best {
            Some(best) => format!(
                "{} validations on held-out records; the best has {:.4} bits per byte, after {} steps.",
                thousands(curve.validated),
                best.bits,
                thousands(best.step)
            ),
            None => format!("{} steps, no validation.", thousands(last)),
        }
    );
    html.push_str(&axes(&x, &y, "steps", "bits/byte"));
    if let Some(step) = curve.quantised_from {
        let at = place(x.share(step as f64));
        let _ = write!(
            html,
            "<line class=\"ph\" x1=\"{at}\" x2=\"{at}\" y1=\"0%\" y2=\"100%\"/><text x=\"{at}\" y=\"0\" dx=\"-6\" dy=\"28\" \
             text-anchor=\"end\">rounded from here</text>"
        );
    }
    html.push_str("<svg width=\"100%\" height=\"100%\" viewBox=\"0 0 1000 1000\" preserveAspectRatio=\"none\" aria-hidden=\"true\">");
    html.push_str(&line(&steps, &x, &y, "t"));
    html.push_str(&line(&validations, &x, &y, "v"));
    html.push_str("</svg>\n");
    for point in &validations {
        let (cx, cy) =
            (place(x.share(point.step as f64)), place(1.0 - y.share(point.bits).min(1.0)));
        let is_best = best == Some(point);
        let _ = writeln!(
            html,
            "<g class=\"pt o{}\" tabindex=\"0\" role=\"img\"><title>{}step {}\n{:.4} bits/byte on held-out records</title>\
             <circle class=\"hit\" cx=\"{cx}\" cy=\"{cy}\" r=\"11\"/><circle class=\"mk\" cx=\"{cx}\" cy=\"{cy}\" r=\"{}\"/></g>",
            if is_best { " best" } else { "" },
            if is_best { "best\n" } else { "" },
            thousands(point.step),
            point.bits,
            if is_best { 5 } else { 3 },
        );
    }
    html.push_str("</svg></div>");
    html.push_str(
        "<ul class=\"legend\"><li><svg viewBox=\"0 0 20 14\" aria-hidden=\"true\"><line class=\"cv t\" x2=\"20\" y1=\"7\" y2=\"7\"/></svg>\
         training records, smoothed</li><li><svg viewBox=\"0 0 20 14\" aria-hidden=\"true\"><line class=\"cv v\" x2=\"20\" y1=\"7\" \
         y2=\"7\"/></svg>held-out records; filled: the best</li></ul></figure>\n",
    );
    if cut {
        html.push_str("<p class=\"note\">The first steps lie above the chart.</p>\n");
    }
    html.push_str(&table("The validations as a table", &validations));
    html.push_str(&table("The training records as a table", &thin(&steps, MOST_MARKS)));
    html
}

fn table(title: &str, points: &[Point]) -> String {
    if points.is_empty() {
        return String::new();
    }
    let row =
        |p: &Point| format!("<tr><td>{}</td><td>{:.4}</td></tr>", Text(&thousands(p.step)), p.bits);
    let rows: String = points.iter().map(row).collect();
    format!(
        "<details><summary>{title}</summary><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{title}\"><table><thead><tr><th scope=\"col\">\
         steps</th><th scope=\"col\">bits/byte</th></tr></thead><tbody>{rows}</tbody></table></div></details>\n"
    )
}

/// A line through the points on the chart.
fn line(points: &[Point], x: &Scale, y: &Scale, class: &str) -> String {
    let mut path = String::new();
    let mut pen = 'M';
    for point in points {
        if !y.holds(point.bits) {
            pen = 'M';
            continue;
        }
        let at = |share: f64| share.clamp(0.0, 1.0) * 1000.0;
        let _ = write!(
            path,
            "{pen}{:.1} {:.1}",
            at(x.share(point.step as f64)),
            at(1.0 - y.share(point.bits))
        );
        pen = 'L';
    }
    match path.is_empty() {
        true => path,
        false => format!("<path class=\"cv {class}\" d=\"{path}\"/>"),
    }
}

/// At most about `most` points at equal distances, with the last one and the lowest one.
fn thin(points: &[Point], most: usize) -> Vec<Point> {
    let finite: Vec<Point> = points.iter().copied().filter(|p| p.bits.is_finite()).collect();
    let every = finite.len().div_ceil(most).max(1);
    let lowest =
        finite.iter().enumerate().min_by(|a, b| a.1.bits.total_cmp(&b.1.bits)).map(|(i, _)| i);
    let kept = |i: usize| i.is_multiple_of(every) || i + 1 == finite.len() || Some(i) == lowest;
    finite.iter().enumerate().filter(|(i, _)| kept(*i)).map(|(_, p)| *p).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(n: u64) -> Vec<Point> {
        (1..=n).map(|step| Point { step, bits: 2.0 + 6.0 / step as f64 }).collect()
    }

    #[test]
    fn long_runs_stay_small_and_keep_their_best() {
        let mut all = points(100_000);
        all[777].bits = 1.5;
        let kept = thin(&all, 60);
        assert!(kept.len() <= 62 && kept.contains(&all[777]) && kept.last() == all.last());
        let html = curve(
            &Curve {
                steps: all.clone(),
                validations: all,
                validated: 100_000,
                quantised_from: Some(80_000),
            },
            "0",
        );
        assert!(
            html.len() < 60_000
                && html.contains("rounded from here")
                && html.contains("best\nstep 778")
        );
        assert!(html.contains("The first steps lie above the chart"));
        assert!(
            html.contains("100,000 validations") && html.contains("training records as a table")
        );
    }

    #[test]
    fn nothing_one_point_and_no_numbers() {
        assert_eq!(curve(&Curve::default(), "0"), "");
        let nan = Point { step: 1, bits: f64::NAN };
        for steps in
            [vec![nan], vec![Point { step: 0, bits: 3.0 }], vec![nan, Point { step: 5, bits: 8.0 }]]
        {
            let html =
                curve(&Curve { steps: steps.clone(), validations: steps, ..Curve::default() }, "0");
            assert!(!html.contains("NaN") && !html.contains("inf"), "{html}");
        }
    }
}
