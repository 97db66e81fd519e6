//! Numbers of variable length: seven bits a byte, the lowest ones first, the highest bit set in all bytes but the last.
//! Readers differ in their limits, so each has its own.

/// Appends a number.
pub(crate) fn write(mut n: u64, out: &mut Vec<u8>) {
    while n >= 0x80 {
        out.push(n.to_le_bytes()[0] | 0x80);
        n >>= 7;
    }
    out.push(n.to_le_bytes()[0]);
}
