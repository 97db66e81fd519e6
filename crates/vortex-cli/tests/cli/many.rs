//! Files of a list, in shards: all are made once, a second run skips them, and failures are told.

use std::path::Path;

use serde_json::Value;

use super::bench::{Bench, STRIDE, records};

/// Seven files of records, and their list.
fn seven() -> Bench {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("run")).unwrap();
    let mut list = String::new();
    for n in 0..7 {
        bench.write(&format!("run/{n}.bin"), &records(STRIDE * (100 + n) + n));
        list += &format!("{{\"input\": \"run/{n}.bin\"}}\n");
    }
    bench.write("files.jsonl", list.as_bytes());
    bench
}

fn report(bench: &Bench, name: &str) -> Value {
    serde_json::from_slice(&bench.read(name)).unwrap()
}

/// The numbers of files that are done, skipped and failed, which must be those of the list.
fn counts(report: &Value) -> [u64; 3] {
    let files = report["files"].as_array().unwrap();
    ["done", "skipped", "failed"].map(|state| {
        let n = files.iter().filter(|file| file["state"] == state).count() as u64;
        assert_eq!(report[state].as_u64().unwrap(), n, "{state}");
        n
    })
}

fn inputs(report: &Value) -> Vec<&str> {
    let files = report["files"].as_array().unwrap();
    files.iter().map(|file| file["input"].as_str().unwrap()).collect()
}

fn hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_string()
}

/// Runs a whole list; it must end with this exit status.
fn run(bench: &Bench, extra: &[&str], code: i32) -> String {
    let arguments = [&["compress", "-2", "--manifest", "files.jsonl"][..], extra].concat();
    let output = bench.vortex(&arguments).assert().code(code).get_output().clone();
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn three_shards_at_once_make_all_files_and_a_second_run_skips_them() {
    let bench = seven();
    let shards = ["1/3", "2/3", "3/3"];
    std::thread::scope(|scope| {
        for shard in shards {
            let bench = &bench;
            scope.spawn(move || run(bench, &["-q", "--shard", shard], 0));
        }
    });
    let reports: Vec<Value> =
        (1..=3).map(|i| report(&bench, &format!("files.jsonl.{i}-of-3.report.json"))).collect();
    assert_eq!(inputs(&reports[0]), ["run/0.bin", "run/3.bin", "run/6.bin"]);
    assert_eq!(inputs(&reports[1]), ["run/1.bin", "run/4.bin"]);
    assert_eq!(inputs(&reports[2]), ["run/2.bin", "run/5.bin"]);
    for (report, shard) in reports.iter().zip(shards) {
        assert_eq!((&report["version"], &report["shard"]), (&1.into(), &shard.into()));
        let n = inputs(report).len() as u64;
        assert_eq!(counts(report), [n, 0, 0]);
        for file in report["files"].as_array().unwrap() {
            let (input, output) =
                (file["input"].as_str().unwrap(), file["output"].as_str().unwrap());
            assert_eq!(output, format!("{input}.vxc"));
            let (original, packed) = (bench.read(input), bench.read(output));
            assert_eq!(file["input_bytes"], original.len());
            assert_eq!(file["output_bytes"], packed.len());
            assert_eq!(file["input_blake3"], hash(&original));
            assert_eq!(file["output_blake3"], hash(&packed));
            assert!(file["seconds"].as_f64().unwrap() >= 0.0 && file.get("error").is_none());
            assert!(bench.ok(&["decompress", "-q", "-o", "-", output]).stdout == original);
        }
    }
    // One run over the whole list, with other options: nothing is made again.
    let packed = bench.read("run/3.bin.vxc");
    let modified = |name: &str| std::fs::metadata(bench.path(name)).unwrap().modified().unwrap();
    let before = modified("run/3.bin.vxc");
    for extra in [&[][..], &["-f"]] {
        let told = run(&bench, extra, 0);
        assert!(told.contains("files.jsonl: 0 done, 7 skipped, 0 failed"), "{told}");
        let report = report(&bench, "files.jsonl.report.json");
        assert!(counts(&report) == [0, 7, 0] && report["shard"].is_null());
        assert_eq!(report["files"][3]["input_blake3"], hash(&bench.read("run/3.bin")));
        assert_eq!(report["files"][3]["output_blake3"], hash(&packed));
    }
    assert!(bench.read("run/3.bin.vxc") == packed && modified("run/3.bin.vxc") == before);
}

#[test]
fn a_damaged_output_is_told_and_made_again_with_force() {
    let bench = seven();
    run(&bench, &["-q"], 0);
    let whole = bench.read("run/2.bin.vxc");
    let mut damaged = whole.clone();
    damaged[whole.len() / 2] ^= 1;
    bench.write("run/2.bin.vxc", &damaged);
    bench.write("run/5.bin", &records(STRIDE * 50));
    bench.write("run/6.bin.vxc", b"mine");
    let told = run(&bench, &["-q"], 1);
    for words in
        ["vortex: run/2.bin: run/2.bin.vxc: exists already, and is damaged (", "use -f to replace"]
    {
        assert!(told.contains(words), "{told}");
    }
    assert!(told.contains("run/5.bin.vxc: exists already, and holds 2525 bytes"), "{told}");
    assert!(told.contains("run/6.bin.vxc: exists already, and is not a .vxc file"), "{told}");
    assert!(told.ends_with("0 done, 4 skipped, 3 failed => files.jsonl.report.json\n"), "{told}");
    assert_eq!(counts(&report(&bench, "files.jsonl.report.json")), [0, 4, 3]);
    assert_eq!(bench.read("run/6.bin.vxc"), b"mine");
    run(&bench, &["-q", "-f"], 0);
    assert_eq!(counts(&report(&bench, "files.jsonl.report.json")), [3, 4, 0]);
    assert!(bench.read("run/2.bin.vxc") == whole);
    for n in [5, 6] {
        let back = bench.ok(&["decompress", "-q", "-o", "-", &format!("run/{n}.bin.vxc")]);
        assert!(back.stdout == bench.read(&format!("run/{n}.bin")));
    }
}

#[test]
fn a_missing_input_fails_alone() {
    let bench = seven();
    std::fs::remove_file(bench.path("run/1.bin")).unwrap();
    std::fs::remove_file(bench.path("run/4.bin")).unwrap();
    std::fs::create_dir(bench.path("run/4.bin")).unwrap();
    let told = run(&bench, &["-q"], 1);
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 3, "{told}");
    assert!(
        lines[0].starts_with("vortex: run/1.bin: ") && lines[0].ends_with("check the name"),
        "{told}"
    );
    assert_eq!(lines[1], "vortex: run/4.bin: is not a regular file");
    assert!(lines[2].starts_with("vortex: files.jsonl: 5 done, 0 skipped, 2 failed => "));
    let failed = report(&bench, "files.jsonl.report.json");
    assert_eq!(counts(&failed), [5, 0, 2]);
    assert!(
        format!("vortex: run/1.bin: {}", failed["files"][1]["error"].as_str().unwrap()) == lines[0]
    );
    assert!(failed["files"][1]["input_blake3"].is_null());
    // It arrives, and the next run makes what is missing.
    std::fs::remove_dir(bench.path("run/4.bin")).unwrap();
    bench.write("run/4.bin", b"late");
    bench.write("run/1.bin", b"later");
    run(&bench, &["-q"], 0);
    assert_eq!(counts(&report(&bench, "files.jsonl.report.json")), [2, 5, 0]);
}

