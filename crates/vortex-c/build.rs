//! Gives the shared library the name under which the loader finds it.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Programs that were linked with one version run with all that have the same number here.
    match std::env::var("CARGO_CFG_TARGET_OS").as_deref() {
        Ok("linux" | "freebsd" | "netbsd" | "openbsd") => {
            println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libvortex.so.0");
        }
        Ok("macos") => {
            println!("cargo::rustc-cdylib-link-arg=-Wl,-install_name,@rpath/libvortex.0.dylib");
        }
        _ => {}
    }
}
