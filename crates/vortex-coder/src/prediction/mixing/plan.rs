//! The plan at the start of a block: how the block is read, and with which contexts.

use super::engine::{MAX_CONTEXTS, MIXED_CONTEXTS};
use super::number_contexts::NUMBER_CONTEXTS;
use super::numbers::{Form, Numbers};
use super::record_contexts::{Partners, RECORD_CONTEXTS};
use super::regions::{Content, Region};
use crate::error::{Error, Result};
use crate::layout::RecordLayout;
use crate::prediction::varint;
use crate::schema::FieldCoding;

/// log2 of the fewest and the most slots.
pub(super) const SLOTS_LOG2: std::ops::RangeInclusive<u32> = 4..=23;

/// A block may have one region for this number of bytes, besides [`FREE_REGIONS`]; more would only
/// use memory.
const BYTES_A_REGION: usize = 64;
const FREE_REGIONS: usize = 16;

/// How a block is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub slots_log2: u32,
    /// Contexts per symbol.
    pub contexts: usize,
    pub reading: Reading,
}

/// Which readings a predictor has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kinds {
    /// Records; regions only where a record is one byte.
    Records,
    /// Records or regions, whatever the schema.
    Arrays,
    /// Records, and text where they are bytes.
    BesideNetwork,
}

/// The contents of the block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// Records of the member's schema.
    Records {
        /// For each role, whether it is noise.
        flat: Vec<bool>,
        partners: Partners,
    },
    /// Bytes whose meaning changes between regions.
    Regions(Vec<Region>),
}

const RECORDS: u8 = 0;
const REGIONS: u8 = 1;
/// Bits of a region's code: numbers or bytes, byte order, distances; width and form are in the
/// lower bits.
const NUMBERS: u8 = 0x80;
const BIG_ENDIAN: u8 = 0x40;
const FAR: [u8; 2] = [0x20, 0x10];

impl Plan {
    /// Appends the plan.
    pub(super) fn write_to(&self, out: &mut Vec<u8>) {
        let byte = |n: usize| u8::try_from(n).expect("below 256");
        let kind = if matches!(self.reading, Reading::Records { .. }) { RECORDS } else { REGIONS };
        out.extend([kind, byte(self.slots_log2 as usize), byte(self.contexts)]);
        match &self.reading {
            Reading::Records { flat, partners } => {
                write_runs(flat, out);
                write_partners(partners, out);
            }
            Reading::Regions(regions) => {
                write_length(regions.len(), out);
                regions.iter().for_each(|region| write_region(region, out));
            }
        }
    }

    /// Reads the plan of a block of `bytes` bytes, and moves `input` past it.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Corrupt`] for a plan that no encoder writes.
    pub(super) fn read_from(
        input: &mut &[u8],
        layout: &RecordLayout,
        bytes: usize,
        kinds: Kinds,
    ) -> Result<Self> {
        let [kind, slots_log2, contexts] = *take(input)?;
        let (slots_log2, contexts) = (u32::from(slots_log2), usize::from(contexts));
        let possible = match kind {
            RECORDS if kinds == Kinds::BesideNetwork => MIXED_CONTEXTS,
            RECORDS => RECORD_CONTEXTS,
            _ => NUMBER_CONTEXTS,
        };
        if !(1..=possible).contains(&contexts) {
            return Err(corrupt(format!("{contexts} contexts; 1 to {possible} are possible")));
        }
        let most = most_slots_log2(bytes, contexts);
        if !(*SLOTS_LOG2.start()..=most).contains(&slots_log2) {
            let least = SLOTS_LOG2.start();
            return Err(corrupt(format!(
                "2^{slots_log2} slots; 2^{least} to 2^{most} are possible"
            )));
        }
        const { assert!(RECORD_CONTEXTS <= MAX_CONTEXTS && NUMBER_CONTEXTS <= MAX_CONTEXTS) };
        let reading = match kind {
            RECORDS => {
                let flat = read_runs(input, layout.roles().len())?;
                let partners = read_partners(input, layout.n_fields())?;
                Reading::Records { flat, partners }
            }
            REGIONS if kinds == Kinds::BesideNetwork => {
                Reading::Regions(read_text(input, layout, bytes)?)
            }
            REGIONS if layout.stride() == 1 || kinds == Kinds::Arrays => {
                Reading::Regions(read_regions(input, bytes)?)
            }
            REGIONS => {
                return Err(corrupt(format!("regions in records of {} bytes", layout.stride())));
            }
            other => return Err(corrupt(format!("unknown kind {other}"))),
        };
        Ok(Self { slots_log2, contexts, reading })
    }
}

