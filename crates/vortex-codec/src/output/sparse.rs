//! Holes where a file has only zeros, as zstd and xz leave them: a hole takes no space on the disk
//! and reads as zeros.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};

/// The unit of holes, that of most file systems.
const BLOCK: usize = 4096;

/// Writes a new file from its start to its end.
#[derive(Debug, Default)]
pub(super) struct Sparse {
    /// Bytes so far.
    len: u64,
    /// Zeros at the end that are not written yet.
    hole: u64,
}

impl Sparse {
    /// As [`Write::write`] of the file.
    pub(super) fn write(&mut self, file: &mut File, bytes: &[u8]) -> io::Result<usize> {
        let offset = (self.len % BLOCK as u64) as usize;
        // The first block that begins inside of `bytes`.
        let aligned = ((BLOCK - offset) % BLOCK).min(bytes.len());
        if aligned == 0 {
            let zeros = bytes.chunks_exact(BLOCK).take_while(|block| is_zero(block)).count();
            if zeros > 0 {
                self.hole += (zeros * BLOCK) as u64;
                self.len += (zeros * BLOCK) as u64;
                return Ok(zeros * BLOCK);
            }
        }
        let data = bytes[aligned..].chunks_exact(BLOCK).position(is_zero);
        let end = data.map_or(bytes.len(), |blocks| aligned + blocks * BLOCK);
        if self.hole > 0 {
            file.seek(SeekFrom::Start(self.len))?;
            self.hole = 0;
        }
        let written = file.write(&bytes[..end])?;
        self.len += written as u64;
        Ok(written)
    }

    /// Gives the file its length if it ends with a hole.
    pub(super) fn finish(&mut self, file: &File) -> io::Result<()> {
        match std::mem::take(&mut self.hole) {
            0 => Ok(()),
            _ => file.set_len(self.len),
        }
    }
}

fn is_zero(block: &[u8]) -> bool {
    block.iter().all(|byte| *byte == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(pieces: &[Vec<u8>]) -> (Vec<u8>, File) {
        let mut file = tempfile::tempfile().unwrap();
        let mut sparse = Sparse::default();
        for piece in pieces {
            let mut rest = piece.as_slice();
            while !rest.is_empty() {
                let n = sparse.write(&mut file, rest).unwrap();
                assert!(n > 0);
                rest = &rest[n..];
            }
        }
        sparse.finish(&file).unwrap();
        file.rewind().unwrap();
        let mut back = Vec::new();
        io::Read::read_to_end(&mut file, &mut back).unwrap();
        (back, file)
    }

    proptest! {
        #[test]
        fn bytes_come_back(runs in prop::collection::vec((0usize..20_000, any::<bool>(), any::<bool>()), 0..8)) {
            let mut pieces = vec![Vec::new()];
            for (n, zero, split) in runs {
                if split {
                    pieces.push(Vec::new());
                }
                let last = pieces.last_mut().unwrap();
                last.extend((0..n).map(|i| if zero { 0 } else { (i % 251) as u8 + 1 }));
            }
            prop_assert!(written(&pieces).0 == pieces.concat());
        }
    }

    #[cfg(unix)]
    #[test]
    fn zeros_take_no_space() {
        use std::os::unix::fs::MetadataExt;
        let mut bytes = vec![0; 8 << 20];
        bytes[5 << 20] = 1;
        let (back, file) = written(&[bytes.clone()]);
        assert!(back == bytes);
        let metadata = file.metadata().unwrap();
        assert_eq!(metadata.len(), 8 << 20);
        let hole = tempfile::tempfile().unwrap();
        hole.set_len(8 << 20).unwrap();
        if hole.metadata().unwrap().blocks() > 0 {
            println!("skipped: this file system has no holes");
            return;
        }
        assert!(metadata.blocks() * 512 < 1 << 20, "{} blocks", metadata.blocks());
    }
}
