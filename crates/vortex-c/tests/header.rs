//! `include/vortex.h` is what cbindgen makes of the sources; `UPDATE_HEADER=1 cargo test -p
//! vortex-c` rewrites it.

use std::path::Path;

#[test]
fn the_header_is_up_to_date() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(folder.join("cbindgen.toml")).unwrap();
    // The order of a reader, not that of the modules.
    let mut sources = cbindgen::Builder::new().with_config(config);
    for name in [
        "version",
        "code",
        "fields",
        "callback",
        "model",
        "compressor",
        "writer",
        "decompressor",
        "reader",
        "file",
    ] {
        sources = sources.with_src(folder.join("src").join(name).with_extension("rs"));
    }
    let mut text = Vec::new();
    sources.generate().unwrap().write(&mut text);
    let text = String::from_utf8(text).unwrap();
    let path = folder.join("include/vortex.h");
    if std::env::var_os("UPDATE_HEADER").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        text == written,
        "the sources changed; write the header with: UPDATE_HEADER=1 cargo test --release -p vortex-c"
    );
}
