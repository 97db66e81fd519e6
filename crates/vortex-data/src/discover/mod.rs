//! What the values of a sample say about how they came to be: decimals that were printed, laws
//! between the fields of a record, and fields that change little from one record to the next.
//!
//! All this is found in floating point, which decides nothing but what is proposed. A law is kept
//! if the symbols of its field are cheaper with it, and so is a distance from the record before; a grid, where most
//! floats beside the values are not on it.
//!
//! [`discover`] is a step of its own, before anything is trained or coded: a schema and a sample of records go in, a
//! schema that says more and a report come out.

mod cost;
mod decimals;
mod laws;
mod report;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use vortex_coder::Result;
use vortex_coder::schema::{Field, FieldCoding, Predicted, Schema};

use cost::Judged;

pub use laws::describe;
pub use report::{Discovery, Finding, FindingKind};

/// What to look for; by default everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Search {
    /// Decimal grids of single precision fields.
    pub decimals: bool,
    /// Laws and formulas between the fields of a record.
    pub laws: bool,
    /// Distances from the record before.
    pub deltas: bool,
}

impl Default for Search {
    fn default() -> Self {
        Self { decimals: true, laws: true, deltas: true }
    }
}

/// Bytes of the sample that are coded to judge a law or a distance.
const JUDGED_BYTES: usize = 1 << 20;
/// Runs that they come in.
const JUDGED_RUNS: usize = 16;
/// Bits a record that a law must save.
const LEAST_SAVING: f64 = 1.0;
/// The same as a share of the field's bits.
const LEAST_SHARE: f64 = 0.1;
/// The same two for distances from the record before. A network that sees that record saves about a bit by itself, and
/// loses sight of the value.
const LEAST_SAVING_OF_DELTAS: f64 = 1.5;
const LEAST_SHARE_OF_DELTAS: f64 = 0.08;
/// Different values that a field must have where distances are judged, so that it is one that is measured and not one that is
/// named; of few records half of them, but not fewer than the least.
const MEASURED_VALUES: usize = 1000;
const LEAST_MEASURED_VALUES: usize = 250;

/// Adds to a schema the grids, laws and distances that make the records of `sample` shorter; what the schema
/// has of its own is kept. Records of `sample` follow each other as in the data, and are whole; some thousands of them
/// are enough, from any parts of the data.
///
/// # Errors
/// [`vortex_coder::ErrorKind::InvalidArgument`] only where `schema` itself is at fault.
pub fn discover(schema: &Schema, sample: &[u8], search: Search) -> Result<Discovery> {
    let mut discovery = Discovery { schema: schema.clone(), found: Vec::new() };
    let judged = judged(sample, schema.stride());
    let judged = Judged::new(&judged, schema.stride());
    if search.decimals {
        discovery.add_decimals(sample, &judged)?;
    }
    if search.laws {
        discovery.add_laws(sample, &judged)?;
    }
    if search.deltas {
        discovery.add_deltas(&judged)?;
    }
    Ok(discovery)
}

impl Discovery {
    fn add_decimals(&mut self, sample: &[u8], judged: &Judged<'_>) -> Result<()> {
        let stride = self.schema.stride();
        let mut fields = self.schema.clone().into_fields();
        let mut with_grid = Vec::new();
        for (index, field) in fields.iter_mut().enumerate() {
            let free = field.coding.grid().is_none() && !field.coding.needs_others();
            let found = if free { decimals::find(field, stride, sample) } else { continue };
            if let FieldCoding::Number { grid, .. } = &mut field.coding {
                *grid = found;
                with_grid.extend(found.map(|_| index));
            }
        }
        if with_grid.is_empty() {
            return Ok(());
        }
        let with = Schema::new(stride, fields)?;
        let [before, after] = [&self.schema, &with].map(|schema| judged.coded(schema));
        for field in with_grid {
            let (bits_before, bits_after) = (before.bits(field), after.bits(field));
            let kind = FindingKind::Decimals;
            self.found.push(Finding { field, kind, bits_before, bits_after });
        }
        self.schema = with;
        Ok(())
    }

