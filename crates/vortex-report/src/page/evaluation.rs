//! The page of an evaluation.

use vortex_codec::evaluation::{Cause, Coding, Results};
use vortex_codec::training::Curve;

use super::super::table::thousands;
use super::bars::{failures, sizes};
use super::contest::{Contest, Direction};
use super::curve::curve;
use super::escape::Text;
use super::fields::{Coded, explained, fields};
use super::figures::figures;
use super::ledger::{Line, ledger};
use super::numbers::{percent, short, size};
use super::provenance::Provenance;
use super::scatter::{legend, scatter};
use super::skeleton::{Page, facts, key_figures, note};

/// The page. `run`: the curve of the training that the model is from; `place`: where Vortex ran,
/// such as `on 2 threads`.
pub fn evaluation(
    results: &Results,
    run: Option<&Curve>,
    place: &str,
    provenance: &Provenance,
) -> String {
    let contest = Contest::of_results(results);
    let mut page = Page::new("Evaluation", &results.data);
    page.lead(&lead(results, &contest, place));
    page.section("Ratio against speed", speeds(&contest, "") + &note(&ran(results, place)));
    page.section("Sizes", sizes(&contest) + &note(&sizes_note(results)));
    page.section("Where every bit went", lost(results));
    page.section("Bits by field", by_field(results));
    page.section("Training", run.map(|run| curve(run, "")).unwrap_or_default());
    page.section("Data and model", about(results));
    page.finish(provenance)
}

/// Both scatters and the table; `id` distinguishes several of them.
pub fn speeds(contest: &Contest, id: &str) -> String {
    let chart = |direction, letter: &str| scatter(contest, direction, &format!("{letter}{id}"));
    let charts = chart(Direction::Encode, "e") + &chart(Direction::Decode, "d");
    if charts.is_empty() {
        return note("There is nothing to draw: no codec has a size and a speed.");
    }
    let model = match contest.entries.iter().any(|entry| entry.model > 0) {
        true => note("The ratio of Vortex is that of the file without the model file."),
        false => String::new(),
    };
    format!("<div class=\"two\">{charts}</div>{}{model}{}", legend(), figures(contest))
}

/// What the speeds are those of.
fn ran(results: &Results, place: &str) -> String {
    let look = match results.model {
        Some(_) => "",
        None => {
            " Its compression starts with known records; the search for them before is not included."
        }
    };
    format!("Vortex ran {place}, the other codecs on one thread.{look}")
}

