//! Bytes without a schema whose content is known: text, numbers, and both in one file.

use vortex_coder::Schema;

use crate::container_support::Random;

/// Data and what it is worth.
pub struct Made {
    pub name: &'static str,
    pub schema: Schema,
    pub bytes: Vec<u8>,
    /// Bits that chance put into it; 0 where they are not known.
    pub bits: f64,
}

impl Made {
    fn bytes(name: &'static str, bytes: Vec<u8>, bits: f64) -> Self {
        Self { name, schema: Schema::bytes(), bytes, bits }
    }
}

/// Words, each one of 256; printed tables.
pub fn text() -> Vec<Made> {
    let (words, word_bits) = words(5000);
    let (table, table_bits) = table(1500);
    let (symbols, symbol_bits) = symbols(16_000);
    vec![
        Made::bytes("words", words, word_bits),
        Made::bytes("a printed table", table, table_bits),
        Made::bytes("letters without memory", symbols, symbol_bits),
    ]
}

/// Words of which the frequent ones are chosen more often, in lines of twelve.
pub fn words(n: usize) -> (Vec<u8>, f64) {
    let mut random = Random(31);
    let vocabulary: Vec<Vec<u8>> = (0..256)
        .map(|_| {
            let letters = 3 + random.next() as usize % 6;
            random.bytes(letters).into_iter().map(|byte| b'a' + byte % 26).collect()
        })
        .collect();
    let mut out = Vec::new();
    for i in 1..=n {
        // Each of eight bits is set once in four times.
        let draw = random.next();
        out.extend(&vocabulary[(draw & draw >> 8) as usize & 255]);
        out.push(if i % 12 == 0 { b'\n' } else { b' ' });
    }
    let in_vocabulary: usize = vocabulary.iter().map(Vec::len).sum();
    (out, n as f64 * 8.0 * 0.811_278 + in_vocabulary as f64 * 26f64.log2())
}

/// Lines of a counter, a number of three digits after the point and one of eight names.
fn table(n: usize) -> (Vec<u8>, f64) {
    let names = ["muon", "electron", "photon", "pion", "kaon", "proton", "neutron", "tau"];
    let mut random = Random(32);
    let mut out = Vec::new();
    for i in 0..n {
        let draw = random.next();
        let (digits, name) = (draw >> 32, names[draw as usize & 7]);
        out.extend(format!("{},0.{:03},{name}\n", 4000 + i, digits % 1000).bytes());
    }
    (out, n as f64 * (1000f64.log2() + 3.0))
}

/// Four letters that are half, a quarter and twice an eighth of all.
fn symbols(n: usize) -> (Vec<u8>, f64) {
    let mut random = Random(33);
    let letter = |_| b"aaaabbcd"[random.next() as usize >> 7 & 7];
    ((0..n).map(letter).collect(), n as f64 * 1.75)
}

/// Numbers as bytes.
pub fn lay(width: usize, big_endian: bool, numbers: impl IntoIterator<Item = u64>) -> Vec<u8> {
    let mut out = Vec::new();
    for number in numbers {
        let bytes = number.to_le_bytes();
        if big_endian {
            out.extend(bytes[..width].iter().rev());
        } else {
            out.extend(&bytes[..width]);
        }
    }
    out
}

/// Numbers of `width` bytes that rise by 0 to `2^step_bits - 1`.
pub fn walk(width: usize, big_endian: bool, n: usize, step_bits: u32) -> (Vec<u8>, f64) {
    let mut random = Random(width as u64 + 40);
    let mut number = random.next();
    let steps = (0..n).map(|_| {
        number = number.wrapping_add(random.next() >> (64 - step_bits));
        number
    });
    (lay(width, big_endian, steps), n as f64 * f64::from(step_bits))
}

