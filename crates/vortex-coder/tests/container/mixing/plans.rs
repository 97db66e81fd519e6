//! The first bytes of a payload, read and forged.

use vortex_coder::{RecordLayout, Schema};

/// Kinds of a plan.
pub const RECORDS: u8 = 0;
pub const REGIONS: u8 = 1;
/// Bits of a region's code.
pub const NUMBERS: u8 = 0x80;
pub const BIG_ENDIAN: u8 = 0x40;
pub const FAR: u8 = 0x20;
pub const FURTHER: u8 = 0x10;

/// A number of the plan, seven bits per byte.
pub fn number(mut n: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
    out
}

/// Numbers of a plan one after the other.
pub fn numbers(all: &[u64]) -> Vec<u8> {
    all.iter().flat_map(|&n| number(n)).collect()
}

fn read(payload: &mut &[u8]) -> u64 {
    let len = payload.iter().position(|byte| *byte < 0x80).unwrap() + 1;
    let (number, rest) = payload.split_at(len);
    *payload = rest;
    number.iter().rev().fold(0, |n, byte| n << 7 | u64::from(byte & 0x7f))
}

/// The plan of a payload that an encoder wrote.
#[derive(Debug)]
pub struct Plan {
    pub bytes: usize,
    /// By role; empty for regions.
    pub flat: Vec<bool>,
    /// By field; empty for regions.
    pub partners: Vec<Option<usize>>,
    pub regions: Vec<Region>,
}

/// One region of a plan.
#[derive(Debug, PartialEq, Eq)]
pub struct Region {
    pub bytes: usize,
    /// 0 for text.
    pub code: u8,
    pub far: Vec<usize>,
    /// Low bytes of each number that are flat; 0 for text.
    pub flat: usize,
}

impl Region {
    /// Bytes a number; 0 for text.
    pub fn width(&self) -> usize {
        if self.code == 0 { 0 } else { 1 << (self.code >> 2 & 3) }
    }
}

pub fn plan(payload: &[u8], schema: &Schema) -> Plan {
    let (head, mut rest) = payload.split_at(3);
    let mut plan = Plan { bytes: 0, flat: vec![], partners: vec![], regions: vec![] };
    if head[0] == RECORDS {
        let n_roles = RecordLayout::new(schema.clone()).roles().len();
        let runs = read(&mut rest);
        for run in 0..runs {
            let len = plan.flat.len() + read(&mut rest) as usize;
            plan.flat.resize(len, run % 2 == 1);
        }
        plan.flat.resize(n_roles, runs % 2 == 1);
        plan.partners = vec![None; schema.fields().len()];
        let mut field = 0;
        for _ in 0..read(&mut rest) {
            field += read(&mut rest) as usize;
            plan.partners[field] = Some(read(&mut rest) as usize);
            field += 1;
        }
    } else {
        for _ in 0..read(&mut rest) {
            let bytes = read(&mut rest) as usize;
            let (code, mut far) = (rest[0], Vec::new());
            rest = &rest[1..];
            for _ in 0..(code & (FAR | FURTHER)).count_ones() {
                far.push(read(&mut rest) as usize);
            }
            let flat = if code == 0 { 0 } else { read(&mut rest) as usize };
            plan.regions.push(Region { bytes, code, far, flat });
        }
    }
    plan.bytes = payload.len() - rest.len();
    plan
}
