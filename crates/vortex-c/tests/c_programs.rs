//! Programs in C against the library: compiled with all warnings as errors, linked with the shared
//! and with the static library, and run plainly, under valgrind and with the sanitizers of the
//! compiler.
#![allow(clippy::unwrap_used)] // helpers of tests

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use vortex_codec::{Compressor, DType, Field, Schema};
use vortex_infer::random::{Sizes, network};

/// The programs, which get the name of a folder with a model.
const PROGRAMS: [&str; 4] = ["buffers", "streams", "ranges", "models"];

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The shared and the static library, built as a user builds them.
fn libraries() -> &'static (PathBuf, PathBuf) {
    static BUILT: OnceLock<(PathBuf, PathBuf)> = OnceLock::new();
    BUILT.get_or_init(|| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args([
            "build",
            "--package",
            "vortex-c",
            "--message-format",
            "json-render-diagnostics",
        ]);
        if !cfg!(debug_assertions) {
            cargo.arg("--release");
        }
        let output = succeeds(cargo.current_dir(folder()));
        let text = String::from_utf8(output.stdout).unwrap();
        let files = text.lines().flat_map(|line| {
            let message: serde_json::Value = serde_json::from_str(line).unwrap();
            let ours = message["target"]["name"] == "vortex";
            let files = message["filenames"].as_array().filter(|_| ours).cloned();
            files.unwrap_or_default().into_iter().map(|file| PathBuf::from(file.as_str().unwrap()))
        });
        let files: Vec<PathBuf> = files.collect();
        let find = |ending: &[&str]| {
            let is = |file: &&PathBuf| {
                ending.iter().any(|ending| file.extension().is_some_and(|e| e == *ending))
            };
            files.iter().find(is).unwrap_or_else(|| panic!("no {ending:?} in {files:?}")).clone()
        };
        (find(&["so", "dylib"]), find(&["a"]))
    })
}

/// Runs a command that must succeed.
fn succeeds(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}{}",
        output.status,
        text(&output.stdout),
        text(&output.stderr)
    );
    output
}

/// How a program is linked.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Linked {
    Shared,
    Static,
    Sanitized,
}

/// Compiles a program.
fn compiled(source: &Path, linked: Linked, to: &Path) -> PathBuf {
    let (shared, of_archive) = libraries();
    let name = source.file_stem().unwrap().to_str().unwrap();
    let program = to.join(format!("{name}-{linked:?}"));
    let mut cc = Command::new(std::env::var_os("CC").unwrap_or_else(|| "cc".into()));
    cc.args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-Wpedantic", "-O1", "-g", "-pthread"]);
    if linked == Linked::Sanitized {
        cc.args(["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]);
    }
    cc.arg("-I").arg(folder().join("include")).arg(source).arg("-o").arg(&program);
    match linked {
        Linked::Static => {
            cc.arg(of_archive).args(["-lm", "-ldl"]);
        }
        Linked::Shared | Linked::Sanitized => {
            // The loader looks for the name inside the library, with its version.
            let named = to.join("libvortex.so.0");
            if !named.exists() {
                std::fs::copy(shared, &named).unwrap();
            }
            let mut path = OsString::from("-Wl,-rpath,");
            path.push(to);
            cc.arg(shared).arg(path);
        }
    }
    succeeds(&mut cc);
    program
}

fn source(name: &str) -> PathBuf {
    folder().join("tests/c").join(name).with_extension("c")
}

/// A run of a program in its own folder, without the models of this machine.
fn run(program: &Path, before: &[&str], to: &Path) -> Command {
    let words = before.iter().map(OsString::from).chain([program.into()]);
    let words: Vec<OsString> = words.collect();
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).env_remove("VORTEX_MODEL_PATH").current_dir(to);
    std::fs::write(to.join("jets.vxm"), model()).unwrap();
    std::fs::write(to.join("twins.vxc"), twins()).unwrap();
    let manifest = labelled("vortex:manifest", Schema::bytes(), b"sources: [no manifest");
    std::fs::write(to.join("manifest.vxc"), manifest).unwrap();
    command.arg(to);
    command
}

/// Two datasets of one name.
fn twins() -> Vec<u8> {
    let numbers: Vec<u8> = (100..120u32).flat_map(u32::to_le_bytes).collect();
    let schema = Schema::new(4, vec![Field::new("number", DType::U32, 0)]).unwrap();
    let head = labelled("jets", Schema::bytes(), b"a header\n");
    [head, labelled("jets", schema, &numbers)].concat()
}

/// A file with a label, which C cannot write.
fn labelled(label: &str, schema: Schema, bytes: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    Compressor::new().schema(schema).label(label).compress(bytes, &mut file).unwrap();
    file
}

/// A model file for the records of `check.h`, of a network that learned nothing.
fn model() -> Vec<u8> {
    let fields = vec![
        Field::new("pt", DType::F32, 0),
        Field::new("hits", DType::U16, 4),
        Field::new("flag", DType::U8, 6),
        Field::new("energy", DType::F64, 16),
    ];
    let sizes =
        Sizes { d_model: 16, n_heads: 2, d_ff: 32, d_head: 16, d_head_ff: 32, ..Sizes::default() };
    network(Schema::new(24, fields).unwrap(), sizes, 7).to_bytes().unwrap()
}

#[test]
fn with_the_shared_and_the_static_library() {
    let to = tempfile::tempdir().unwrap();
    for name in PROGRAMS {
        for linked in [Linked::Shared, Linked::Static] {
            let program = compiled(&source(name), linked, to.path());
            succeeds(&mut run(&program, &[], to.path()));
        }
    }
}

/// Reads and writes outside of buffers, undefined behaviour and lost memory, on the side of C.
#[test]
fn with_sanitizers() {
    let to = tempfile::tempdir().unwrap();
    for name in PROGRAMS {
        let program = compiled(&source(name), Linked::Sanitized, to.path());
        succeeds(&mut run(&program, &[], to.path()));
    }
}

/// The same on both sides, where valgrind is installed.
#[test]
fn under_valgrind() {
    if !Command::new("valgrind").arg("--version").output().is_ok_and(|o| o.status.success()) {
        eprintln!("valgrind is not installed: skipped");
        return;
    }
    let to = tempfile::tempdir().unwrap();
    for name in PROGRAMS {
        let program = compiled(&source(name), Linked::Shared, to.path());
        let valgrind = [
            "valgrind",
            "--quiet",
            "--error-exitcode=99",
            "--leak-check=full",
            // The main thread keeps what Rust knows of it, through a pointer into the middle.
            "--errors-for-leak-kinds=definite",
            "--show-leak-kinds=definite",
            "--fair-sched=yes",
        ];
        succeeds(&mut run(&program, &valgrind, to.path()));
    }
}

/// A program of C++ can include the header.
#[test]
fn the_header_in_cpp() {
    let to = tempfile::tempdir().unwrap();
    let source = to.path().join("program.cpp");
    std::fs::write(&source, "#include <vortex.h>\nint main() { return vortex_version() == 0; }\n")
        .unwrap();
    let compiler = std::env::var_os("CXX").unwrap_or_else(|| "c++".into());
    if Command::new(&compiler).arg("--version").output().is_err() {
        eprintln!("there is no compiler of C++: skipped");
        return;
    }
    let mut cpp = Command::new(compiler);
    cpp.args(["-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I"]);
    succeeds(cpp.arg(folder().join("include")).arg(&source));
}

/// The example of docs/c.md, word for word.
#[test]
fn the_documented_program() {
    let page = std::fs::read_to_string(folder().join("../../docs/c.md")).unwrap();
    let program = page.split("```c\n").nth(1).unwrap().split("```").next().unwrap();
    assert!(program.contains("int main(void)"));
    let to = tempfile::tempdir().unwrap();
    let source = to.path().join("example.c");
    std::fs::write(&source, program).unwrap();
    for linked in [Linked::Shared, Linked::Sanitized] {
        let program = compiled(&source, linked, to.path());
        let output = succeeds(&mut run(&program, &[], to.path()));
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.contains("pt of jet 1000"), "{said}");
    }
}