    fn add_laws(&mut self, sample: &[u8], judged: &Judged<'_>) -> Result<()> {
        let schema = &self.schema;
        let mut gains = Vec::new();
        let mut plain = HashMap::new();
        for (field, law) in laws::find(schema, sample) {
            if *schema.fields()[field].coding.predicted() != Predicted::Nothing {
                continue;
            }
            // Without others, it stands in no circle.
            let alone = only(schema, field)?;
            let bits_before =
                *plain.entry(field).or_insert_with(|| judged.coded(&alone).bits(field));
            // A law may be more than a schema of so short records can hold.
            let Ok(with) = alone.with_predictions([(field, law.clone())]) else { continue };
            let bits_after = judged.coded(&with).bits(field);
            if bits_before - bits_after >= LEAST_SAVING.max(bits_before * LEAST_SHARE) {
                let kind = FindingKind::Law;
                gains.push((Finding { field, kind, bits_before, bits_after }, law));
            }
        }
        let gain = |finding: &Finding| finding.bits_before - finding.bits_after;
        gains.sort_by(|(a, _), (b, _)| gain(b).total_cmp(&gain(a)));
        let mut best = schema.clone();
        for (finding, law) in gains {
            if *best.fields()[finding.field].coding.predicted() != Predicted::Nothing {
                continue;
            }
            // Refused where it would close a circle: one relation says something about one of its fields only.
            if let Ok(with) = best.clone().with_predictions([(finding.field, law)]) {
                best = with;
                self.found.push(finding);
            }
        }
        self.schema = best;
        Ok(())
    }

    fn add_deltas(&mut self, judged: &Judged<'_>) -> Result<()> {
        let schema = &self.schema;
        let possible = |&index: &usize| {
            let field = &schema.fields()[index];
            let free = *field.coding.predicted() == Predicted::Nothing;
            free && field.coding != FieldCoding::Raw
                && is_measured(field, schema.stride(), judged.records())
        };
        let possible: Vec<usize> = (0..schema.fields().len()).filter(possible).collect();
        if possible.is_empty() {
            return Ok(());
        }
        // What one field costs does not depend on how others are written.
        let near = |index| (index, Predicted::RecordBefore);
        let with = schema.clone().with_predictions(possible.iter().copied().map(near))?;
        let [plain, with] = [schema, &with].map(|schema| judged.coded(schema));
        let mut better = Vec::new();
        for field in possible {
            let (bits_before, bits_after) = (plain.bits(field), with.bits(field));
            let least = LEAST_SAVING_OF_DELTAS.max(bits_before * LEAST_SHARE_OF_DELTAS);
            if bits_before - bits_after >= least {
                let kind = FindingKind::Distance;
                better.push(Finding { field, kind, bits_before, bits_after });
            }
        }
        let chosen = better.iter().map(|finding| near(finding.field));
        self.schema = schema.clone().with_predictions(chosen)?;
        self.found.extend(better);
        Ok(())
    }
}

/// Runs of records from everywhere in a long sample.
fn judged(sample: &[u8], stride: usize) -> Cow<'_, [u8]> {
    let n = sample.len() / stride;
    let each = JUDGED_BYTES / JUDGED_RUNS / stride;
    if each == 0 || n <= each * JUDGED_RUNS {
        return sample[..n.min(JUDGED_BYTES / stride) * stride].into();
    }
    let starts = (0..JUDGED_RUNS).map(|i| (n - each) * i / (JUDGED_RUNS - 1) * stride);
    starts.flat_map(|at| &sample[at..at + each * stride]).copied().collect()
}

fn is_measured(field: &Field, stride: usize, records: &[u8]) -> bool {
    let n = records.len() / stride;
    let wanted = (n / 2).clamp(LEAST_MEASURED_VALUES, MEASURED_VALUES);
    let mut seen = HashSet::new();
    records.chunks_exact(stride).any(|record| {
        seen.insert(field.bits(record));
        seen.len() >= wanted
    })
}

