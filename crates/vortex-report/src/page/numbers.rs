//! Numbers for readers.

use super::super::table::thousands;

/// Three or so figures: `0.0123`, `1.23`, `12.3`, `1,234`. What is not finite is a dash.
pub fn short(value: f64) -> String {
    match value.abs() {
        _ if !value.is_finite() => "–".into(),
        0.0 => "0".into(),
        a if a < 0.0001 => format!("{value:.1e}"),
        a if a < 0.1 => format!("{value:.4}"),
        a if a < 1.0 => format!("{value:.3}"),
        a if a < 10.0 => format!("{value:.2}"),
        a if a < 100.0 => format!("{value:.1}"),
        a if a < 1e15 && value > 0.0 => thousands(value.round() as u64),
        _ => format!("{value:.0}"),
    }
}

/// A difference as `+12.3 %`; what is more than ten times as large as `×12.3`.
pub fn percent(share: f64) -> String {
    match share * 100.0 {
        p if !p.is_finite() => "–".into(),
        p if p > 900.0 => format!("×{}", short(1.0 + share)),
        p if p.abs() < 9.995 => format!("{p:+.2} %"),
        p => format!("{p:+.1} %"),
    }
    .replace('-', "−")
}

/// Bytes as `12.3 MB`, in powers of ten.
pub fn size(bytes: u64) -> String {
    match bytes as f64 {
        b if b < 1e4 => format!("{} bytes", thousands(bytes)),
        b if b < 1e6 => format!("{:.1} kB", b / 1e3),
        b if b < 1e9 => format!("{:.1} MB", b / 1e6),
        b => format!("{:.2} GB", b / 1e9),
    }
}

/// Memory in GiB.
pub fn memory(bytes: u64) -> String {
    format!("{:.1} GiB", bytes as f64 / f64::from(1u32 << 30))
}

/// A length in percent of a chart, for an attribute; always finite and not far outside.
pub fn place(share: f64) -> String {
    let share = if share.is_finite() { share.clamp(-1.0, 2.0) } else { 0.0 };
    let text = format!("{:.2}", share * 100.0);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        let texts = [0.0, 0.00001, 0.01234, 0.5, 1.234, 12.34, 1234.5, f64::NAN].map(short);
        assert_eq!(texts, ["0", "1.0e-5", "0.0123", "0.500", "1.23", "12.3", "1,235", "–"]);
        let texts = [-0.0512, 0.25, 25.6, 0.099999].map(percent);
        assert_eq!(texts, ["−5.12 %", "+25.0 %", "×26.6", "+10.0 %"]);
        assert_eq!(
            ["0%", "12.5%", "0%", "200%"],
            [0.0, 0.125, f64::NAN, 1e9].map(place).each_ref().map(|s| &**s)
        );
        assert_eq!((size(999), size(1_234_567)), ("999 bytes".into(), "1.2 MB".into()));
    }
}