fn lead(results: &Results, contest: &Contest, place: &str) -> String {
    let Some(own) = contest.best_own() else { return failures(contest) };
    let mut text = format!(
        "{}: {} in records of {} with {}.",
        capital(&results.part),
        bytes(results.bytes),
        bytes(results.stride as u64),
        match results.fields {
            1 => "one field".to_owned(),
            n => format!("{} fields", thousands(n as u64)),
        },
    );
    text.push_str(&format!(" Vortex needs {}", bytes(own.bytes)));
    let mut key = vec![
        (short(contest.ratio(own)), "times smaller".to_owned()),
        (format!("{:.4}", contest.bits(own.bytes)), "bits per byte".to_owned()),
    ];
    match contest.best_other() {
        Some(best) => {
            let against = own.bytes as f64 / best.bytes.max(1) as f64 - 1.0;
            text.push_str(&format!(
                ", {}, the smallest of {} other {} on the same bytes.",
                compared(against, &best.name),
                contest.others(),
                if contest.others() == 1 { "codec" } else { "codecs" },
            ));
            key.push((percent(against), format!("against {}", best.name)));
            if own.model > 0 {
                let with = (own.bytes + own.model) as f64 / best.bytes.max(1) as f64 - 1.0;
                text.push_str(&format!(
                    " With its model file of {} it is {}.",
                    bytes(own.model),
                    compared(with, &best.name)
                ));
                key.push((percent(with), "with the model file".to_owned()));
            }
        }
        None => text.push_str("; no other codec has figures."),
    }
    for (direction, name) in
        [(Direction::Encode, "compression"), (Direction::Decode, "decompression")]
    {
        key.push((
            format!("{} <small>MB/s</small>", short(contest.speed(own, direction))),
            format!("{name} {place}; the other codecs on one"),
        ));
    }
    format!("<p class=\"lead\">{}</p>\n{}{}", Text(&text), failures(contest), key_figures(&key))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// `12.3 % smaller than xz -9e`.
pub fn compared(against: f64, name: &str) -> String {
    if against > 9.0 {
        return format!("{} times as large as {name}", short(1.0 + against));
    }
    if against == 0.0 {
        return format!("as large as {name}");
    }
    let word = if against < 0.0 { "smaller" } else { "larger" };
    match against.abs() * 100.0 {
        little if little < 0.05 => format!("less than 0.1 % {word} than {name}"),
        percent => format!("{percent:.1} % {word} than {name}"),
    }
}

/// A number of bytes, all digits.
pub fn bytes(n: u64) -> String {
    format!("{} {}", thousands(n), if n == 1 { "byte" } else { "bytes" })
}

fn sizes_note(results: &Results) -> String {
    let model = match results.model_bytes {
        0 => "",
        _ => {
            " A model is stored once for all the files that it codes; the dashed part of a bar is its \
              file, and is cut where it would make the other bars short."
        }
    };
    format!("Every size is of a whole file that was decoded and compared byte by byte.{model}")
}

fn lost(results: &Results) -> String {
    let name = |cause| match cause {
        Cause::Float => ("Information under the network", "in floating point, as it was trained"),
        Cause::Integers => ("Integers", "what rounding the network to integers adds"),
        Cause::Predictor => (
            "Information under the predictor",
            "its cross-entropy, in the integers that it codes with",
        ),
        Cause::Columns => {
            ("Columns, as written", "whole columns by pcodec and zstd; no cross-entropy")
        }
        Cause::Payload => ("Payload", "blocks by zstd or stored; there is no predictor"),
        Cause::Coder => {
            ("Coder", "payloads beyond that: range coder, plans of blocks, blocks that zstd coded")
        }
        Cause::Container => ("Container", "headers, schema, checksums, index"),
        Cause::Model => ("Model", "the network, stored in the file"),
    };
    let line = |(cause, bits)| {
        let (what, more) = name(cause);
        let kept = [Cause::Float, Cause::Predictor, Cause::Columns, Cause::Payload];
        Line { what, more, bits, loss: !kept.contains(&cause) }
    };
    let lines: Vec<Line<'_>> = results.ledger().into_iter().map(line).collect();
    let stored = &results.stored;
    let mut html = ledger(&lines, "The file", results.bytes);
    let blocks = stored.modelled_blocks + stored.other_blocks;
    let mut remark = match stored.coding {
        Coding::Plain => "No block was coded with a predictor.".to_owned(),
        _ => format!(
            "{} of {} {} coded with the predictor.",
            stored.modelled_blocks,
            blocks,
            if blocks == 1 { "block was" } else { "blocks were" }
        ),
    };
    if stored.other_blocks > 0 && stored.coding != Coding::Plain {
        remark.push_str(" The others were smaller with zstd or as they are, so that the coder's line can be below zero.");
    }
    if results.model.is_some() && results.float_bits.is_none() {
        remark.push_str(" The network in floating point was not measured; evaluate --float does.");
    }
    html.push_str(&note(&remark));
    html
}

fn by_field(results: &Results) -> String {
    let costs: std::collections::HashMap<&str, Vec<f64>> = results
        .roles_by_field()
        .map(|roles| (roles[0].field.as_str(), roles.iter().map(|role| role.bits).collect()))
        .collect();
    // Columns are written as a whole: a share of their bytes is not the cost of a symbol.
    let whole = results.stored.coding == Coding::Columns;
    let coded: Vec<Coded<'_>> = results
        .by_field
        .iter()
        .map(|row| Coded { row, bits: costs.get(row.name.as_str()).cloned(), whole })
        .collect();
    let any = coded.iter().any(|field| field.bits.is_some());
    let sample = match results.field_bytes {
        all if all == results.bytes => "the measured bytes".to_owned(),
        some => format!("the first {} of them", bytes(some)),
    };
    explained(any, &sample) + &fields(&coded)
}

fn about(results: &Results) -> String {
    let found = results.by_field.iter().filter(|row| !row.found.is_empty()).count();
    let model = match &results.model {
        Some(path) => format!("{path}, {}", size(results.model_bytes)),
        None => "none: the built-in predictor".to_owned(),
    };
    facts([
        ("Data", format!("{}, {}", results.data, results.part)),
        ("Bytes", thousands(results.bytes)),
        ("BLAKE3", results.blake3.clone()),
        ("Records", format!("{} bytes, {} fields", results.stride, results.fields)),
        ("Found", format!("decimals, laws or closeness for {found} of {} fields", results.fields)),
        ("Model", model),
    ])
}

#[cfg(test)]
mod tests {
    use super::super::super::results::tests::example;
    use super::super::fields::tests::wide;
    use super::super::skeleton::MAX_BYTES;
    use super::*;
    use vortex_codec::evaluation::{FailedCodec, RoleRow};

    fn page(results: &Results) -> String {
        let html = evaluation(
            results,
            None,
            "on 2 threads",
            &Provenance::of("vortex evaluate", Vec::new()),
        );
        assert_eq!(html.matches("<svg").count(), html.matches("</svg>").count());
        assert!(!html.contains("NaN") && !html.contains(">inf"), "{html}");
        html
    }

    #[test]
    fn what_a_reader_should_know_first() {
        let html = page(&example());
        assert!(html.contains("jets &lt;1&gt;.bin") && !html.contains("jets <1>"));
        assert!(html.contains("20.0 % smaller than xz -9e, the smallest of 2 other codecs"));
        assert!(html.contains("With its model file of 50,000 bytes it is 10.0 % smaller"));
        assert!(html.contains("evaluate --float"));
        assert!(html.contains("Vortex ran on 2 threads, the other codecs on one thread"));
        assert!(html.contains("compression on 2 threads; the other codecs on one"));
        assert!(html.contains("without the model file"));
        assert_eq!(compared(0.0, "xz"), "as large as xz");
        assert_eq!(compared(-0.0001, "xz"), "less than 0.1 % smaller than xz");
    }

    #[test]
    fn what_is_written_as_it_is_has_no_information() {
        let mut results = example();
        for (coding, line) in [(Coding::Columns, "Columns, as written"), (Coding::Plain, "Payload")]
        {
            results.stored.coding = coding;
            let html = page(&results);
            assert!(html.contains(line) && !html.contains("Information under"), "{html}");
            assert!(coding == Coding::Plain || !html.contains("<i class"), "{html}");
        }
    }

    #[test]
    fn nobody_wins_against_failures() {
        let mut results = example();
        results.codecs.truncate(1);
        results.failed = vec![FailedCodec { name: "xz -9e".into(), reason: "<memory>".into() }];
        let html = page(&results);
        assert!(html.contains("no other codec has figures") && html.contains("&lt;memory&gt;"));
        assert!(!html.contains("smaller than"));
        results.codecs.clear();
        assert!(page(&results).contains("nothing to draw"));
    }

    #[test]
    fn nothing_at_all_makes_a_page() {
        let mut results = example();
        (results.bytes, results.field_bytes, results.cross_entropy_bits) = (0, 0, 0.0);
        results.codecs.iter_mut().for_each(|codec| codec.bytes = 0);
        (results.roles, results.by_field) = (Vec::new(), Vec::new());
        page(&results);
    }

    #[test]
    fn a_page_of_1500_fields_is_below_a_megabyte() {
        let mut results = example();
        results.by_field = wide(1500);
        let role =
            |field: &str, significance| RoleRow { field: field.into(), significance, bits: 7.5 };
        results.roles =
            results.by_field.iter().flat_map(|f| (0..8).map(|i| role(&f.name, i))).collect();
        let html = page(&results);
        assert!(html.len() < MAX_BYTES, "{}", html.len());
    }
}
