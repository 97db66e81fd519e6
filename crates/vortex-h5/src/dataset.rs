//! A new dataset: HDF5 shows its type and its chunks before the first one is coded, and the values of the
//! filter are completed from them.

use std::ffi::{c_int, c_uint};

use vortex_codec::sources::formats::npy::array_schema;
use vortex_codec::{Error, ErrorKind, Result, Schema};

use crate::chunk::models;
use crate::datatype::describe;
use crate::filter::FILTER_ID;
use crate::functions::{Functions, functions};
use crate::libraries::Id;
use crate::parameters::{MAX_VALUES, Parameters};

/// `H5I_DATATYPE`, the kind of an identifier.
const DATATYPE: c_int = 3;
/// `H5Z_FILTER_SHUFFLE`, which puts bytes in another order.
const SHUFFLE: c_int = 2;
/// Most dimensions of a dataset, as in HDF5.
const MAX_RANK: usize = 32;

/// Completes the values of the filter in the list of properties of a new dataset. Where the functions of
/// HDF5 are not found, they stay as the user gave them.
///
/// # Errors
/// Those of [`Parameters::from_values`], and [`ErrorKind::MissingModel`].
pub(crate) fn complete(properties: Id, of_type: Id) -> Result<()> {
    // Of several copies of HDF5, the calling one knows both.
    for hdf5 in functions() {
        if kind(&hdf5, of_type) == DATATYPE
            && kind(&hdf5, properties) > 0
            && let Some(entry) = Entry::find(&hdf5, properties)
        {
            return entry.complete(&hdf5, properties, of_type);
        }
    }
    Ok(())
}

/// The values of the filter in the list of properties of a dataset; `None` if the filter is not in it, or not
/// exactly one copy of HDF5 is found. Of several, a lock of the caller covers only its own.
///
/// # Safety
/// `properties` is the identifier of a list of properties that creates datasets, and no other thread calls
/// the only copy of HDF5 meanwhile, unless its build allows that.
pub unsafe fn values_of(properties: Id) -> Option<Vec<u32>> {
    let [hdf5] = functions()[..] else { return None };
    // HDF5 prints errors about identifiers that it does not know.
    let entry = if kind(&hdf5, properties) > 0 { Entry::find(&hdf5, properties) } else { None };
    entry.map(|entry| entry.values)
}

/// The kind of an identifier; 0 or less if this copy of HDF5 does not know it.
fn kind(hdf5: &Functions, id: Id) -> c_int {
    // SAFETY: the function takes any number.
    unsafe { (hdf5.kind)(id) }
}

/// The filter in a list of properties.
struct Entry {
    flags: c_uint,
    values: Vec<u32>,
    /// The filters that change the bytes before this one.
    before: Vec<c_int>,
}

impl Entry {
    fn find(hdf5: &Functions, properties: Id) -> Option<Self> {
        // SAFETY: `properties` is a list of properties, as HDF5 said when it called.
        let count = u32::try_from(unsafe { (hdf5.n_filters)(properties) }).ok()?;
        let mut before = Vec::new();
        for index in 0..count {
            let (mut flags, mut config) = (0, 0);
            let mut values = vec![0; MAX_VALUES];
            let mut n_values = values.len();
            // SAFETY: as above; the filter exists, there is room for `n_values` values, and no name is
            // asked for.
            let id = unsafe {
                (hdf5.filter_at)(
                    properties,
                    index,
                    &mut flags,
                    &mut n_values,
                    values.as_mut_ptr(),
                    0,
                    std::ptr::null_mut(),
                    &mut config,
                )
            };
            if id == FILTER_ID && n_values <= MAX_VALUES {
                values.truncate(n_values);
                return Some(Self { flags, values, before });
            }
            before.push(id);
        }
        None
    }

    fn complete(&self, hdf5: &Functions, properties: Id, of_type: Id) -> Result<()> {
        let given = Parameters::from_values(&self.values)?;
        if let Some(digest) = given.model {
            // Later, when chunks are coded, HDF5 stores them as they are, without an error, if the filter is optional.
            models().find(digest, None)?;
        }
        let chunk = chunk_of(hdf5, properties);
        let parameters = after(&self.before, fitting(given, &chunk, || described(hdf5, of_type)));
        let values = parameters.to_values();
        // SAFETY: as in `find`; the list holds the filter, and the pointer is to so many values.
        let status = unsafe {
            (hdf5.modify_filter)(properties, FILTER_ID, self.flags, values.len(), values.as_ptr())
        };
        if status < 0 {
            let message = format!("HDF5 did not take the {} values of the filter", values.len());
            return Err(Error::new(ErrorKind::InvalidArgument, message));
        }
        Ok(())
    }
}

