use vortex_coder::layout::RecordLayout;

/// Number of records of the sample.
const SAMPLE: usize = 6000;
/// Earlier fields of a record that are considered.
const CANDIDATES: usize = 48;
/// Symbols of a field that are compared.
const RANKS: usize = 3;
/// Share of the cost that another reference must save over the previous record's field.
const MARGIN: f64 = 0.01;

/// The reference of each field: the earlier field whose symbols predict its symbols best.
///
/// Candidates are the same field of the previous record and the nearest earlier fields of the same
/// record with as many symbols. They are compared by the cost of the field's first symbols under
/// adaptive counts, given the symbols of the reference. `symbols` is `[records][roles]`. Returns
/// distances in tokens.
pub fn choose_lags(layout: &RecordLayout, symbols: &[u8]) -> Vec<u16> {
    let n_roles = layout.roles().len();
    let n_fields = layout.n_fields();
    let sample = &symbols[..symbols.len().min(SAMPLE * n_roles) / n_roles * n_roles];
    (0..n_fields)
        .map(|field| {
            let width = layout.roles_of(field).len();
            let previous = cost(layout, sample, field, n_fields);
            let others = (0..field)
                .rev()
                .filter(|&g| layout.roles_of(g).len() == width)
                .take(CANDIDATES)
                .map(|g| (cost(layout, sample, field, field - g), field - g));
            let best = others.min_by(|a, b| a.0.total_cmp(&b.0));
            match best {
                Some((cost, lag)) if cost < previous * (1.0 - MARGIN) => lag as u16,
                _ => n_fields as u16,
            }
        })
        .collect()
}

/// Bits of a field's first symbols, each under adaptive counts in the context of the reference's
/// symbol of the same rank and of whether all before it were equal.
fn cost(layout: &RecordLayout, symbols: &[u8], field: usize, lag: usize) -> f64 {
    let n_roles = layout.roles().len();
    let roles = layout.roles_of(field);
    let in_same_record = lag <= field;
    let source = layout.roles_of(if in_same_record { field - lag } else { field });
    let ranks = roles.len().min(RANKS);
    let mut bits = 0.0;
    let mut matched = vec![true; symbols.len() / n_roles];
    for rank in 0..ranks {
        let mut counts = vec![[0u16; 256]; 512];
        let mut totals = [0u32; 512];
        let records = symbols.chunks_exact(n_roles);
        let earlier = if in_same_record { symbols } else { &symbols[..0] };
        let mut reference_record = earlier.chunks_exact(n_roles);
        let mut previous: Option<&[u8]> = None;
        for (record, matched) in records.zip(&mut matched) {
            let from = if in_same_record { reference_record.next() } else { previous };
            previous = Some(record);
            let reference = from.map_or(0, |r| r[source.start + rank]);
            let symbol = record[roles.start + rank];
            let context = usize::from(reference) * 2 + usize::from(*matched);
            let count = &mut counts[context][usize::from(symbol)];
            let total = &mut totals[context];
            // Additive smoothing by 1/16 of a count.
            let p = (f64::from(*count) + 0.0625) / (f64::from(*total) + 16.0);
            bits -= p.log2();
            *count += 1;
            *total += 1;
            *matched &= symbol == reference;
        }
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;
    use vortex_coder::schema::{DType, Field, Schema};

    /// Field 2 repeats field 0; fields 1 and 3 repeat themselves from the previous record.
    #[test]
    fn finds_the_field_that_is_repeated() {
        let fields = (0..4).map(|i| Field::new(format!("f{i}"), DType::U16, i * 2)).collect();
        let layout = RecordLayout::new(Schema::new(8, fields).unwrap());
        let mut state = 1u32;
        let mut random = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        let (mut one, mut three) = ([1, 2], [3, 4]);
        let mut symbols = Vec::new();
        for n in 0..3000 {
            if n % 50 == 0 {
                (one, three) = ([random(), random()], [random(), random()]);
            }
            let zero = [random() & 15, random()];
            symbols.extend([zero, one, zero, three].concat());
        }
        assert_eq!(choose_lags(&layout, &symbols), [4, 4, 2, 4]);
    }

    #[test]
    fn an_empty_sample_keeps_the_previous_record() {
        let layout = RecordLayout::new(Schema::bytes());
        assert_eq!(choose_lags(&layout, &[]), [1]);
    }
}
