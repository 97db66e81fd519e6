//! The ways to code a column, tried.

use pco::data_types::Number;
use zstd::bulk::Compressor;

use super::contexts::{Context, apart};
use super::dictionary::Dictionary;
use super::encode::Coded;
use super::head::{Head, Method, floats};
use super::level::Level;
use super::look::{Look, Teller};
use super::{difference, pcodec, planes};
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
/// Pieces of a column that a sample of it comes in.
const PIECES: usize = 8;
/// Bits that each bucket takes in the head and before its chunk.
const BUCKET_BITS: f64 = 200.0;

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
        let candidates = &known[known.len().saturating_sub(self.level.compared())..];
        let estimate = if look.few_values(self.index) || self.level.tries_all() {
            self.estimate(numbers)?
        } else {
            Estimate::UNKNOWN
        };
        // Where there is an estimate, other ways are compared with that, and this one is gone only if it is the best.
        let at_once = self.level.tries_all() || estimate.is_unknown();
        let mut best = if at_once { Some(self.plain(numbers, &estimate)?) } else { None };
        let mut promised = best.as_ref().map_or(estimate.bytes(), Coded::size);
        if T::BYTES > 1
            && look.few_values(self.index)
            && let Some(dictionary) = Dictionary::of(numbers, WORTHY_VALUES.min(n / 16))
            && let Some(coded) = self.by_places(&dictionary, promised)
            && coded.size() < promised
        {
            promised = coded.size();
            best = Some(coded);
        }
        if let Some((other, bits)) = look.nearest(self.index, self.columns, candidates)
            && bits * (n as f64) < 8.0 * promised as f64
        {
            let coded = self.beside(numbers, other)?;
            if coded.size() < promised {
                promised = coded.size();
                best = Some(coded);
            }
        }
        if let Some((teller, saved)) = look.teller(self.index, candidates) {
            let least = BUCKET_BITS * (teller.bounds.len() + 1) as f64;
            if saved * n as f64 > least.max(self.level.least_saving() * 8.0 * promised as f64) {
                let coded = self.told_apart(numbers, &teller)?;
                best = coded.filter(|coded| coded.size() < promised).or(best);
            }
        }
        match best {
            Some(best) => Ok(best),
            None => self.plain(numbers, &estimate),
        }
    }

    /// What the codecs make of a sample of the numbers.
    fn estimate<T: Code + Number>(&mut self, numbers: &[T]) -> Result<Estimate> {
        let sample = sample(numbers, self.level.sampled());
        let share = numbers.len() as f64 / sample.len().max(1) as f64;
        let mut frame = |method| {
            let frame = self.frame(&sample, method, usize::MAX);
            frame.map_or(f64::INFINITY, |frame| frame.len() as f64 * share)
        };
        let bytes = frame(Method::Bytes);
        let planes = if T::BYTES > 1 { frame(Method::Planes) } else { f64::INFINITY };
        let (method, zstd) =
            if planes < bytes { (Method::Planes, planes) } else { (Method::Bytes, bytes) };
        let pcodec = if numbers.len() > pcodec::MAX_NUMBERS {
            f64::INFINITY
        } else {
            let level = self.level.pcodec_of_buckets();
            let size = match floats(self.field) {
                Some(dtype) => of_floats(&sample, dtype, &mut |numbers| numbers.size(level))?,
                None => pcodec::size(&sample, level)?,
            };
            size.head as f64 + size.page as f64 * share
        };
        Ok(Estimate { method, zstd, pcodec })
    }

    /// The numbers as they are, by what makes a sample of them smallest.
    fn plain<T: Code + Number>(&mut self, numbers: &[T], estimate: &Estimate) -> Result<Coded> {
        let &Estimate { method, zstd, pcodec } = estimate;
        let margin = self.level.margin();
        let mut best = None;
        if zstd <= pcodec * margin {
            best = self.frame(numbers, method, usize::MAX).map(|bytes| Coded::of(method, bytes));
        }
        if pcodec < zstd * margin {
            let level = self.level.pcodec();
            let coded = self.chunks(numbers, &[numbers.len()], floats(self.field), level)?;
            best = [best, coded].into_iter().flatten().min_by_key(Coded::size);
        }
        Ok(match best {
            Some(best) => best,
            None => Coded::of(Method::Bytes, planes::stored(self.zstd, &planes::to_bytes(numbers))),
        })
    }

    /// A zstd frame of numbers, if it is shorter than `limit`.
    fn frame<T: Code>(&mut self, numbers: &[T], method: Method, limit: usize) -> Option<Vec<u8>> {
        let bytes = match method {
            Method::Planes => planes::to_planes(numbers),
            _ => planes::to_bytes(numbers),
        };
        let limit = limit.min(bytes.len() + bytes.len() / 64 + 64);
        planes::write(self.zstd, &bytes, limit)
    }

    /// A chunk of pcodec for each bucket that has numbers; `None` where one has too many.
    fn chunks<T: Code + Number>(
        &self,
        numbers: &[T],
        counts: &[usize],
        floats: Option<DType>,
        level: usize,
    ) -> Result<Option<Coded>> {
        if counts.iter().any(|&count| count > pcodec::MAX_NUMBERS) {
            return Ok(None);
        }
        let (method, bytes) = match floats {
            Some(dtype) => {
                let write = &mut |numbers: Floats<'_>| numbers.write(counts, level);
                (Method::Floats, of_floats(numbers, dtype, write)?)
            }
            None => (Method::Integers, pcodec::write(numbers, counts, level)?),
        };
        Ok(Some(Coded::of(method, bytes)))
    }

    /// Places in the list of the values, if that is shorter than `limit`.
    fn by_places<T: Code>(&mut self, dictionary: &Dictionary<T>, limit: usize) -> Option<Coded> {
        let Dictionary { values, places } = dictionary;
        let method = Method::Planes;
        let bytes = with_column!(places, places => self.frame(places, method, limit))?;
        let mut coded = Coded::of(method, bytes);
        coded.head.dictionary = Some(values.iter().map(|&value| value.into()).collect());
        Some(coded)
    }

    /// Distances from another column.
    fn beside<T: Code + Number>(&mut self, numbers: &[T], other: usize) -> Result<Coded> {
        let columns = self.columns;
        let others: Vec<T> = with_column!(&columns[other], others => {
            others.iter().map(|&other| T::low_bits(other.wide())).collect()
        });
        let distances = difference::distances(numbers, &others);
        let first = distances.first().copied().unwrap_or_default();
        let mut coded = if distances.iter().all(|&distance| distance == first) {
            Coded { head: Head::constant(first.into()), bytes: Vec::new() }
        } else {
            match self.chunks(&distances, &[distances.len()], None, self.level.pcodec())? {
                Some(coded) => coded,
                None => Coded::of(
                    Method::Bytes,
                    planes::stored(self.zstd, &planes::to_bytes(&distances)),
                ),
            }
        };
        coded.head.reference = Some(u16::try_from(other).expect("at most 65,535 fields"));
        Ok(coded)
    }

    /// In buckets by another column.
    fn told_apart<T: Code + Number>(
        &mut self,
        numbers: &[T],
        teller: &Teller,
    ) -> Result<Option<Coded>> {
        let Teller { field, before, bounds } = teller.clone();
        let n_buckets = bounds.len() + 1;
        let mut context = Context { field, before, bounds, counts: Vec::new() };
        let buckets = context.buckets(&self.columns[usize::from(field)]);
        let (numbers, counts) = apart(numbers, &buckets, n_buckets);
        let level = self.level.pcodec_of_buckets();
        let Some(mut coded) = self.chunks(&numbers, &counts, floats(self.field), level)? else {
            return Ok(None);
        };
        context.counts = counts;
        coded.head.context = Some(context);
        Ok(Some(coded))
    }
}

