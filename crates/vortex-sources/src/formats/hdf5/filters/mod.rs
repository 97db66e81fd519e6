//! The filters of chunks: which are read, and the decoders that `hdf5-reader` does not have.
//!
//! Each decoder gets the longest output that it may make, and takes memory only for it.

mod bitshuffle;
mod blosc;
mod blosc2;
mod blosclz;
mod bytes;
mod codecs;
mod copies;
mod lzf;
mod shuffle;
mod snappy;

use hdf5_reader::FilterRegistry;
use hdf5_reader::error::Error as ReadError;
use hdf5_reader::filters::{
    FILTER_DEFLATE, FILTER_FLETCHER32, FILTER_LZ4, FILTER_NBIT, FILTER_SCALEOFFSET, FILTER_SHUFFLE,
    FILTER_SZIP,
};
use hdf5_reader::messages::filter_pipeline::FilterDescription;

use super::MAX_CHUNK_BYTES;
use super::tree::Storage;

/// The output of a decoder, or what is wrong with its input.
pub type Decoded = Result<Vec<u8>, String>;

/// A filter that is decoded here.
struct Own {
    /// Its number in the list of the HDF Group.
    id: u16,
    title: &'static str,
    /// Client data, bytes of a chunk, and most bytes of the output.
    decode: fn(&[u32], &[u8], usize) -> Decoded,
}

static OWN: [Own; 7] = [
    Own { id: 307, title: "bzip2", decode: |_, bytes, limit| codecs::bzip2(bytes, limit) },
    Own { id: 32000, title: "LZF", decode: lzf },
    Own { id: 32001, title: "Blosc", decode: |_, bytes, limit| blosc::decode(bytes, limit) },
    Own {
        id: FILTER_LZ4,
        title: "LZ4",
        decode: |_, bytes, limit| codecs::lz4_blocks(bytes, limit),
    },
    Own { id: 32008, title: "Bitshuffle", decode: bitshuffle::decode },
    Own { id: 32015, title: "Zstandard", decode: |_, bytes, limit| codecs::zstd(bytes, limit) },
    Own { id: 32026, title: "Blosc2", decode: |_, bytes, limit| blosc2::decode(bytes, limit) },
];

/// Filters that `hdf5-reader` decodes.
const BUILT_IN: [u16; 6] = [
    FILTER_DEFLATE,
    FILTER_SHUFFLE,
    FILTER_FLETCHER32,
    FILTER_SZIP,
    FILTER_NBIT,
    FILTER_SCALEOFFSET,
];

/// Names of filters that are read and not written.
const BUILT_IN_TITLES: [(u16, &str); 4] = [
    (FILTER_FLETCHER32, "fletcher32"),
    (FILTER_SZIP, "szip"),
    (FILTER_NBIT, "n-bit"),
    (FILTER_SCALEOFFSET, "scale-offset"),
];

/// Names of filters that are not read.
const OTHERS: [(u16, &str); 6] = [
    (32013, "ZFP"),
    (32017, "SZ"),
    (32018, "FCIDECOMP"),
    (32019, "JPEG"),
    (32024, "SZ3"),
    (32028, "SPERR"),
];

/// All filters that are read.
pub(super) fn registry() -> FilterRegistry {
    let mut filters = FilterRegistry::new();
    for own in &OWN {
        let decode = move |filter: &FilterDescription, bytes: &[u8], _: usize| {
            (own.decode)(&filter.client_data, bytes, MAX_CHUNK_BYTES)
                .map_err(|what| ReadError::InvalidData(format!("{}: {what}", own.title)))
        };
        filters.register(own.id, Box::new(decode));
    }
    filters
}

/// Decodes a chunk of the filter with number `id`, to at most `limit` bytes; `None` for a filter that
/// is not decoded here.
///
/// # Errors
/// What is wrong with the chunk.
pub fn decode(id: u16, client: &[u32], chunk: &[u8], limit: usize) -> Option<Decoded> {
    OWN.iter().find(|own| own.id == id).map(|own| (own.decode)(client, chunk, limit))
}

