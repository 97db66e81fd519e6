//! The coarsest decimal grid that holds the values of a field.

use std::collections::HashSet;

use vortex_coder::schema::{DType, DecimalGrid, Field, FieldCoding};

/// Values that are looked at.
const VALUES: usize = 4096;
/// Share of them that must lie on the grid.
const COVERAGE: f64 = 0.98;
/// Floats beside each value that are looked at.
const NEIGHBOURS: [u32; 4] = [1, 3, 7, 11];
/// Share of them that may lie on the grid: where most do, it says nothing.
const BY_CHANCE: f64 = 0.7;
/// Share of the values that must differ: those that come again and again are learnt as they are.
const DISTINCT: f64 = 0.3;

/// The grid with the fewest digits, then with the fewest decimal places.
pub(super) fn find(field: &Field, stride: usize, sample: &[u8]) -> Option<DecimalGrid> {
    if field.dtype != DType::F32 || field.coding == FieldCoding::Raw {
        return None;
    }
    let records = sample.len() / stride;
    let step = (records / VALUES).max(1);
    let all = || {
        let bits =
            sample.chunks_exact(stride).step_by(step).map(|record| field.bits(record) as u32);
        bits.filter(|bits| bits << 1 != 0)
    };
    let values: HashSet<u32> = all().collect();
    if (values.len() as f64) < (DISTINCT * all().count() as f64).max(32.0) {
        return None;
    }
    let values: Vec<u32> = values.into_iter().collect();
    let share = |values: &[u32], grid: DecimalGrid, shift: u32| {
        let on_it = values.iter().filter(|&&bits| grid.contains(bits.wrapping_add(shift))).count();
        on_it as f64 / values.len() as f64
    };
    // Most grids are wrong, which a few values show.
    let few = &values[..values.len().min(64)];
    let holds =
        |grid: &DecimalGrid| share(few, *grid, 0) >= 0.9 && share(&values, *grid, 0) >= COVERAGE;
    let digits = (1..=8).filter_map(|digits| DecimalGrid::new(digits, 30)).find(holds)?.digits();
    let grid = (0..=30).filter_map(|places| DecimalGrid::new(digits, places)).find(holds)?;
    let by_chance: f64 = NEIGHBOURS.map(|shift| share(&values, grid, shift)).iter().sum();
    (by_chance <= BY_CHANCE * NEIGHBOURS.len() as f64).then_some(grid)
}
