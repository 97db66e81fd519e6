use std::ops::ControlFlow;

use super::*;

/// A header of cards, padded.
fn header(cards: &[&str]) -> Vec<u8> {
    let mut text: String = cards.iter().chain(&["END"]).map(|card| format!("{card:<80}")).collect();
    text.push_str(&" ".repeat(text.len().next_multiple_of(2880) - text.len()));
    text.into_bytes()
}

fn padded(mut data: Vec<u8>) -> Vec<u8> {
    data.resize(data.len().next_multiple_of(2880), 0);
    data
}

/// An image of 3 x 5 int16, a table of 4 rows with a heap of 6 bytes, a text table.
fn example() -> Vec<u8> {
    let image = [
        header(&[
            "SIMPLE  =                    T / conforms",
            "BITPIX  =                   16",
            "NAXIS   =                    2",
            "NAXIS1  =                    5",
            "NAXIS2  =                    3",
            "BITPIX  =                   64 / a second card does not count",
        ]),
        padded((0..30).collect()),
    ];
    let table = [
        header(&[
            "XTENSION= 'BINTABLE'",
            "BITPIX  =                    8",
            "NAXIS   =                    2",
            "NAXIS1  =                   23",
            "NAXIS2  =                    4",
            "PCOUNT  =                    6",
            "GCOUNT  =                    1",
            "TFIELDS =                    5",
            "EXTNAME = 'it''s / a table' / with a comment",
            "TTYPE1  = 'flux'",
            "TFORM1  = 'E'",
            "TTYPE2  = 'flags'",
            "TFORM2  = '9X'",
            "TTYPE3  = 'id'",
            "TFORM3  = '1K'",
            "TTYPE4  = 'flux'",
            "TFORM4  = '2I'",
            "TFORM5  = '5A'",
        ]),
        padded((0..98).collect()),
    ];
    let text = [
        header(&[
            "XTENSION= 'TABLE   '",
            "BITPIX  =                    8",
            "NAXIS   =                    2",
            "NAXIS1  =                   10",
            "NAXIS2  =                    2",
        ]),
        b"0123456789abcdefghij".to_vec(),
    ];
    [image.concat(), table.concat(), text.concat()].concat()
}

fn open(bytes: &[u8]) -> Result<(FitsSource, Vec<u8>)> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.fits");
    std::fs::write(&path, bytes).unwrap();
    let source = FitsSource::open(&path)?;
    let mut all = Vec::new();
    for dataset in 0..source.datasets().len() {
        source.stream(dataset, &mut |piece| {
            all.extend_from_slice(piece);
            Ok(ControlFlow::Continue(()))
        })?;
    }
    Ok((source, all))
}

#[test]
fn images_and_tables_are_records_and_the_datasets_are_the_file() {
    let file = example();
    let (source, all) = open(&file).unwrap();
    assert!(all == file);
    let names: Vec<&str> = source.datasets().iter().map(|d| d.name.as_str()).collect();
    // A slash would be a folder, so the name of the table is its number.
    assert_eq!(names, ["(header)", "primary", "(bytes 2)", "unit 1", "(bytes 4)"]);
    let image = &source.datasets()[1];
    assert_eq!((image.shape.as_slice(), image.n_records), (&[3, 5][..], 3));
    let field = &image.schema.fields()[4];
    assert_eq!((field.dtype, field.big_endian, image.schema.stride()), (DType::I16, true, 10));
    let table = &source.datasets()[3];
    assert_eq!((table.n_records, table.schema.stride()), (4, 23));
    let fields: Vec<(&str, DType, u32)> =
        table.schema.fields().iter().map(|f| (f.name.as_str(), f.dtype, f.offset)).collect();
    assert_eq!(
        fields[..3],
        [("flux", DType::F32, 0), ("flags[0]", DType::U8, 4), ("flags[1]", DType::U8, 5)]
    );
    assert_eq!(
        fields[3..6],
        [("id", DType::I64, 6), ("flux[0]", DType::I16, 14), ("flux[1]", DType::I16, 16)]
    );
    assert_eq!(fields[6], ("column 5[0]", DType::U8, 18));
}

#[test]
fn what_contradicts_itself_is_read_as_bytes_or_refused() {
    let file = example();
    for cut in (0..file.len()).step_by(97) {
        if let Ok((_, all)) = open(&file[..cut]) {
            assert!(all == file[..cut], "{cut}");
        }
    }
    let change = |from: &str, to: &str| {
        let text = file.iter().map(|byte| char::from(*byte)).collect::<String>();
        assert!(text.contains(from));
        text.replacen(from, to, 1).chars().map(|c| c as u8).collect::<Vec<u8>>()
    };
    // Columns that are wider than the row, or of no known kind: rows of bytes.
    for (from, to) in [("'2I'", "'9I'"), ("'9X'", "'9Z'"), ("TFIELDS =  ", "TFIELDS = 9")] {
        let (source, all) = open(&change(from, to)).unwrap();
        let table = &source.datasets()[3];
        assert_eq!(
            (all.len(), table.n_records, table.schema.stride()),
            (file.len(), 4, 23),
            "{to}"
        );
        assert!(table.schema.fields().iter().all(|field| field.dtype == DType::U8));
    }
    // Several groups: bytes, all of them. Two units of one name, which looks like that of bytes.
    for (from, to) in [
        ("GCOUNT  =                    1", "GCOUNT  =                    9"),
        ("BITPIX  =                   64", "GCOUNT  =                    2"),
        ("'it''s / a table'", "'(bytes 4)'      "),
        ("'it''s / a table'", "'primary'        "),
    ] {
        let (source, all) = open(&change(from, to)).unwrap();
        assert!(all == change(from, to), "{to}");
        let mut names: Vec<&str> = source.datasets().iter().map(|d| d.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), source.datasets().len(), "{to}");
    }
    let lie = |n: &str| format!("NAXIS2  =  {n:>19}");
    for n in ["-1", "99999999999", "9223372036854775807", "x"] {
        let refused = open(&change("NAXIS2  =                    3", &lie(n))).unwrap_err();
        assert!(refused.to_string().contains("first header"), "{refused}");
        // In a later unit, the rest is bytes.
        let (source, all) = open(&change("NAXIS2  =                    4", &lie(n))).unwrap();
        assert_eq!((source.datasets().len(), all.len()), (3, file.len()));
    }
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_read_whole_or_refused(flips in proptest::collection::vec((0usize..12_000, 0u8..8), 1..20)) {
        let mut file = example();
        for (at, bit) in flips {
            let n = file.len();
            file[at % n] ^= 1 << bit;
        }
        if let Ok((_, all)) = open(&file) {
            proptest::prop_assert!(all == file);
        }
    }
}
