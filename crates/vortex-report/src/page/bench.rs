//! The page of a bench: all files together, then each file.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use vortex_codec::bench::Times;

use super::super::bench::Measured;
use super::super::table::thousands;
use super::bars::{failures, sizes};
use super::contest::{Contest, Direction, Entry};
use super::escape::Text;
use super::evaluation::{bytes, compared, speeds};
use super::numbers::{percent, short};
use super::provenance::Provenance;
use super::skeleton::{Page, absent, key_figures, note};

/// Bytes of the sections of files; later files have no charts.
const BUDGET: usize = 800_000;

/// The page. `failed`: files that could not be measured; `threads`: those of Vortex.
pub fn bench(files: &[Measured], failed: usize, threads: usize, provenance: &Provenance) -> String {
    let title = match files {
        [one] => one.file.clone(),
        several => format!("{} files", several.len()),
    };
    let mut page = Page::new("Bench", title);
    let contests: Vec<Contest> = files.iter().map(Contest::of_measured).collect();
    let absent = absent(failed, "measured");
    if let ([file], [contest]) = (files, &contests[..]) {
        page.lead(&(lead(file, contest) + &failures(contest) + &absent + &key(contest)));
        page.section("Ratio against speed", speeds(contest, "0"));
        page.section("Sizes", sizes(contest) + &note(COMPARED));
    } else {
        let mean = mean(&contests);
        page.lead(&(lead_of_all(&contests, &mean) + &absent));
        if !mean.entries.is_empty() {
            page.section(
                "All files together",
                speeds(&mean, "m")
                    + &sizes(&mean)
                    + &note(
                        "Geometric means over all files of ratio and speed; bytes are those of the sum of all files at the mean \
                         ratio. A codec that failed on a file is left out, and so are empty files.",
                    ),
            );
        }
        let mut left = 0;
        for (n, (file, contest)) in files.iter().zip(&contests).enumerate() {
            let body = lead(file, contest)
                + &failures(contest)
                + &speeds(contest, &n.to_string())
                + &sizes(contest);
            if page.len() + body.len() > BUDGET {
                left += 1;
                continue;
            }
            page.section(&file.file, body);
        }
        if left > 0 {
            page.section(
                "More files",
                note(&format!("{left} more files have no room on this page; --json and --csv have all figures.")),
            );
        }
    }
    let plural = if threads == 1 { "thread" } else { "threads" };
    page.section(
        "How to read this",
        note(&format!(
            "Vortex ran without a model, on {threads} {plural}; the other codecs on one. Every codec ran in a process of its own \
             where that was possible. Speeds are medians; ± is half of the spread between the slowest and the fastest run. Memory \
             is the most beyond the data, both directions."
        )),
    );
    page.finish(provenance)
}

const COMPARED: &str = "Every size is of a whole file that was decoded and compared byte by byte.";

fn lead(file: &Measured, contest: &Contest) -> String {
    let records = match file.stride {
        1 => "no records".to_owned(),
        stride => {
            format!("records of {stride} bytes with {} fields", thousands(file.fields as u64))
        }
    };
    let mut text = format!("{}: {}, {records}.", file.file, bytes(file.bytes));
    match (contest.best_own(), contest.best_other()) {
        (Some(own), Some(other)) => {
            let against = own.bytes as f64 / other.bytes.max(1) as f64 - 1.0;
            let _ = write!(
                text,
                " The smallest file of Vortex ({}) is {}, the smallest of {} others.",
                own.name,
                compared(against, &other.name),
                contest.others()
            );
        }
        (Some(own), None) => {
            let _ = write!(
                text,
                " {} needs {}; no other codec has figures.",
                own.name,
                bytes(own.bytes)
            );
        }
        _ => text.push_str(" Vortex has no figures."),
    }
    format!("<p class=\"lead\">{}</p>\n", Text(&text))
}

fn key(contest: &Contest) -> String {
    let mut key = Vec::new();
    if let Some(own) = contest.best_own() {
        key.push((short(contest.ratio(own)), format!("times smaller, {}", own.name)));
        if let Some(other) = contest.best_other() {
            key.push((
                percent(own.bytes as f64 / other.bytes.max(1) as f64 - 1.0),
                format!("against {}", other.name),
            ));
        }
    }
    let ours = || contest.entries.iter().filter(|entry| entry.ours);
    for (direction, name) in
        [(Direction::Encode, "compression"), (Direction::Decode, "decompression")]
    {
        let speed = |entry: &&Entry| contest.speed(entry, direction);
        if let Some(fastest) = ours().max_by(|a, b| speed(a).total_cmp(&speed(b))) {
            let figure = format!("{} <small>MB/s</small>", short(speed(&fastest)));
            key.push((figure, format!("fastest {name}, {}", fastest.name)));
        }
    }
    if key.is_empty() { String::new() } else { key_figures(&key) }
}

fn lead_of_all(contests: &[Contest], mean: &Contest) -> String {
    let total = contests.iter().map(|contest| contest.original).sum();
    let mut text = format!("{} files with {}.", contests.len(), bytes(total));
    if let (Some(own), Some(other)) = (mean.best_own(), mean.best_other()) {
        let against = own.bytes as f64 / other.bytes.max(1) as f64 - 1.0;
        let _ = write!(
            text,
            " In geometric mean the smallest files of Vortex ({}) are {}, the smallest of {} others.",
            own.name,
            compared(against, &other.name),
            mean.others()
        );
    }
    format!("<p class=\"lead\">{}</p>\n{}", Text(&text), key(mean))
}