/// The same records, of which one field is coded as before and all others are left as they are, which is fast.
fn only(schema: &Schema, index: usize) -> Result<Schema> {
    let mut fields = schema.clone().into_fields();
    let others = fields.iter_mut().enumerate().filter(|(other, _)| *other != index);
    others.for_each(|(_, field)| field.coding = FieldCoding::Raw);
    Schema::new(schema.stride(), fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use vortex_coder::schema::{DType, LawForm};

    const ALL: Search = Search { decimals: true, laws: true, deltas: true };

    /// The schema that comes out, with a finding for each grid, law and distance that was not there before.
    fn discover(schema: &Schema, sample: &[u8], search: Search) -> Result<Schema> {
        let Discovery { schema: better, found } = super::discover(schema, sample, search)?;
        let known = |schema: &Schema| {
            let fields = schema.fields().iter();
            let each = fields.map(|field| {
                let coding = &field.coding;
                let near = *coding.predicted() == Predicted::RecordBefore;
                [coding.grid().is_some(), coding.law().is_some(), near].map(usize::from)
            });
            each.fold([0; 3], |n, field| std::array::from_fn(|kind| n[kind] + field[kind]))
        };
        let [before, after] = [schema, &better].map(known);
        let kinds = [FindingKind::Decimals, FindingKind::Law, FindingKind::Distance];
        for (number, kind) in kinds.into_iter().enumerate() {
            let n = found.iter().filter(|finding| finding.kind == kind).count();
            assert_eq!(n, after[number] - before[number], "{kind:?}");
        }
        Ok(better)
    }

    /// Numbers between 0 and 1 that repeat themselves in no short time.
    fn noise(seed: u64) -> impl FnMut() -> f64 {
        let mut state = seed;
        move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1u64 << 53) as f64
        }
    }

    fn floats(names: &[&str]) -> Schema {
        let field = |(i, name): (usize, &&str)| Field::new(*name, DType::F32, 4 * i as u32);
        Schema::new(4 * names.len(), names.iter().enumerate().map(field).collect()).unwrap()
    }

    fn bytes(rows: &[Vec<f64>]) -> Vec<u8> {
        rows.iter().flatten().flat_map(|&v| (v as f32).to_le_bytes()).collect()
    }

    #[test]
    fn an_energy_is_found_with_its_mass() {
        let mut draw = noise(1);
        let rows: Vec<Vec<f64>> = (0..4000)
            .map(|_| {
                let [x, y, z] = [0; 3].map(|_| 40.0 * (draw() - 0.5));
                vec![draw(), (x * x + y * y + z * z + 0.25).sqrt(), x, y, z, draw()]
            })
            .collect();
        let schema = floats(&["noise", "e", "px", "py", "pz", "more"]);
        let found = discover(&schema, &bytes(&rows), ALL).unwrap();
        let laws: Vec<_> = found.fields().iter().filter(|f| f.coding.law().is_some()).collect();
        assert_eq!(laws.len(), 1);
        let law = laws[0].coding.law().unwrap();
        assert_eq!((laws[0].name.as_str(), law.form), ("e", LawForm::RootOfSquares));
        assert_eq!(law.terms.iter().map(|t| t.field).collect::<Vec<_>>(), [2, 3, 4]);
        assert!((f64::from_bits(law.constant) - 0.25).abs() < 0.01);
        assert!(found.fields().iter().all(|f| f.coding.grid().is_none()));
        let off = Search { laws: false, ..ALL };
        assert_eq!(discover(&schema, &bytes(&rows), off).unwrap(), schema);
    }

    #[test]
    fn shares_that_sum_to_one_and_differences_are_found_once() {
        let mut draw = noise(2);
        let rows: Vec<Vec<f64>> = (0..4000)
            .map(|_| {
                let (b, c) = (draw() * draw(), draw());
                let (c, u) = (c * (1.0 - b), (1.0 - c) * (1.0 - b));
                let (eta, truth) = (4.0 * draw() - 2.0, 4.0 * draw() - 2.0);
                vec![b, c, u, eta, truth, eta - truth]
            })
            .collect();
        let schema = floats(&["pb", "pc", "pu", "eta", "truth", "delta"]);
        let found = discover(&schema, &bytes(&rows), ALL).unwrap();
        let with_law = |range: std::ops::Range<usize>| {
            found.fields()[range].iter().filter(|f| f.coding.law().is_some()).count()
        };
        assert_eq!((with_law(0..3), with_law(3..6)), (1, 1));
        let share = found.fields()[..3].iter().find_map(|f| f.coding.law()).unwrap();
        assert!((f64::from_bits(share.constant) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn printed_numbers_get_the_coarsest_grid() {
        let mut draw = noise(3);
        let rows: Vec<Vec<f64>> = (0..4000)
            .map(|_| {
                let x = 200.0 * (draw() - 0.5);
                let printed = |digits: usize, x: f64| format!("{x:.digits$}").parse().unwrap();
                vec![printed(2, x), printed(4, draw()), draw(), f64::from((draw() * 5.0) as u8)]
            })
            .collect();
        let schema = floats(&["cents", "fractions", "noise", "label"]);
        let found = discover(&schema, &bytes(&rows), ALL).unwrap();
        let grid = |i: usize| found.fields()[i].coding.grid().map(|g| (g.digits(), g.places()));
        assert_eq!([grid(0), grid(1), grid(2), grid(3)], [Some((4, 2)), Some((4, 4)), None, None]);
    }

    #[test]
    fn a_path_is_told_from_points() {
        let mut draw = noise(4);
        let mut at = [500.0, 200.0];
        let rows: Vec<Vec<f64>> = (0..4000)
            .map(|i| {
                for x in &mut at {
                    *x += draw() - 0.5;
                }
                vec![at[0], draw(), at[1], f64::from(i / 7)]
            })
            .collect();
        let found = discover(&floats(&["x", "noise", "y", "label"]), &bytes(&rows), ALL).unwrap();
        let near = |f: &Field| *f.coding.predicted() == Predicted::RecordBefore;
        let deltas: Vec<bool> = found.fields().iter().map(near).collect();
        assert_eq!(deltas, [true, false, true, false]);
    }

    #[test]
    fn a_path_is_found_in_wide_records() {
        let mut draw = noise(5);
        let mut at = 500.0;
        let rows: Vec<Vec<f64>> = (0..4000)
            .map(|_| {
                at += draw() - 0.5;
                let mut row = vec![0.0; 300];
                row[7] = at;
                row
            })
            .collect();
        let names: Vec<String> = (0..300).map(|i| format!("f{i}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let found = discover(&floats(&names), &bytes(&rows), ALL).unwrap();
        let near = |&i: &usize| *found.fields()[i].coding.predicted() == Predicted::RecordBefore;
        let deltas: Vec<usize> = (0..300).filter(near).collect();
        assert_eq!(deltas, [7]);
    }

    #[test]
    fn what_is_stated_is_kept() {
        let mut draw = noise(6);
        let rows: Vec<Vec<f64>> = (0..4000)
            .map(|_| {
                let [x, y] = [0; 2].map(|_| 40.0 * (draw() - 0.5));
                vec![(x * x + y * y).sqrt(), x, y]
            })
            .collect();
        let schema = floats(&["e", "px", "py"]);
        let schema = schema.with_predictions([(0, Predicted::RecordBefore)]).unwrap();
        assert_eq!(discover(&schema, &bytes(&rows), ALL).unwrap(), schema);
    }

    #[test]
    fn nothing_is_found_in_nothing() {
        let schema = floats(&["a", "b"]);
        for n in [0, 1, 5] {
            let rows = vec![vec![0.0, f64::NAN]; n];
            assert_eq!(discover(&schema, &bytes(&rows), ALL).unwrap(), schema);
        }
        let bytes = Schema::bytes();
        assert_eq!(discover(&bytes, b"some text that is no table", ALL).unwrap(), bytes);
    }
}
