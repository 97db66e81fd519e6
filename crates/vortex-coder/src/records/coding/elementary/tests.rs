use super::*;
use proptest::prelude::*;

type Function = fn(f64) -> f64;

/// The functions of one argument.
const FUNCTIONS: [(&str, Function); 11] = [
    ("exp", exp),
    ("log", log),
    ("sin", sin),
    ("cos", cos),
    ("sinh", sinh),
    ("cosh", cosh),
    ("tanh", tanh),
    ("asinh", asinh),
    ("atan", atan),
    ("asin", asin),
    ("acos", acos),
];

fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

/// `a` and `b` as places in the order of floats, and how far apart those are.
fn places_between(a: f64, b: f64) -> u64 {
    let place = |x: f64| {
        let bits = x.abs().to_bits().cast_signed();
        if x.is_sign_negative() { -bits } else { bits }
    };
    place(a).abs_diff(place(b))
}

#[test]
fn results_are_those_of_the_table() {
    let table = include_str!("../../../../assets/elementary_functions.txt");
    let lines = table.lines().filter(|line| !line.starts_with('#'));
    let mut seen = std::collections::HashMap::<&str, usize>::new();
    for line in lines {
        let (name, numbers) = line.split_once(' ').unwrap();
        let numbers: Vec<f64> = numbers
            .split(' ')
            .map(|word| f64::from_bits(u64::from_str_radix(word, 16).unwrap()))
            .collect();
        let (result, expected) = match *numbers.as_slice() {
            [y, x, expected] if name == "atan2" => (atan2(y, x), expected),
            [x, expected] => {
                let function = FUNCTIONS.iter().find(|f| f.0 == name).expect(name).1;
                (function(x), expected)
            }
            _ => panic!("{line}"),
        };
        assert!(same(result, expected), "{line}: {:016x}, {result:e}", result.to_bits());
        *seen.entry(name).or_default() += 1;
    }
    assert_eq!(seen.len(), 12);
    assert!(seen.values().all(|&lines| lines >= 35), "{seen:?}");
}

/// Any bits, half of them of moderate size.
fn any_float() -> impl Strategy<Value = f64> {
    prop_oneof![any::<u64>().prop_map(f64::from_bits), -1e3..1e3, -1.0..1.0]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn odd_and_even_functions_are(x in any_float()) {
        for (name, function) in FUNCTIONS {
            match name {
                "exp" | "log" | "acos" => {}
                "cos" | "cosh" => prop_assert!(same(function(-x), function(x)), "{}", name),
                _ => prop_assert!(same(function(-x), -function(x)), "{}", name),
            }
        }
    }

    #[test]
    fn results_are_near_those_of_the_platform(x in any_float(), y in any_float()) {
        let here = FUNCTIONS.map(|(_, function)| function(x));
        let platform = [
            x.exp(), x.ln(), x.sin(), x.cos(), x.sinh(), x.cosh(), x.tanh(), f64::NAN, x.atan(), x.asin(), x.acos(),
        ];
        for (((name, _), here), platform) in FUNCTIONS.into_iter().zip(here).zip(platform) {
            match name {
                // The standard library's is no good near zero.
                "asinh" => {}
                "sin" | "cos" if x.is_nan() || x.abs() >= 1_048_576.0 => prop_assert!(here.is_nan()),
                _ if here.is_nan() => prop_assert!(platform.is_nan(), "{name}({x:e})"),
                _ => prop_assert!(places_between(here, platform) <= 4, "{name}({x:e}): {here:e}, {platform:e}"),
            }
        }
        let (here, platform) = (atan2(y, x), y.atan2(x));
        prop_assert_eq!(here.is_nan(), platform.is_nan());
        prop_assert!(here.is_nan() || places_between(here, platform) <= 2, "{} {}", here, platform);
    }

    #[test]
    fn inverses_give_the_argument_back(x in -700.0..700.0, angle in -1.5..1.5) {
        prop_assert!((log(exp(x)) - x).abs() <= 1e-15 + 1e-15 * x.abs());
        prop_assert!((asinh(sinh(x)) - x).abs() <= 1e-15 + 1e-15 * x.abs());
        prop_assert!((asin(sin(angle)) - angle).abs() <= 1e-14);
        prop_assert!((atan2(sin(angle), cos(angle)) - angle).abs() <= 1e-15);
        prop_assert!((sin(angle) * sin(angle) + cos(angle) * cos(angle) - 1.0).abs() <= 1e-15);
    }

    #[test]
    fn functions_never_fall_where_they_rise(bits in any::<u64>()) {
        let x = f64::from_bits(bits);
        let above = x.next_up();
        for (name, function) in FUNCTIONS {
            if let "exp" | "log" | "sinh" | "tanh" | "asinh" | "atan" | "asin" = name {
                let (low, high) = (function(x), function(above));
                prop_assert!(low <= high || low.is_nan() || high.is_nan(), "{name} at {x:e}: {low:e}, {high:e}");
            }
        }
    }
}