/// Each codec over all files, as if they were one file: geometric means of ratio and speeds. Codecs
/// that failed on a file are left out, and so are empty files, which have no ratio.
fn mean(contests: &[Contest]) -> Contest {
    let original: u64 = contests.iter().map(|contest| contest.original).sum();
    let mut all: BTreeMap<&str, Vec<(&Contest, &Entry)>> = BTreeMap::new();
    let full: Vec<&Contest> = contests.iter().filter(|contest| contest.original > 0).collect();
    for &contest in &full {
        for entry in &contest.entries {
            all.entry(&entry.name).or_default().push((contest, entry));
        }
    }
    let of = |figures: &Vec<(&Contest, &Entry)>| {
        let mean = |f: &dyn Fn(&Contest, &Entry) -> f64| {
            let logs = figures.iter().map(|(contest, entry)| f(contest, entry).max(1e-9).ln());
            (logs.sum::<f64>() / figures.len() as f64).exp()
        };
        let times = |direction| {
            let seconds = original as f64 / 1e6 / mean(&|c, e| c.speed(e, direction));
            Times { median: seconds, least: seconds, most: seconds, runs: 0 }
        };
        let first = figures[0].1;
        Entry {
            bytes: (original as f64 / mean(&|c, e| c.ratio(e))).round() as u64,
            encode: times(Direction::Encode),
            decode: times(Direction::Decode),
            memory: figures.iter().map(|(_, entry)| entry.memory).max().flatten(),
            ..first.clone()
        }
    };
    let everywhere = all.values().filter(|figures| figures.len() == full.len());
    let mut entries: Vec<Entry> = everywhere.map(of).collect();
    entries.sort_by_key(|entry| entry.bytes);
    Contest { original, files: full.len(), entries, failed: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::super::super::bench::tests::example;
    use super::super::skeleton::MAX_BYTES;
    use super::*;

    fn page(files: &[Measured]) -> String {
        let html = bench(files, 2, 1, &Provenance::of("vortex bench", Vec::new()));
        assert!(!html.contains("NaN") && !html.contains(">inf"), "{html}");
        html
    }

    #[test]
    fn one_file_and_several() {
        let rows =
            [("vortex -5", 200_000), ("vortex -1", 240_000), ("xz -9e", 250_000), ("lz4", 0)];
        let one = page(&[example("a<b", &rows)]);
        assert!(
            one.contains("(vortex -5) is 20.0 % smaller than xz -9e, the smallest of 1 others"),
            "{one}"
        );
        assert!(one.contains("a&lt;b") && one.contains("One codec did not give back"));
        let rows = [("vortex -5", 800_000), ("xz -9e", 500_000), ("lz4", 900_000)];
        let two = page(&[
            example("a", &[("vortex -5", 200_000), ("xz -9e", 500_000), ("lz4", 0)]),
            example("b", &rows),
        ]);
        // Means of 5 and 1.25, and of 2 and 2; lz4 failed once.
        assert!(
            two.contains("(vortex -5) are 20.0 % smaller than xz -9e, the smallest of 1 others"),
            "{two}"
        );
        assert!(two.contains("is 60.0 % larger than xz -9e"), "{two}");
        assert!(
            two.contains("MB/s, mean of 2 files") && two.contains("2 files could not be measured")
        );
    }

    #[test]
    fn empty_files_do_not_change_the_means() {
        let rows = [("vortex -5", 200_000), ("xz -9e", 400_000)];
        let empty = Measured { bytes: 0, ..example("empty", &[("vortex -5", 60), ("xz -9e", 32)]) };
        let contests = [example("a", &rows), empty, example("b", &rows)];
        let mean = mean(&contests.each_ref().map(Contest::of_measured));
        assert_eq!((mean.files, mean.ratio(&mean.entries[0]).round()), (2, 5.0));
    }

    #[test]
    fn if_all_fail_nobody_wins() {
        for rows in [
            &[("vortex -5", 9), ("xz", 0)][..],
            &[("vortex -5", 0), ("xz", 9)],
            &[("vortex -5", 0), ("xz", 0)],
            &[],
        ] {
            let html = page(&[example("a", rows)]);
            assert!(!html.contains("smaller than") && !html.contains("larger than"), "{html}");
            page(&[example("a", rows), example("b", rows)]);
        }
    }

    #[test]
    fn many_files_stay_below_a_megabyte() {
        let names: Vec<String> = (0..26).map(|i| format!("codec -{i}")).collect();
        let rows: Vec<(&str, u64)> =
            names.iter().zip(1..).map(|(n, i)| (n.as_str(), 9000 * i)).collect();
        let files: Vec<Measured> = (0..200).map(|i| example(&format!("file {i}"), &rows)).collect();
        let html = page(&files);
        assert!(
            html.len() < MAX_BYTES && html.contains("more files have no room"),
            "{}",
            html.len()
        );
    }
}