/// log2 of the largest number of slots of a block of this number of bytes; more slots would stay
/// empty.
pub(super) fn most_slots_log2(bytes: usize, contexts: usize) -> u32 {
    // Two nibbles per symbol in each context.
    (bytes * 2 * contexts).max(1).ilog2().clamp(*SLOTS_LOG2.start(), *SLOTS_LOG2.end())
}

fn corrupt(what: String) -> Error {
    Error::corrupt(format!("the block's plan: {what}"))
}

fn take<'a, const N: usize>(input: &mut &'a [u8]) -> Result<&'a [u8; N]> {
    let (first, rest) =
        input.split_first_chunk().ok_or_else(|| corrupt("it ends too early".to_owned()))?;
    *input = rest;
    Ok(first)
}

fn write_length(n: usize, out: &mut Vec<u8>) {
    varint::write(u32::try_from(n).expect("a block is shorter than 2^32").into(), out);
}

fn read_number(input: &mut &[u8]) -> Result<u32> {
    let mut n = 0u64;
    for shift in (0..35).step_by(7) {
        let [byte] = *take(input)?;
        n |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return u32::try_from(n).map_err(|_| corrupt(format!("the number {n}")));
        }
    }
    Err(corrupt("a number of more than 5 bytes".to_owned()))
}

/// Writes the lengths of alternating runs of `false` and `true`, without the last run.
fn write_runs(flags: &[bool], out: &mut Vec<u8>) {
    let runs: Vec<usize> = {
        let mut runs = vec![0];
        let mut now = false;
        for &flag in flags {
            if flag != now {
                runs.push(0);
                now = flag;
            }
            *runs.last_mut().expect("never empty") += 1;
        }
        runs
    };
    write_length(runs.len() - 1, out);
    runs[..runs.len() - 1].iter().for_each(|&run| write_length(run, out));
}

fn read_runs(input: &mut &[u8], len: usize) -> Result<Vec<bool>> {
    let mut flags = Vec::with_capacity(len);
    let mut flag = false;
    for _ in 0..read_number(input)? {
        let run = read_number(input)? as usize;
        if run > len - flags.len() {
            return Err(corrupt(format!("a run of {run} roles after {} of {len}", flags.len())));
        }
        flags.resize(flags.len() + run, flag);
        flag = !flag;
    }
    flags.resize(len, flag);
    Ok(flags)
}

/// Writes the number of fields with partners, and for each of them the number of fields since the
/// last one, and its partner.
fn write_partners(partners: &Partners, out: &mut Vec<u8>) {
    let with: Vec<_> = partners.iter().enumerate().filter_map(|(i, p)| Some((i, (*p)?))).collect();
    write_length(with.len(), out);
    let mut next = 0;
    for (field, partner) in with {
        write_length(field - next, out);
        varint::write(partner.into(), out);
        next = field + 1;
    }
}

fn read_partners(input: &mut &[u8], fields: usize) -> Result<Partners> {
    let mut partners = vec![None; fields];
    let mut next = 0;
    for _ in 0..read_number(input)? {
        let field = (read_number(input)? as usize).saturating_add(next);
        let Some(place) = partners.get_mut(field) else {
            return Err(corrupt(format!("a partner of field {field} of {fields}")));
        };
        let partner = read_number(input)?;
        if partner as usize >= field {
            return Err(corrupt(format!("field {partner} as the partner of field {field}")));
        }
        *place = u16::try_from(partner).ok();
        next = field + 1;
    }
    Ok(partners)
}