/// The reason why chunks with these filters are not read, if there is one.
pub(super) fn refusal(filters: &[FilterDescription]) -> Option<String> {
    let own = |id: u16| OWN.iter().any(|own| own.id == id);
    for (number, filter) in filters.iter().enumerate() {
        if !own(filter.id) && !BUILT_IN.contains(&filter.id) {
            let name = OTHERS.iter().find(|(id, _)| *id == filter.id).map(|(_, name)| *name);
            let name = name.or(filter.name.as_deref()).unwrap_or("no name");
            let name: String = name.chars().take(40).collect();
            return Some(format!("filter {} ({name}) is not read", filter.id));
        }
        // The length of the output of such a filter is known only from the chunk, and the reader
        // sets no limit.
        let sized = ![FILTER_SHUFFLE, FILTER_FLETCHER32].contains(&filter.id) && !own(filter.id);
        let free = filters[..number].iter().find(|f| own(f.id) || f.id == FILTER_SZIP);
        if let (true, Some(free)) = (sized, free) {
            let what = format!("filter {} after filter {} is not read", filter.id, free.id);
            return Some(what);
        }
    }
    None
}

/// Notes in `storage` which of these filters a restored file has. Returns what it does not have, if
/// anything.
pub(super) fn kept(filters: &[FilterDescription], storage: &mut Storage) -> Option<String> {
    let mut lost = Vec::new();
    for filter in filters {
        let first = filter.client_data.first().copied();
        match filter.id {
            FILTER_SHUFFLE if storage.deflate.is_none() => storage.shuffle = true,
            FILTER_DEFLATE if storage.deflate.is_none() => {
                storage.deflate = Some(first.unwrap_or(6).min(9));
            }
            id => {
                let own = OWN.iter().find(|own| own.id == id).map(|own| own.title);
                let name = BUILT_IN_TITLES.iter().find(|(known, _)| *known == id);
                let name = own.or(name.map(|(_, name)| *name)).unwrap_or("a filter");
                lost.push(format!("{name} ({id})"));
            }
        }
    }
    (!lost.is_empty()).then(|| format!("restored without these filters: {}", lost.join(", ")))
}

fn lzf(client: &[u32], bytes: &[u8], limit: usize) -> Decoded {
    // Third parameter: bytes of a chunk, as h5py stores them.
    let stated = client.get(2).map_or(limit, |n| *n as usize);
    Ok(lzf::expand(bytes, stated.min(limit))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(id: u16) -> FilterDescription {
        FilterDescription { id, name: Some("of a test".into()), client_data: Vec::new() }
    }

    #[test]
    fn filters_that_are_not_read_are_named() {
        let why = |ids: &[u16]| refusal(&ids.iter().map(|id| filter(*id)).collect::<Vec<_>>());
        assert_eq!(why(&[FILTER_SHUFFLE, FILTER_DEFLATE, FILTER_FLETCHER32]), None);
        assert_eq!(why(&[FILTER_SHUFFLE, 32000, 32001, 32008, FILTER_FLETCHER32]), None);
        assert_eq!(why(&[32013]).unwrap(), "filter 32013 (ZFP) is not read");
        assert_eq!(why(&[1, 512]).unwrap(), "filter 512 (of a test) is not read");
        assert!(why(&[32008, FILTER_DEFLATE]).unwrap().contains("after filter 32008"));
    }

    /// Any bytes are decoded or refused, within the limit.
    #[test]
    fn hostile_chunks_do_no_harm() {
        let mut state = 1u64;
        let mut draw = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(99);
            (state >> 33) as u8
        };
        for own in &OWN {
            for round in 0..3000usize {
                let bytes: Vec<u8> = (0..round % 200).map(|_| draw()).collect();
                for client in
                    [&[0, 4, 2, 64, 2][..], &[0, 4, 8, 0, 3], &[2, 2, 4, 100, 5, 1, 3], &[]]
                {
                    if let Ok(out) = (own.decode)(client, &bytes, 1000) {
                        assert!(out.len() <= 1000, "{}", own.title);
                    }
                }
            }
        }
    }
}
