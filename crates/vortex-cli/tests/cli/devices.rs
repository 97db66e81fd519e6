//! `--device`: the same file on every device, and errors for those that are not there.

use super::bench::{Bench, model, modelled_records};

#[test]
fn a_device_changes_no_byte() {
    let bench = Bench::new();
    bench.write("m.vxm", model());
    bench.write("data", &modelled_records(3000));
    bench.ok(&["compress", "-q", "-m", "m.vxm", "--no-mix", "-o", "plain.vxc", "data"]);
    for device in ["cpu", "auto"] {
        let out = format!("{device}.vxc");
        let words = ["--no-mix", "--device", device, "-o", &out, "data"];
        bench.ok(&[&["compress", "-q", "-m", "m.vxm"], &words[..]].concat());
        assert!(bench.read(&out) == bench.read("plain.vxc"), "{device}");
        bench.ok(&["test", "-q", "-m", "m.vxm", "--device", device, &out]);
        let back = bench.ok(&["decompress", "-m", "m.vxm", "--device", device, "-o", "-", &out]);
        assert!(back.stdout == bench.read("data"), "{device}");
    }
}

#[test]
fn devices_that_cannot_be_used_say_what_to_do() {
    let bench = Bench::new();
    bench.write("m.vxm", model());
    bench.write("data", &modelled_records(100));
    for (device, feature, built) in [
        ("vulkan:99", "--features vulkan", cfg!(feature = "vulkan")),
        ("cuda:99", "--features cuda", cfg!(feature = "cuda")),
        ("rocm:99", "--features rocm", cfg!(feature = "rocm")),
    ] {
        let advice = if built { "--device cpu" } else { feature };
        bench.fails(&["compress", "-m", "m.vxm", "--device", device, "data"], &[device, advice]);
        bench.fails(&["selftest", "--device", device], &[device, advice]);
    }
    let output = bench.vortex(&["compress", "--device", "tpu", "data"]).assert().code(2);
    let text = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert!(text.contains("vulkan:N"), "{text}");
    // Without a model nothing runs on a device, so that none is opened.
    bench.ok(&["compress", "-q", "--device", "vulkan:99", "data"]);
}

#[test]
fn every_instruction_set_of_this_processor_passes_the_self_test() {
    let bench = Bench::new();
    let text = String::from_utf8(bench.ok(&["selftest", "--bytes", "8KiB"]).stdout).unwrap();
    let sets = text.lines().filter(|line| line.contains("equal to the CPU (portable)")).count();
    assert!(sets >= 1 && text.contains("CPU (portable): "), "{text}");
    assert!(text.matches("decoded at").count() == 2 * sets, "{text}");
}