/// Rows of `row` numbers that have nothing to do with each other, but with those of the row above.
pub fn rows(width: usize, row: usize, n: usize, step_bits: u32) -> (Vec<u8>, f64) {
    let mut random = Random(width as u64 + 50);
    let mut numbers: Vec<u64> = (0..row).map(|_| random.next() >> (64 - 8 * width + 1)).collect();
    let mut all = Vec::with_capacity(n);
    for i in 0..n {
        let number = &mut numbers[i % row];
        *number = number.wrapping_add(random.next() >> (64 - step_bits));
        all.push(*number);
    }
    let first_row = (8 * width - 1) * row;
    (lay(width, false, all), n as f64 * f64::from(step_bits) + first_row as f64)
}

/// A grid of floats: each point near the one in the row above.
pub fn float_rows(row: usize, n: usize, step_bits: u32) -> (Vec<u8>, f64) {
    let mut random = Random(61);
    let mut points: Vec<u64> = (0..row).map(|_| random.next() >> 44).collect();
    let mut out = Vec::new();
    for i in 0..n {
        let point = &mut points[i % row];
        *point += random.next() >> (64 - step_bits);
        // Exact: far below 2^24 steps of a 256th.
        out.extend((*point as f32 / 256.0).to_le_bytes());
    }
    (out, n as f64 * f64::from(step_bits) + 20.0 * row as f64)
}

/// Numbers of every width, in both byte orders, with and without repeats far away.
pub fn numbers() -> Vec<Made> {
    let mut made = Vec::new();
    let kinds = [
        (1, ["bytes that rise", "bytes that rise, the other way round"], 2, 24_000),
        (2, ["2 bytes that rise", "2 bytes that rise, big-endian"], 4, 12_000),
        (4, ["4 bytes that rise", "4 bytes that rise, big-endian"], 10, 6000),
        (8, ["8 bytes that rise", "8 bytes that rise, big-endian"], 20, 4000),
    ];
    for (width, names, step_bits, n) in kinds {
        for (name, big_endian) in names.into_iter().zip([false, true]) {
            let (bytes, bits) = walk(width, big_endian, n, step_bits);
            made.push(Made::bytes(name, bytes, bits));
        }
    }
    let far = [
        (1, "rows of bytes", 2, 24_000),
        (2, "rows of 2 bytes", 4, 12_000),
        (4, "rows of 4 bytes", 6, 6000),
        (8, "rows of 8 bytes", 9, 4000),
    ];
    for (width, name, step_bits, n) in far {
        let (bytes, bits) = rows(width, 150, n, step_bits);
        made.push(Made::bytes(name, bytes, bits));
    }
    let (bytes, bits) = float_rows(200, 6000, 5);
    made.push(Made::bytes("rows of floats", bytes, bits));
    made
}

/// Several kinds of content in one file, at odd places, and none at all.
pub fn mixtures() -> Vec<Made> {
    let (words, word_bits) = words(1200);
    let (floats, float_bits) = float_rows(128, 4000, 5);
    let (short, short_bits) = walk(2, false, 6000, 4);
    let (long, long_bits) = walk(8, false, 1500, 12);
    let junk = Random(71).bytes(7);
    let parts = [&words[..], &junk[..5], &floats, &junk[..3], &short, &junk, &long, &words[..999]];
    let bits = word_bits + float_bits + short_bits + long_bits + 15.0 * 8.0;
    let repeated = Random(72).bytes(4000).repeat(3);
    vec![
        Made::bytes("text and columns", parts.concat(), bits),
        Made::bytes("noise", Random(73).bytes(30_000), 240_000.0),
        Made::bytes("noise three times", repeated, 32_000.0),
    ]
}

/// Bytes that say nothing: what they cost is the predictor's own.
pub fn silence() -> Vec<Made> {
    let period: Vec<u8> = (0..=250).collect();
    let pattern = lay(4, false, (0..5000).map(|i| 1000 + i % 7));
    vec![
        Made::bytes("zeros", vec![0; 30_000], 0.0),
        Made::bytes("one letter", vec![b'x'; 30_000], 0.0),
        Made::bytes("bytes in a circle", period.repeat(100), 251.0 * 8.0),
        Made::bytes("a counter", lay(8, false, 0..4000), 0.0),
        Made::bytes("numbers in a circle", pattern, 0.0),
    ]
}
