//! The stages of a field without a law, one loop each over a whole column.

use super::column::Code;
use super::grid::FastGrid;
use crate::records::coding::DecimalGrid;
use vortex_base::dtype::{DType, NumberKind};

/// What becomes of the bits of a field.
pub(super) struct Stages {
    pub(super) dtype: DType,
    pub(super) grid: Option<DecimalGrid>,
    /// Whether they are put in the order of the values.
    pub(super) in_order: bool,
    /// Whether the number of the record before is subtracted.
    pub(super) near: bool,
}

impl Stages {
    /// Bits to numbers.
    pub(super) fn to_numbers<T: Code>(&self, column: &mut [T]) {
        self.exchange(column);
        if self.in_order {
            match self.dtype.number_kind() {
                NumberKind::Unsigned => {}
                NumberKind::Signed => column.iter_mut().for_each(|x| *x = x.xor(T::TOP)),
                NumberKind::Float => column.iter_mut().for_each(|x| *x = x.float_in_order()),
            }
        }
        if self.near {
            let mut before = T::TOP;
            for x in column {
                let number = x.minus(before).plus(T::TOP);
                before = *x;
                *x = number;
            }
        }
    }

    /// Numbers to bits.
    pub(super) fn to_bits<T: Code>(&self, column: &mut [T]) {
        if self.near {
            let mut before = T::TOP;
            for x in &mut *column {
                *x = x.minus(T::TOP).plus(before);
                before = *x;
            }
        }
        if self.in_order {
            match self.dtype.number_kind() {
                NumberKind::Unsigned => {}
                NumberKind::Signed => column.iter_mut().for_each(|x| *x = x.xor(T::TOP)),
                NumberKind::Float => column.iter_mut().for_each(|x| *x = x.float_out_of_order()),
            }
        }
        self.exchange(column);
    }

    /// Exchanges decimals and their places.
    fn exchange<T: Code>(&self, column: &mut [T]) {
        let Some(grid) = self.grid.map(FastGrid::new) else { return };
        for x in column {
            // Only single precision numbers have a grid.
            *x = T::low_bits(grid.swap(u32::low_bits((*x).into())).into());
        }
    }
}
