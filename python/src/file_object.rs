//! Places to read from: files by name, and Python objects with `read` and `seek`.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use vortex_codec::{Error, Result};

/// Anything that a compressed file is read from.
pub trait ReadSeek: Read + Seek + Send {}

impl<T: Read + Seek + Send> ReadSeek for T {}

/// What the caller names.
#[derive(FromPyObject)]
pub enum Place {
    /// A file of the system.
    Path(PathBuf),
    /// An object with `read` and `seek`.
    Object(Py<PyAny>),
}

impl Place {
    /// Opens it.
    pub fn open(self) -> Result<Box<dyn ReadSeek>> {
        match self {
            Self::Object(object) => Ok(Box::new(FileObject(object))),
            Self::Path(path) => {
                let file = File::open(&path);
                Ok(Box::new(file.map_err(|e| Error::from(e).context(path.display()))?))
            }
        }
    }

    /// Its path, if it has one.
    pub fn path(&self) -> Option<PathBuf> {
        match self {
            Self::Path(path) => Some(path.clone()),
            Self::Object(_) => None,
        }
    }
}

/// A Python object as a reader. The exceptions that it raises come through as the cause of the error.
struct FileObject(Py<PyAny>);

impl FileObject {
    fn call<T>(
        &self,
        work: impl for<'py> FnOnce(&Bound<'py, PyAny>) -> PyResult<T>,
    ) -> io::Result<T> {
        let done = Python::try_attach(|py| work(self.0.bind(py)));
        done.ok_or_else(|| io::Error::other("Python has ended"))?.map_err(io::Error::other)
    }
}

impl Read for FileObject {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.call(|object| {
            let read = object.call_method1("read", (buffer.len(),))?;
            let read = read.cast::<PyBytes>()?.as_bytes();
            let Some(start) = buffer.get_mut(..read.len()) else {
                let message = "read() gave more bytes than it was asked for";
                return Err(pyo3::exceptions::PyOSError::new_err(message));
            };
            start.copy_from_slice(read);
            Ok(read.len())
        })
    }
}

impl Seek for FileObject {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.call(|object| {
            let at = match to {
                SeekFrom::Start(at) => object.call_method1("seek", (at, 0))?,
                SeekFrom::Current(by) => object.call_method1("seek", (by, 1))?,
                SeekFrom::End(by) => object.call_method1("seek", (by, 2))?,
            };
            at.extract()
        })
    }
}
