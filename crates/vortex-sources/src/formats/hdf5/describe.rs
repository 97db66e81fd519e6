//! A dataset as one or two tables, and how it is stored.

use hdf5_reader::error::ByteOrder;
use hdf5_reader::messages::HdfMessage;
use hdf5_reader::{Dataset, Datatype};
use vortex_base::hex;

use super::attributes::{SEQUENCE_BYTES, width};
use super::refusal::Refusal;
use super::sequences::{LENGTHS, MAX_SEQUENCES, Part, Sequences, VALUES, elements};
use super::tree::Storage;
use super::write::chunk_count;
use super::{
    Described, FORM, Hdf5Source, LENGTHS_FORM, MAX_CHUNKS, VALUES_FORM, datatype, filters, stream,
};
use crate::fields::Records;
use crate::source::{DatasetInfo, Origin, Unread};

impl Hdf5Source {
    /// The tables of a dataset that can be streamed, and its storage.
    pub(super) fn describe(
        &mut self,
        name: &str,
        dataset: &Dataset,
    ) -> Result<(Vec<(DatasetInfo, Part)>, Storage), Refusal> {
        let header = self.file.get_or_parse_header(dataset.address())?;
        // Other files have references of another size.
        let wide = self.file.superblock().offset_size == 8;
        let elements = elements(dataset.dtype()).filter(|_| wide);
        let refusal = datatype::refusal(dataset.dtype()).filter(|_| elements.is_none());
        if let Some(reason) = refusal {
            return Err(Refusal::Kind(reason));
        }
        let mut pipeline = &[][..];
        for message in &header.messages {
            match message {
                HdfMessage::ExternalFiles(_) => {
                    return Err(Refusal::Kind("its values are in another file".into()));
                }
                HdfMessage::FilterPipeline(found) => pipeline = &found.filters,
                _ => {}
            }
        }
        if let Some(reason) = filters::refusal(pipeline) {
            return Err(Refusal::LeftOut(reason));
        }
        let size = match elements {
            Some(_) => SEQUENCE_BYTES as u64,
            None => datatype::size(dataset.dtype()),
        };
        let stated = dataset.raw_element_size()?;
        if size == 0 || size != stated as u64 {
            return Err(format!("elements of {size} bytes, stated as {stated}").into());
        }
        let datatype = hex::encode(&dataset.raw_datatype()?);
        let count = dataset.num_elements()?;
        let null = count == 0 && dataset.shape().is_empty();
        let shape = if null { vec![0] } else { dataset.shape().to_vec() };
        if count.checked_mul(size).is_none() {
            let what = format!("{count} elements of {size} bytes are more than 2^64 bytes");
            return Err(what.into());
        }
        // Refuses storage that cannot be streamed.
        let reader = stream::Reader::new(&self.file, dataset, size, &shape)?;
        let mut storage = Storage { name: name.to_owned(), ..Default::default() };
        let mut lose = |reason: String| self.lost.push(Unread { name: name.to_owned(), reason });
        match (reader.fill(), elements) {
            (Some(fill), None) => storage.fill = Some(hex::encode(fill)),
            // It would refer to a place in another file.
            (Some(_), Some(_)) => lose("its fill value".into()),
            _ => {}
        }
        let chunks: Option<Vec<u32>> = dataset.chunks().filter(|_| !null);
        let chunks = chunks.map(|chunks| chunks.into_iter().take(shape.len()).collect());
        let possible = |chunks: &Vec<u32>| chunks.len() == shape.len() && !chunks.contains(&0);
        match chunks.filter(possible) {
            Some(chunks) if chunk_count(&shape, &chunks) > MAX_CHUNKS => {
                let count = chunk_count(&shape, &chunks);
                lose(format!("restored without its {count} chunks; up to {MAX_CHUNKS} are kept"));
            }
            Some(chunks) => {
                let limit = |len: &u64| (*len != u64::MAX).then_some(*len);
                let largest = dataset.max_dims();
                storage.max_shape = largest.map(|lens| lens.iter().map(limit).collect());
                storage.chunks = Some(chunks);
                if let Some(lost) = filters::kept(pipeline, &mut storage) {
                    lose(lost);
                }
            }
            None => {}
        }
        let described = Described { datatype, null };
        let Some(base) = elements else {
            let table = table(name, &shape, dataset.dtype(), FORM, &described);
            return Ok((vec![(table, Part::Whole)], storage));
        };
        if count > MAX_SEQUENCES {
            return Err(format!("{count} sequences; {MAX_SEQUENCES} are allowed").into());
        }
        storage.sequences = true;
        let sequences = Sequences::new(reader, dataset, width(base)?);
        let total = match count {
            0 => 0,
            _ => sequences.count(&self.path, name, self.file.storage().len())?,
        };
        let (size, signed, byte_order) = (4, false, ByteOrder::LittleEndian);
        let number = Datatype::FixedPoint { size, signed, byte_order };
        let lengths = format!("{name}{LENGTHS}");
        let values = format!("{name}{VALUES}");
        let lengths = table(&lengths, &shape, &number, LENGTHS_FORM, &described);
        let values = table(&values, &[total], base, VALUES_FORM, &described);
        Ok((vec![(lengths, Part::Lengths), (values, Part::Elements)], storage))
    }
}

/// The description of an array.
fn table(
    name: &str,
    shape: &[u64],
    datatype: &Datatype,
    form: &str,
    described: &Described,
) -> DatasetInfo {
    let (size, number) = (datatype::size(datatype), datatype::number(datatype).is_some());
    let records = Records::of_array(shape, size, number, |fields, name, offset| {
        datatype::describe(datatype, fields, name, offset);
    });
    DatasetInfo {
        name: name.to_owned(),
        schema: records.schema,
        n_records: records.n_records,
        records_per_event: records.records_per_event,
        shape: shape.to_vec(),
        origin: Origin::new(form, described),
    }
}