#[test]
fn outputs_and_the_report_go_where_they_are_sent() {
    let bench = seven();
    std::fs::create_dir_all(bench.path("lists/out")).unwrap();
    std::fs::create_dir(bench.path("packed")).unwrap();
    bench.write(
        "lists/l.jsonl",
        b"{\"input\": \"../run/0.bin\"}\n\n{\"input\": \"../run/1.bin\", \"output\": \"out/one\", \"id\": 1}",
    );
    let list = ["compress", "-q", "-2", "--manifest", "lists/l.jsonl"];
    bench.ok(&[&list[..], &["-o", "packed", "--json", "r.json", "--shard", "1/1"]].concat());
    assert_eq!(
        bench.ok(&["decompress", "-q", "-o", "-", "lists/out/one"]).stdout,
        bench.read("run/1.bin")
    );
    let report = report(&bench, "r.json");
    assert_eq!(report["files"][1]["output"], "out/one");
    let output = Path::new(report["files"][0]["output"].as_str().unwrap());
    assert!(output.is_absolute() && output.ends_with("packed/0.bin.vxc") && output.exists());
    // The reports of other shards, and other files, are kept.
    for (extra, words) in [
        (["--json", "r.json", "--shard", "1/2"], "shard 1/1, not of shard 1/2"),
        (["--json", "run/0.bin", "--shard", "1/2"], "is not a report"),
    ] {
        bench.fails(&[&list[..], &extra].concat(), &[words, "use -f to replace it"]);
    }
    // An empty shard.
    bench.ok(&[&list[..], &["--shard", "3/3"]].concat());
    assert_eq!(bench.read("run/0.bin"), records(STRIDE * 100));
}

