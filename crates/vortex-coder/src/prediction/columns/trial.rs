//! The ways to code a column, tried.

use pco::data_types::Number;
use zstd::bulk::Compressor;

use super::contexts::{Context, apart};
use super::encode::Coded;
use super::head::{Head, Method, floats};
use super::level::Level;
use super::look::{Look, Teller};
use super::{dictionary, difference, pcodec, planes};
use crate::error::Result;
use crate::records::columns::{Code, Column, with_column};
use crate::schema::{DType, Field};

/// One column of a block.
pub(super) struct Trial<'a, 'z> {
    pub field: &'a Field,
    pub index: usize,
    pub columns: &'a [Column],
    pub level: Level,
    pub zstd: &'a mut Compressor<'z>,
}

/// Most values of a dictionary that are worth one.
const WORTHY_VALUES: usize = 4096;

impl Trial<'_, '_> {
    /// The smallest way that was found; `known` are the columns that may be referred to.
    pub(super) fn best(&mut self, look: &Look, known: &[usize]) -> Result<Coded> {
        let columns = self.columns;
        with_column!(&columns[self.index], numbers => self.best_of(numbers, look, known))
    }

    fn best_of<T: Code + Number>(
        &mut self,
        numbers: &[T],
        look: &Look,
        known: &[usize],
    ) -> Result<Coded> {
        let first = numbers.first().copied().unwrap_or_default();
        if numbers.iter().all(|&number| number == first) {
            return Ok(Coded { head: Head::constant(first.into()), bytes: Vec::new() });
        }
        let n = numbers.len();
        let mut best = self.plain(numbers, &[n], floats(self.field))?;
        if !self.level.compares() {
            return Ok(best);
        }
        let most = WORTHY_VALUES.min(n / 16);
        let values = if T::BYTES > 1 { dictionary::values(numbers, most) } else { None };
        if let Some(values) = &values {
            let coded = self.by_places(numbers, values)?;
            take_smaller(&mut best, coded);
        }
        let candidates = &known[known.len().saturating_sub(self.level.compared())..];
        if let Some((other, bits)) = look.nearest(self.index, self.columns, candidates)
            && bits * (n as f64) < 8.0 * best.bytes.len() as f64
        {
            let coded = self.beside(numbers, other)?;
            take_smaller(&mut best, coded);
        }
        if let Some((teller, saved)) = look.teller(self.index, candidates) {
            let head = 8.0 * 12.0 * (teller.bounds.len() + 1) as f64;
            if saved * n as f64 > head.max(0.02 * 8.0 * best.bytes.len() as f64) {
                let coded = self.told_apart(numbers, &teller)?;
                take_smaller(&mut best, coded);
            }
        }
        Ok(best)
    }

    /// The numbers as they are, in buckets of these sizes.
    fn plain<T: Code + Number>(
        &mut self,
        numbers: &[T],
        counts: &[usize],
        floats: Option<DType>,
    ) -> Result<Coded> {
        let mut method = Method::Bytes;
        let mut best = planes::to_bytes(numbers);
        let all = best.len() + best.len() / 64 + 64;
        best = planes::write(self.zstd, &best, all).unwrap_or_default();
        let mut smaller = |with: Method, bytes: Vec<u8>| {
            if bytes.len() < best.len() {
                (method, best) = (with, bytes);
            }
        };
        if T::BYTES > 1 {
            let frame = planes::write(self.zstd, &planes::to_planes(numbers), all);
            smaller(Method::Planes, frame.unwrap_or_default());
        }
        if counts.iter().all(|&count| count <= pcodec::MAX_NUMBERS) {
            smaller(Method::Integers, self.chunks(numbers, counts)?);
            match floats {
                Some(DType::F32) => {
                    let float = |&number: &T| f32::from_bits(out_of_order(u32::low_bits(number.into())));
                    let numbers: Vec<f32> = numbers.iter().map(float).collect();
                    smaller(Method::Floats, self.chunks(&numbers, counts)?);
                }
                Some(DType::F64) => {
                    let float = |&number: &T| f64::from_bits(out_of_order(number.into()));
                    let numbers: Vec<f64> = numbers.iter().map(float).collect();
                    smaller(Method::Floats, self.chunks(&numbers, counts)?);
                }
                _ => {}
            }
        }
        let head = Head { method, bytes: best.len(), ..Head::constant(0) };
        Ok(Coded { head, bytes: best })
    }

    /// A chunk of pcodec for each bucket that has numbers.
    fn chunks<T: Number>(&self, numbers: &[T], counts: &[usize]) -> Result<Vec<u8>> {
        let (mut out, mut rest) = (Vec::new(), numbers);
        for &count in counts.iter().filter(|&&count| count > 0) {
            let (chunk, later) = rest.split_at(count);
            pcodec::write(chunk, self.level.pcodec(), &mut out)?;
            rest = later;
        }
        Ok(out)
    }

    /// Places in the list of the values.
    fn by_places<T: Code>(&mut self, numbers: &[T], values: &[T]) -> Result<Coded> {
        let n = numbers.len();
        let places = dictionary::places(numbers, values);
        let mut coded = with_column!(&places, places => self.plain(places, &[n], None)?);
        coded.head.dictionary = Some(values.iter().map(|&value| value.into()).collect());
        Ok(coded)
    }

    /// Distances from another column.
    fn beside<T: Code + Number>(&mut self, numbers: &[T], other: usize) -> Result<Coded> {
        let columns = self.columns;
        let others: Vec<T> = with_column!(&columns[other], others => {
            others.iter().map(|&other| T::low_bits(other.into())).collect()
        });
        let distances = difference::distances(numbers, &others);
        let first = distances.first().copied().unwrap_or_default();
        let mut coded = if distances.iter().all(|&distance| distance == first) {
            Coded { head: Head::constant(first.into()), bytes: Vec::new() }
        } else {
            self.plain(&distances, &[distances.len()], None)?
        };
        coded.head.reference = Some(u16::try_from(other).expect("at most 65,535 fields"));
        Ok(coded)
    }

    /// In buckets by another column.
    fn told_apart<T: Code + Number>(&mut self, numbers: &[T], teller: &Teller) -> Result<Coded> {
        let Teller { field, before, bounds } = teller.clone();
        let n_buckets = bounds.len() + 1;
        let mut context = Context { field, before, bounds, counts: Vec::new() };
        let buckets = context.buckets(&self.columns[usize::from(field)]);
        let (numbers, counts) = apart(numbers, &buckets, n_buckets);
        let mut coded = self.plain(&numbers, &counts, floats(self.field))?;
        context.counts = counts;
        coded.head.context = Some(context);
        Ok(coded)
    }
}

fn take_smaller(best: &mut Coded, other: Coded) {
    if other.size() < best.size() {
        *best = other;
    }
}

/// Undoes the order of floats.
fn out_of_order<T: Code>(number: T) -> T {
    if number < T::TOP { number.turned() } else { number.xor(T::TOP) }
}
