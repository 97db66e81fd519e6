//! Bytes without a schema whose content is known: text, numbers, and both in one file.

use vortex_coder::Schema;

use crate::container_support::Random;

/// Data and what it is worth.
pub struct Made {
    pub name: &'static str,
    pub schema: Schema,
    pub bytes: Vec<u8>,
    /// Bits that chance put into it.
    pub bits: f64,
    /// How much more it may take, as a share: what learning costs.
    pub more: f64,
}

impl Made {
    fn bytes(name: &'static str, (bytes, bits): (Vec<u8>, f64), more: f64) -> Self {
        Self { name, schema: Schema::bytes(), bytes, bits, more }
    }
}

/// Words, printed tables and letters without memory.
pub fn text() -> Vec<Made> {
    vec![
        Made::bytes("words", words(2500), 0.17),
        Made::bytes("a printed table", table(700), 0.25),
        Made::bytes("letters", letters(8000), 0.05),
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
fn letters(n: usize) -> (Vec<u8>, f64) {
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

/// Numbers of `width` bytes, each at most `2^step_bits / 2` from the last one.
pub fn walk(width: usize, big_endian: bool, n: usize, step_bits: u32) -> (Vec<u8>, f64) {
    let mut random = Random(width as u64 + 40);
    let mut number = random.next();
    let steps = (0..n).map(|_| {
        number = number.wrapping_add(random.next() >> (64 - step_bits));
        number = number.wrapping_sub(1 << (step_bits - 1));
        number
    });
    (lay(width, big_endian, steps), n as f64 * f64::from(step_bits))
}

/// Numbers of 8 bytes, each 0 to `2^step_bits - 1` more than the last one, as times are.
fn times(n: usize, step_bits: u32) -> (Vec<u8>, f64) {
    let mut random = Random(49);
    let mut number = 1_700_000_000_000_000;
    let steps = (0..n).map(|_| {
        number += random.next() >> (64 - step_bits);
        number
    });
    (lay(8, false, steps), n as f64 * f64::from(step_bits))
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
    vec![
        Made::bytes("1 byte", walk(1, false, 10_000, 2), 0.2),
        Made::bytes("2 bytes", walk(2, false, 6000, 4), 0.22),
        Made::bytes("4 bytes", walk(4, false, 3000, 10), 0.09),
        Made::bytes("8 bytes", walk(8, false, 1500, 20), 0.13),
        Made::bytes("2 bytes, big-endian", walk(2, true, 6000, 4), 0.19),
        Made::bytes("4 bytes, big-endian", walk(4, true, 3000, 10), 0.145),
        Made::bytes("8 bytes, big-endian", walk(8, true, 1500, 20), 0.135),
        Made::bytes("times", times(1500, 20), 0.15),
        Made::bytes("rows of 1 byte", rows(1, 50, 9000, 2), 0.23),
        Made::bytes("rows of 2 bytes", rows(2, 50, 6000, 4), 0.69),
        Made::bytes("rows of 4 bytes", rows(4, 50, 3000, 6), 0.5),
        Made::bytes("rows of 8 bytes", rows(8, 50, 1500, 9), 0.16),
        Made::bytes("rows of floats", float_rows(64, 3000, 5), 0.61),
    ]
}

/// Several kinds of content in one file, at odd places.
pub fn mixture() -> Made {
    let (words, word_bits) = words(500);
    let (floats, float_bits) = float_rows(64, 1600, 5);
    let (short, short_bits) = walk(2, false, 2000, 4);
    let (long, long_bits) = walk(8, false, 600, 12);
    let junk = Random(71).bytes(7);
    let parts = [&words[..], &junk[..5], &floats, &junk[..3], &short, &junk, &long, &words[..999]];
    let bits = word_bits + float_bits + short_bits + long_bits + 7.0 * 8.0;
    Made::bytes("text and columns", (parts.concat(), bits), 0.335)
}

/// Noise, and bytes that say nothing: what is left to lose is the predictor's own.
pub fn extremes() -> Vec<Made> {
    let noise = Random(73).bytes(8000);
    let counter = lay(8, false, 0..1500);
    let circle = lay(4, false, (0..3000).map(|i| 1000 + i % 7));
    let period: Vec<u8> = (0..=250).collect();
    vec![
        Made::bytes("noise three times", (noise[..2000].repeat(3), 16_000.0), 0.07),
        Made::bytes("noise", (noise, 64_000.0), 0.012),
        Made::bytes("zeros", (vec![0; 8000], 0.0), 0.0),
        Made::bytes("one letter", (vec![b'x'; 8000], 0.0), 0.0),
        // Each value of its lowest byte is new once.
        Made::bytes("a counter", (counter, 256.0 * 5.0), 0.15),
        Made::bytes("numbers in a circle", (circle, 7.0 * 16.0), 0.0),
        Made::bytes("bytes in a circle", (period.repeat(40), 251.0 * 8.0), 0.05),
    ]
}