#[test]
fn wrong_lists_and_shards() {
    let bench = seven();
    bench.write("bad.jsonl", b"{\"input\": \"run/0.bin\"}\n{\"file\": \"run/1.bin\"}\n");
    bench.fails(
        &["compress", "--manifest", "bad.jsonl"],
        &["bad.jsonl: line 2: column 21: missing field `input`; write {\"input\""],
    );
    bench.write("same.jsonl", b"{\"input\": \"run/0.bin\"}\n{\"input\": \"./run/0.bin\"}\n");
    bench.fails(
        &["compress", "--manifest", "same.jsonl", "--shard", "1/2"],
        &["same.jsonl: line 2: its output is that of line 1 too"],
    );
    bench.fails(&["compress", "--manifest", "none.jsonl"], &["none.jsonl", "check the name"]);
    let list = ["compress", "--manifest", "files.jsonl"];
    for (extra, words) in [
        (&["--shard", "4/3"][..], "1 to 3 are possible"),
        (&["--shard", "0/3"], "1 to 3 are possible"),
        (&["--shard", "1/0"], "at least 1 shard"),
        (&["--shard", "3"], "such as 3/100"),
        (&["-o", "nowhere"], "mkdir -p nowhere"),
        (&["-o", "-"], "existing folder"),
        (&["run/0.bin"], "cannot be used with"),
    ] {
        let output =
            bench.vortex(&[&list[..], extra].concat()).assert().code(2).get_output().clone();
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains(words), "{extra:?}: {told}");
    }
    bench.vortex(&["compress", "--shard", "1/3", "run/0.bin"]).assert().code(2);
    assert_eq!(bench.names(), ["bad.jsonl", "files.jsonl", "run", "same.jsonl"]);
}

#[test]
#[cfg(unix)]
fn a_run_that_is_killed_or_stopped_is_finished_by_the_next() {
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    for signal in ["-KILL", "-TERM"] {
        let bench = Bench::new();
        std::fs::create_dir(bench.path("run")).unwrap();
        bench.write("run/0.bin", &records(STRIDE * 100));
        bench.write("run/1.bin", &records(16 << 20));
        let first = "{\"input\": \"run/0.bin\"}\n";
        bench.write("files.jsonl", first.as_bytes());
        run(&bench, &["-q"], 0);
        assert_eq!(counts(&report(&bench, "files.jsonl.report.json")), [1, 0, 0]);
        let more = "{\"input\": \"run/1.bin\"}\n{\"input\": \"run/0.bin\", \"output\": \"x\"}";
        bench.write("files.jsonl", [first, more].concat().as_bytes());
        // A report of an earlier run does not outlive the run that is killed.
        let mut child = Command::new(assert_cmd::cargo_bin!("vortex"))
            .args(["compress", "-q", "-T1", "--manifest", "files.jsonl"])
            .current_dir(bench.folder())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let temporary = || {
            let entries = std::fs::read_dir(bench.path("run")).unwrap();
            let names = entries.map(|e| e.unwrap().file_name().into_string().unwrap());
            names.filter(|n| n.starts_with(".1.bin.vxc.")).collect::<Vec<_>>()
        };
        let start = Instant::now();
        while temporary().is_empty() {
            assert!(start.elapsed() < Duration::from_secs(60), "waited too long");
            std::thread::sleep(Duration::from_millis(2));
        }
        assert!(!bench.path("files.jsonl.report.json").exists());
        let id = child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        let status = child.wait().unwrap();
        assert_eq!(status.code(), if signal == "-TERM" { Some(130) } else { None });
        assert!(bench.path("run/0.bin.vxc").exists() && !bench.path("run/1.bin.vxc").exists());
        // Only a killed program could not remove its temporary file.
        assert_eq!(temporary().len(), usize::from(signal == "-KILL"));
        run(&bench, &["-q"], 0);
        assert_eq!(counts(&report(&bench, "files.jsonl.report.json")), [2, 1, 0]);
        let back = bench.ok(&["decompress", "-q", "-o", "-", "run/1.bin.vxc"]);
        assert!(back.stdout == bench.read("run/1.bin"));
    }
}

#[test]
fn datasets_of_many_files() {
    let bench = Bench::new();
    let mut list = String::new();
    for n in 0..2 {
        let mut npy =
            b"\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': False, 'shape': (600,), }"
                .to_vec();
        npy.resize(127, b' ');
        npy.push(b'\n');
        npy.extend(&records(2400));
        npy[200 + n] ^= 1;
        bench.write(&format!("{n}.npy"), &npy);
        list += &format!("{{\"input\": \"{n}.npy\"}}\n");
    }
    bench.write("files.jsonl", list.as_bytes());
    let state = |expected| {
        run(&bench, &["-q", "--datasets"], 0);
        let report = report(&bench, "files.jsonl.report.json");
        assert_eq!(counts(&report), expected);
        assert_eq!(report["files"][1]["input_blake3"], hash(&bench.read("1.npy")));
    };
    state([2, 0, 0]);
    state([0, 2, 0]);
    // The bytes of the files are not in these outputs, so they are not skipped without --datasets.
    let told = run(&bench, &["-q"], 1);
    assert!(
        told.contains("exists already, and holds the values of a file, not its bytes"),
        "{told}"
    );
    // The archive of another file.
    std::fs::copy(bench.path("0.npy.vxc"), bench.path("1.npy.vxc")).unwrap();
    let told = run(&bench, &["-q", "--datasets"], 1);
    assert!(told.contains("1.npy.vxc: exists already, and holds other bytes"), "{told}");
}

