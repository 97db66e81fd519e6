//! Copies of earlier bytes, of which the outputs of LZF, BloscLZ and Snappy consist.

/// Appends `len` bytes that were written `distance` bytes before; they may be among the new ones.
pub(super) fn copy(out: &mut Vec<u8>, len: usize, distance: usize) -> Result<(), String> {
    let start = out.len().checked_sub(distance).filter(|_| distance > 0);
    let start =
        start.ok_or_else(|| format!("a copy from {distance} bytes before, at {}", out.len()))?;
    for at in start..start + len {
        out.push(out[at]);
    }
    Ok(())
}
