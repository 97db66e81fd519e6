//! A portal's answers and lists of files from any bytes: read or refused, and every name that is
//! read stays in its folder.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vortex_download::portal::{index_files, record_files};
use vortex_download::{Checksum, FileEntry, FileList, Listing};

fn check(files: Vec<FileEntry>) {
    for file in files {
        assert!(!file.urls.is_empty());
        assert!(!file.name.is_empty() && !file.name.starts_with('.'));
        assert!(!file.name.contains(['/', '\\', '\0', ':']));
    }
}

fuzz_target!(|data: &[u8]| {
    let listing = Listing {
        record: 1,
        portal: "https://opendata.cern.ch".into(),
        contains: String::new(),
        suffix: String::new(),
        strip: "/eos/opendata/".into(),
        indexes: Vec::new(),
    };
    if let Ok(files) = record_files("fuzz", data, &listing) {
        check(files);
    }
    if let Ok(files) = index_files("fuzz", data, &listing) {
        check(files);
    }
    if let Ok(text) = std::str::from_utf8(data) {
        if let Ok(list) = FileList::parse("fuzz", text) {
            check(list.files);
        }
        if let Ok(checksum) = text.parse::<Checksum>() {
            assert_eq!(checksum.to_string().parse(), Ok(checksum));
        }
    }
});
