use super::Shared;

/// Which table rows, times which scale rows, sum up to each output row.
#[derive(Clone, Debug)]
pub struct GatherPlan {
    /// Output row `r` sums the entries `start[r]..start[r + 1]`.
    pub start: Shared<u32>,
    /// Table row of each entry.
    pub table_row: Shared<u32>,
    /// Scale row of each entry.
    pub scale_row: Shared<u32>,
}

impl GatherPlan {
    /// Output rows.
    pub fn rows(&self) -> usize {
        self.start.len() - 1
    }

    /// A plan from the entries `(table row, scale row)` of each output row in turn.
    pub fn builder(rows: usize, entries: usize) -> GatherPlanBuilder {
        let mut start = Vec::with_capacity(rows + 1);
        start.push(0);
        GatherPlanBuilder {
            start,
            table_row: Vec::with_capacity(entries),
            scale_row: Vec::with_capacity(entries),
        }
    }
}

/// Collects a [`GatherPlan`] row by row.
#[derive(Debug)]
pub struct GatherPlanBuilder {
    start: Vec<u32>,
    table_row: Vec<u32>,
    scale_row: Vec<u32>,
}

impl GatherPlanBuilder {
    /// One entry of the current row.
    pub fn push(&mut self, table_row: usize, scale_row: usize) {
        self.table_row.push(table_row as u32);
        self.scale_row.push(scale_row as u32);
    }

    /// Ends the current row.
    pub fn end_row(&mut self) {
        self.start.push(self.table_row.len() as u32);
    }

    /// The plan.
    pub fn finish(self) -> GatherPlan {
        GatherPlan {
            start: self.start.into(),
            table_row: self.table_row.into(),
            scale_row: self.scale_row.into(),
        }
    }
}