#[test]
fn parts_that_were_made_in_shards_form_one_file() {
    let bench = Bench::new();
    let whole = records(STRIDE * 3000 + 5);
    let mut list = String::new();
    for (n, part) in whole.chunks(STRIDE * 1000).enumerate() {
        bench.write(&format!("part.{n:04}"), part);
        list += &format!("{{\"input\": \"part.{n:04}\"}}\n");
    }
    bench.write("s.schema.yaml", super::bench::SCHEMA.as_bytes());
    bench.write("files.jsonl", list.as_bytes());
    for shard in ["1/2", "2/2"] {
        run(&bench, &["-q", "--schema", "s.schema.yaml", "--shard", shard], 0);
    }
    let parts = (0..4).map(|n| bench.read(&format!("part.{n:04}.vxc")));
    bench.write("events.bin.vxc", &parts.collect::<Vec<_>>().concat());
    bench.ok(&["test", "-q", "events.bin.vxc"]);
    bench.ok(&["decompress", "-q", "-o", "back.bin", "events.bin.vxc"]);
    assert!(bench.read("back.bin") == whole);
    // One table, over the borders of the parts.
    let rows = ["decompress", "-q", "-o", "-", "--records", "990:2010", "events.bin.vxc"];
    assert!(bench.ok(&rows).stdout == whole[STRIDE * 990..STRIDE * 2010]);
}

/// The lines of a block of docs/many_files.md which holds `name`.
fn example(name: &str) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/many_files.md");
    let text = std::fs::read_to_string(page).unwrap();
    let block = text.split("\n```").find(|block| block.contains(&format!("\n# {name}\n")));
    block.unwrap().split_once('\n').unwrap().1.to_owned()
}

#[test]
#[cfg(unix)]
fn the_scripts_of_the_page_run_every_shard() {
    let bench = seven();
    let program = Path::new(assert_cmd::cargo_bin!("vortex"));
    let path = std::env::join_paths(
        [program.parent().unwrap().to_owned()]
            .into_iter()
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    )
    .unwrap();
    // Slurm: what sbatch would set.
    let script = bench.write("shards.sh", example("shards.sh").as_bytes());
    for task in ["1", "7"] {
        let mut command = assert_cmd::Command::new("bash");
        command.arg(&script).current_dir(bench.folder()).env("PATH", &path);
        command.env("SLURM_ARRAY_TASK_ID", task).env("SLURM_CPUS_PER_TASK", "1").assert().success();
        assert_eq!(
            counts(&report(&bench, &format!("files.jsonl.{task}-of-100.report.json"))),
            [1, 0, 0]
        );
    }
    assert!(bench.path("run/0.bin.vxc").exists() && bench.path("run/6.bin.vxc").exists());
    assert!(!bench.path("run/1.bin.vxc").exists());
    // HTCondor: the arguments of job 1, which runs shard 2.
    let submit = example("shards.sub");
    assert!(submit.contains("\nshard                 = $(Process) + 1\n"));
    let line = submit.lines().find(|line| line.starts_with("arguments")).unwrap();
    let arguments = line.split('"').nth(1).unwrap().replace("$INT(shard)", "2");
    bench.ok(&arguments.split_whitespace().collect::<Vec<_>>());
    assert!(bench.path("run/1.bin.vxc").exists());
    // Snakemake: the command of shard 3.
    let rules = example("Snakefile");
    let line = rules.lines().find(|line| line.contains("vortex compress")).unwrap();
    let command = [("{threads}", "1"), ("{input}", "files.jsonl"), ("{wildcards.shard}", "3")]
        .into_iter()
        .chain([("{SHARDS}", "100"), ("{output}", "3.json"), ("{log}", "3.txt")])
        .fold(line.trim().trim_matches('"').to_owned(), |line, (from, to)| line.replace(from, to));
    let mut shell = assert_cmd::Command::new("bash");
    shell.args(["-c", &command]).current_dir(bench.folder()).env("PATH", &path).assert().success();
    assert_eq!(counts(&report(&bench, "3.json")), [1, 0, 0]);
}
