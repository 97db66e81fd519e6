//! Reading a file by position, from any thread.

use std::fs::File;
use std::io;

/// Fills `out` with the bytes of `file` from `offset` on.
///
/// # Errors
/// Those of reading; [`io::ErrorKind::UnexpectedEof`] if the file ends before `out` is full.
pub fn read_exact_at(file: &File, out: &mut [u8], offset: u64) -> io::Result<()> {
    #[cfg(unix)]
    return std::os::unix::fs::FileExt::read_exact_at(file, out, offset);
    #[cfg(not(unix))]
    {
        use std::io::{Read, Seek, SeekFrom};
        use std::sync::{Mutex, PoisonError};

        // A seek moves the shared cursor of the file, so a lock serialises the reads of all
        // threads.
        static CURSOR: Mutex<()> = Mutex::new(());
        let _turn = CURSOR.lock().unwrap_or_else(PoisonError::into_inner);
        let mut file = file;
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(out)
    }
}