/// What `install.sh` installs is found by pkg-config, and programs run with it.
#[test]
fn installed() {
    if !Command::new("pkg-config").arg("--version").output().is_ok_and(|o| o.status.success()) {
        eprintln!("pkg-config is not installed: skipped");
        return;
    }
    let to = tempfile::tempdir().unwrap();
    let prefix = to.path().join("prefix");
    let (shared, of_archive) = libraries();
    let mut install = Command::new("sh");
    install.arg(folder().join("install.sh")).arg(&prefix);
    succeeds(install.env("VORTEX_LIBRARIES", shared.parent().unwrap()));
    assert_eq!(shared.parent(), of_archive.parent());
    let config = |arguments: &[&str]| {
        let mut command = Command::new("pkg-config");
        command.env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig")).args(arguments);
        let output = succeeds(command.arg("vortex"));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    assert_eq!(config(&["--modversion"]), env!("CARGO_PKG_VERSION"));
    let with_static = config(&["--cflags", "--libs", "--static"]);
    let shared = prefix.join("lib");
    let ours = |file: &PathBuf| file.to_string_lossy().contains("/libvortex.so");
    let shared_files = || {
        let files = std::fs::read_dir(&shared).unwrap().map(|file| file.unwrap().path());
        files.filter(ours).collect::<Vec<_>>()
    };
    let mut uses = vec![(config(&["--cflags", "--libs"]), true)];
    if cfg!(target_os = "linux") {
        // As docs/c.md says, with the shared library beside it.
        uses.push((with_static.replace("-lvortex", "-l:libvortex.a"), false));
        uses.push((with_static, false));
    }
    for (number, (options, is_shared)) in uses.into_iter().enumerate() {
        if number == 2 {
            assert_eq!(shared_files().len(), 3);
            shared_files().iter().for_each(|file| std::fs::remove_file(file).unwrap());
        }
        let program = to.path().join("installed");
        let mut cc = Command::new("sh");
        let words = format!(
            "cc -pthread {} -o {} {}",
            source("buffers").display(),
            program.display(),
            options
        );
        succeeds(cc.arg("-c").arg(words));
        let mut program = run(&program, &[], to.path());
        program.env_remove("LD_LIBRARY_PATH");
        if is_shared {
            let output = program.output().unwrap();
            assert!(!output.status.success(), "it does not use the shared library");
            program.env("LD_LIBRARY_PATH", &shared);
        }
        succeeds(&mut program);
    }
}
