//! What is found in columns.

use vortex_coder::columns::Level;
use vortex_coder::{DType, Field, Schema};

use super::blocks::{levels, round_trip};
use super::made::{lawful, lawful_records, related, related_records};

#[test]
fn what_follows_from_other_columns_takes_nothing() {
    let n = 20_000;
    let bytes = related_records(n);
    // 3 bits of kind, 8 of value, 2 of name; the rest follows.
    let bits = f64::from(n) * 13.0 / 8.0;
    for level in levels() {
        let len = round_trip(&related(), level, &bytes) as f64;
        assert!(len < bits * 1.08 && len > bits * 0.98, "{len} bytes, {bits} expected");
    }
}

#[test]
fn laws_are_worth_what_they_say() {
    let plain = Schema::new(
        20,
        lawful().fields().iter().map(|f| Field::new(&*f.name, f.dtype, f.offset)).collect(),
    );
    let bytes = lawful_records(20_000);
    let [with, without] =
        [lawful(), plain.unwrap()].map(|s| round_trip(&s, Level::HIGHEST, &bytes));
    assert!(with * 5 < without * 4, "{with} with laws, {without} without");
}

#[test]
fn a_counter_and_repeated_rows_take_next_to_nothing() {
    let schema = Schema::new(4, vec![Field::new("counter", DType::U32, 0)]).unwrap();
    let bytes: Vec<u8> = (0..100_000u32).flat_map(|i| (i * 3).to_le_bytes()).collect();
    for level in levels() {
        assert!(round_trip(&schema, level, &bytes) < 200);
    }
}