/// The parameters for chunks of a shape, of elements whose size and description `element` gives.
fn fitting(
    given: Parameters,
    chunk: &[u64],
    element: impl FnOnce() -> (u64, String),
) -> Parameters {
    let (size, descr) = element();
    let bytes = chunk.iter().try_fold(size, |n, length| n.checked_mul(*length));
    let chunk_bytes =
        bytes.and_then(|bytes| u32::try_from(bytes).ok()).filter(|_| !chunk.is_empty());
    let fits = |schema: &Schema| bytes.is_some_and(|bytes| bytes % schema.stride() as u64 == 0);
    match given.schema.as_ref().is_some_and(fits) {
        true => Parameters { chunk_bytes, ..given },
        false => {
            let schema = array_schema(&descr, chunk).ok();
            Parameters { chunk_bytes, schema, searched: false, ..given }
        }
    }
}

/// The parameters behind other filters, which have changed what the bytes mean and perhaps their number.
fn after(filters: &[c_int], parameters: Parameters) -> Parameters {
    if filters.is_empty() {
        return parameters;
    }
    let same_length = filters.iter().all(|filter| *filter == SHUFFLE);
    let chunk_bytes = parameters.chunk_bytes.filter(|_| same_length);
    Parameters { chunk_bytes, schema: None, searched: false, ..parameters }
}

fn chunk_of(hdf5: &Functions, properties: Id) -> Vec<u64> {
    let mut lengths = [0; MAX_RANK];
    // SAFETY: as in `find`; there is room for all lengths.
    let rank = unsafe { (hdf5.chunk)(properties, MAX_RANK as c_int, lengths.as_mut_ptr()) };
    let rank = usize::try_from(rank).unwrap_or(0).min(MAX_RANK);
    lengths[..rank].to_vec()
}

fn described(hdf5: &Functions, of_type: Id) -> (u64, String) {
    // SAFETY: `of_type` is a type, as HDF5 said when it called.
    let size = unsafe { (hdf5.size)(of_type) };
    (size as u64, describe(hdf5, of_type).into_descr())
}

#[cfg(test)]
mod tests {
    use super::*;
    use vortex_codec::{DType, Field};

    fn pairs() -> (u64, String) {
        (6, "[('x', '<f4'), ('n', '>i2')]".into())
    }

    #[test]
    fn the_type_becomes_the_schema_unless_the_given_one_fits() {
        let found = fitting(Parameters::default(), &[100, 2], pairs);
        assert_eq!(found.chunk_bytes, Some(1200));
        let schema = found.schema.unwrap();
        assert_eq!((schema.stride(), schema.fields()[1].big_endian), (6, true));

        let given = |stride| {
            let fields = vec![Field::new("value", DType::U8, 0)];
            let schema = Some(Schema::new(stride, fields).unwrap());
            Parameters { schema, searched: true, chunk_bytes: Some(7), ..Parameters::default() }
        };
        let found = fitting(given(12), &[100], pairs);
        assert!(found.searched && found.schema.unwrap().stride() == 12);
        assert_eq!(found.chunk_bytes, Some(600));
        let found = fitting(given(7), &[100], pairs);
        assert!(!found.searched && found.schema.unwrap().stride() == 6);
    }

    #[test]
    fn behind_shuffle_only_the_length_is_known_and_behind_others_nothing() {
        let found = || fitting(Parameters::default(), &[100], pairs);
        assert_eq!(after(&[], found()), found());
        let shuffled = Parameters { chunk_bytes: Some(600), ..Parameters::default() };
        assert_eq!(after(&[SHUFFLE], found()), shuffled);
        assert_eq!(after(&[SHUFFLE, 3], found()), Parameters::default());
        assert_eq!(after(&[32015], found()), Parameters::default());
    }

    #[test]
    fn rows_of_numbers_are_records_and_odd_types_are_bytes() {
        let number = || (4, "'<f4'".to_owned());
        let stride =
            |chunk: &[u64]| fitting(Parameters::default(), chunk, number).schema.unwrap().stride();
        assert_eq!((stride(&[50, 7]), stride(&[350]), stride(&[5, 7, 10])), (28, 4, 4));
        let found = fitting(Parameters::default(), &[4], || (16, "'|V16'".into()));
        assert_eq!(found.schema.unwrap().stride(), 16);
        // A chunk whose length does not fit in the values.
        let found = fitting(Parameters::default(), &[1 << 40], number);
        assert_eq!(found.chunk_bytes, None);
    }
}