fn write_region(region: &Region, out: &mut Vec<u8>) {
    write_length(region.bytes, out);
    match region.content {
        Content::Bytes => out.push(0),
        Content::Numbers(Numbers { width, big_endian, form, far, flat }) => {
            let width = u8::try_from(width.ilog2()).expect("0 to 3");
            let mut code = NUMBERS | width << 2 | form as u8;
            if big_endian {
                code |= BIG_ENDIAN;
            }
            for (bit, _) in FAR.into_iter().zip(far).filter(|(_, far)| *far > 0) {
                code |= bit;
            }
            out.push(code);
            far.into_iter().filter(|far| *far > 0).for_each(|far| write_length(far, out));
            write_length(flat, out);
        }
    }
}

fn read_regions(input: &mut &[u8], bytes: usize) -> Result<Vec<Region>> {
    let (n, most) = (read_number(input)? as usize, bytes / BYTES_A_REGION + FREE_REGIONS);
    if n > most {
        return Err(corrupt(format!("{n} regions of {bytes} bytes; {most} are possible")));
    }
    let mut regions = Vec::new();
    let mut left = bytes;
    for _ in 0..n {
        let region = read_region(input, bytes)?;
        if region.bytes > left {
            return Err(corrupt(format!(
                "a region of {} bytes, where {left} are left",
                region.bytes
            )));
        }
        left -= region.bytes;
        regions.push(region);
    }
    if left > 0 {
        return Err(corrupt(format!("the last {left} of {bytes} bytes are in no region")));
    }
    Ok(regions)
}

/// The regions of a block beside a network, which predicts bytes in their order: text.
fn read_text(input: &mut &[u8], layout: &RecordLayout, bytes: usize) -> Result<Vec<Region>> {
    if !bytes_are_symbols(layout) {
        return Err(corrupt("regions beside a network of records".to_owned()));
    }
    let regions = read_regions(input, bytes)?;
    if regions.iter().any(|region| region.content != Content::Bytes) {
        return Err(corrupt("numbers beside a network of bytes".to_owned()));
    }
    Ok(regions)
}

/// Whether a record is one byte, which is also its symbol.
pub(super) fn bytes_are_symbols(layout: &RecordLayout) -> bool {
    layout.stride() == 1 && layout.schema().fields()[0].coding == FieldCoding::Raw
}

/// One region of a block of `block` bytes.
fn read_region(input: &mut &[u8], block: usize) -> Result<Region> {
    let bytes = read_number(input)? as usize;
    let [code] = *take(input)?;
    if code == 0 && bytes > 0 {
        return Ok(Region { bytes, content: Content::Bytes });
    }
    let form = match code & 3 {
        0 => Form::Unsigned,
        1 => Form::Signed,
        2 => Form::Float,
        _ => return Err(corrupt(format!("a region of code {code:#04x}"))),
    };
    let width = 1usize << (code >> 2 & 3);
    if code & NUMBERS == 0 || !bytes.is_multiple_of(width) || bytes == 0 {
        return Err(corrupt(format!("a region of code {code:#04x} and {bytes} bytes")));
    }
    let mut far = [0; 2];
    for (far, _) in far.iter_mut().zip(FAR).filter(|(_, bit)| code & bit != 0) {
        *far = read_number(input)? as usize;
        if !(width..block).contains(far) {
            return Err(corrupt(format!(
                "a distance of {far} bytes for numbers of {width} in a block of {block}"
            )));
        }
    }
    let flat = read_number(input)? as usize;
    if flat > width {
        return Err(corrupt(format!("{flat} flat bytes in numbers of {width}")));
    }
    let big_endian = code & BIG_ENDIAN != 0;
    let numbers = Numbers { width, big_endian, form, far, flat };
    Ok(Region { bytes, content: Content::Numbers(numbers) })
}
