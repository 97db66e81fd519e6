//! The records of a table, put together from the parts of columns.

use std::ops::ControlFlow;
use std::path::Path;

use super::layout::{Part, Table};
use super::shape::{Columns, Feed, What};
use crate::error::{Error, Result};
use crate::source::{PIECE_BYTES, Sink};

/// Approximate number of bytes of records that are assembled at a time.
const ASSEMBLED_BYTES: usize = PIECE_BYTES / 4;

/// Passes on the records of a table.
pub(super) fn stream(
    path: &Path,
    columns: &dyn Columns,
    table: &Table,
    sink: &mut Sink<'_>,
) -> Result<()> {
    let Table { info, parts } = table;
    let refuse = |what: String| Error::source(path, &info.name, what);
    let mut pumps = Vec::new();
    let mut offset = 0;
    // Parts of one node that follow each other are read together.
    for parts in parts.chunk_by(|a, b| a.node == b.node) {
        pumps.push(Pump::new(columns, parts, offset).map_err(refuse)?);
        offset += parts.iter().map(Part::width).sum::<usize>();
    }
    if let ([pump], [Part { what: What::Data, .. }]) = (pumps.as_mut_slice(), parts.as_slice()) {
        return bytes(pump, info.n_records, sink).map_err(refuse)?;
    }
    let stride = info.schema.stride();
    let step = (ASSEMBLED_BYTES / stride).max(1) as u64;
    let mut piece = Vec::new();
    let mut left = info.n_records;
    while left > 0 {
        let n = left.min(step);
        piece.resize(n as usize * stride, 0);
        for pump in &mut pumps {
            pump.fill(&mut piece, stride).map_err(refuse)?;
        }
        if sink(&piece)? == ControlFlow::Break(()) {
            return Ok(());
        }
        left -= n;
    }
    Ok(())
}

/// Passes on `left` bytes of texts.
fn bytes(
    pump: &mut Pump<'_>,
    mut left: u64,
    sink: &mut Sink<'_>,
) -> std::result::Result<Result<()>, String> {
    while left > 0 {
        let data = &mut pump.held[0];
        data.clear();
        if !pump.feed.next(&mut pump.held)? {
            return Err(format!("{left} bytes are missing"));
        }
        let data = &pump.held[0];
        let n = left.min(data.len() as u64);
        match sink(&data[..n as usize]) {
            Ok(ControlFlow::Continue(())) => {}
            Ok(ControlFlow::Break(())) => return Ok(Ok(())),
            Err(error) => return Ok(Err(error)),
        }
        left -= n;
    }
    Ok(Ok(()))
}

/// Parts of a node that are written into records.
struct Pump<'a> {
    feed: Box<dyn Feed + 'a>,
    name: String,
    /// Offset and width in a record of each part.
    places: Vec<(usize, usize)>,
    /// The slots that are not yet in a record, from `at` on.
    held: Vec<Vec<u8>>,
    at: usize,
    slots: usize,
}

impl<'a> Pump<'a> {
    fn new(
        columns: &'a dyn Columns,
        parts: &[Part],
        mut offset: usize,
    ) -> std::result::Result<Self, String> {
        let what: Vec<What> = parts.iter().map(|part| part.what).collect();
        let mut places = Vec::new();
        for part in parts {
            places.push((offset, part.width()));
            offset += part.width();
        }
        let first = parts.first().ok_or("a table without columns")?;
        let feed = columns.feed(first.node, &what)?;
        let name = first.name().to_owned();
        Ok(Self { feed, name, places, held: vec![Vec::new(); what.len()], at: 0, slots: 0 })
    }

    /// Writes the next slots into `records`.
    fn fill(&mut self, records: &mut [u8], stride: usize) -> std::result::Result<(), String> {
        let mut rest = records;
        while !rest.is_empty() {
            while self.at == self.slots {
                self.held.iter_mut().for_each(Vec::clear);
                if !self.feed.next(&mut self.held)? {
                    let left = rest.len() / stride;
                    return Err(format!("{} ends {left} values too early", self.name));
                }
                let width = self.places[0].1;
                (self.at, self.slots) = (0, self.held[0].len() / width);
            }
            let n = (self.slots - self.at).min(rest.len() / stride);
            let (now, later) = rest.split_at_mut(n * stride);
            for ((offset, width), held) in self.places.iter().zip(&self.held) {
                let values = held.get(self.at * width..).unwrap_or_default().chunks_exact(*width);
                for (record, value) in now.chunks_exact_mut(stride).zip(values) {
                    record[*offset..offset + width].copy_from_slice(value);
                }
            }
            self.at += n;
            rest = later;
        }
        Ok(())
    }
}