/// What the codecs are likely to make of a column, in bytes.
struct Estimate {
    /// The better one of zstd's two.
    method: Method,
    zstd: f64,
    pcodec: f64,
}

impl Estimate {
    /// Of numbers most of which differ: pcodec makes them shorter than zstd does.
    const UNKNOWN: Self = Self { method: Method::Bytes, zstd: f64::INFINITY, pcodec: 0.0 };

    fn is_unknown(&self) -> bool {
        self.zstd == f64::INFINITY
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // some bytes of a block
    fn bytes(&self) -> usize {
        self.zstd.min(self.pcodec) as usize
    }
}

/// At most so many numbers of a column; all of a short one.
fn sample<T: Code>(numbers: &[T], most: usize) -> Vec<T> {
    let n = numbers.len();
    if n <= 2 * most {
        return numbers.to_vec();
    }
    let piece = most / PIECES;
    let starts = (0..PIECES).map(|i| i * (n - piece) / (PIECES - 1));
    starts.flat_map(|start| &numbers[start..start + piece]).copied().collect()
}

/// Numbers that stand for floats, as these.
enum Floats<'a> {
    Single(&'a [f32]),
    Double(&'a [f64]),
}

impl Floats<'_> {
    fn size(&self, level: usize) -> Result<pcodec::Size> {
        match self {
            Self::Single(numbers) => pcodec::size(numbers, level),
            Self::Double(numbers) => pcodec::size(numbers, level),
        }
    }

    fn write(&self, counts: &[usize], level: usize) -> Result<Vec<u8>> {
        match self {
            Self::Single(numbers) => pcodec::write(numbers, counts, level),
            Self::Double(numbers) => pcodec::write(numbers, counts, level),
        }
    }
}

/// What becomes of the floats that numbers stand for.
fn of_floats<T: Code, R>(
    numbers: &[T],
    dtype: DType,
    then: &mut dyn FnMut(Floats<'_>) -> Result<R>,
) -> Result<R> {
    if dtype == DType::F32 {
        let float = |&number: &T| f32::from_bits(u32::low_bits(number.wide()).float_out_of_order());
        then(Floats::Single(&numbers.iter().map(float).collect::<Vec<_>>()))
    } else {
        let float = |&number: &T| f64::from_bits(number.wide().float_out_of_order());
        then(Floats::Double(&numbers.iter().map(float).collect::<Vec<_>>()))
    }
}
