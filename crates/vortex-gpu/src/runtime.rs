//! A device, and launches of the kernel on it. The only file with unsafe code: CubeCL asks for the lengths of
//! buffers, and trusts them.
#![allow(unsafe_code)]

use std::panic::{AssertUnwindSafe, catch_unwind};

use cubecl::prelude::*;
use cubecl::server::Handle;
use vortex_coder::{Error, ErrorKind};

use crate::kernel::steps;
use crate::shape::{CUBE_WORDS, Shape};

/// Memory of a device, in words of four bytes.
#[derive(Clone)]
pub struct Buffer {
    handle: Handle,
    words: usize,
}

impl Buffer {
    fn arg<R: Runtime>(&self) -> ArrayArg<R> {
        // SAFETY: `words` is the length that the buffer was made with, and the launch checks every access.
        unsafe { ArrayArg::from_raw_parts(self.handle.clone(), self.words) }
    }
}

/// The buffers and the steps of one launch; see [`steps::steps`].
pub struct Launch<'a> {
    pub weights: &'a Buffer,
    pub params: &'a Buffer,
    pub state: &'a Buffer,
    pub symbols: &'a Buffer,
    pub data: &'a Buffer,
    pub cubes: &'a Buffer,
    pub n_cubes: usize,
    pub lanes: usize,
    pub first_step: usize,
    pub n_steps: usize,
    pub pending: bool,
    pub shape: Shape,
    pub mode: u32,
}

/// What a device can do.
#[derive(Clone, Copy, Debug)]
pub struct Abilities {
    /// Bytes of shared memory of a cube.
    pub shared_bytes: usize,
    /// Units of a cube.
    pub units: usize,
    /// Bytes of one buffer.
    pub buffer_bytes: u64,
    /// Multiprocessors, if the driver tells.
    pub processors: Option<usize>,
}

/// A device that was opened.
pub struct Opened<R: Runtime> {
    client: ComputeClient<R>,
    name: String,
}

impl<R: Runtime> Clone for Opened<R> {
    fn clone(&self) -> Self {
        Self { client: self.client.clone(), name: self.name.clone() }
    }
}

impl<R: Runtime> Opened<R> {
    /// Opens a device. It panics where its libraries do.
    pub fn new(device: &R::Device, name: String) -> Self {
        Self { client: R::client(device), name }
    }

    /// Its name in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it can do.
    pub fn abilities(&self) -> Abilities {
        let p = self.client.properties();
        Abilities {
            shared_bytes: p.hardware.max_shared_memory_size,
            units: p.hardware.max_units_per_cube as usize,
            // The kernel counts words in 32 bits.
            buffer_bytes: p.memory.max_page_size.min(1 << 33),
            processors: p.hardware.num_streaming_multiprocessors.map(|n| n as usize),
        }
    }

    /// Runs something on the device; a panic of its libraries becomes an error.
    ///
    /// # Errors
    /// [`ErrorKind::DeviceFailed`].
    pub fn run<T>(
        &self,
        what: &str,
        f: impl FnOnce(&Self) -> Result<T, String>,
    ) -> Result<T, Error> {
        let done = catch_unwind(AssertUnwindSafe(|| f(self)));
        let failed = |reason: &str| {
            let reason: String = reason.trim().chars().take(400).collect();
            Error::new(
                ErrorKind::DeviceFailed,
                format!(
                    "{}: {what}: {reason}. Nothing was written of these blocks; free some of its memory, use fewer \
                     blocks at once, or code on the CPU",
                    self.name
                ),
            )
        };
        match done {
            Ok(result) => result.map_err(|reason| failed(&reason)),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
                Err(failed(text.unwrap_or("its library panicked")))
            }
        }
    }

    /// A buffer of at least one word, with any content.
    pub fn empty(&self, words: usize) -> Buffer {
        let words = words.max(1);
        Buffer { handle: self.client.empty(4 * words), words }
    }

    /// A buffer with these words; one word more if there are none.
    pub fn upload<T: bytemuck::Pod>(&self, words: &[T]) -> Buffer {
        if words.is_empty() {
            return self.upload(&[0u32]);
        }
        let bytes = bytemuck::cast_slice(words);
        Buffer { handle: self.client.create_from_slice(bytes), words: bytes.len() / 4 }
    }

    /// The content of a buffer, after all launches before.
    ///
    /// # Errors
    /// What the driver says: of these launches, too.
    pub fn download(&self, buffer: &Buffer) -> Result<Vec<u32>, String> {
        let bytes = self
            .client
            .read_one(buffer.handle.clone())
            .map_err(|error| first_lines(&error.to_string()))?;
        Ok(bytemuck::pod_collect_to_vec(&bytes[..4 * buffer.words]))
    }

    /// Starts the kernel.
    pub fn launch(&self, l: &Launch<'_>) {
        let word = |n: usize| u32::try_from(n).expect("bounded by the length of a buffer");
        steps::steps::launch::<R>(
            &self.client,
            CubeCount::Static(word(l.n_cubes), 1, 1),
            CubeDim::new_1d(word(l.shape.units)),
            l.weights.arg(),
            l.params.arg(),
            l.state.arg(),
            l.symbols.arg(),
            l.data.arg(),
            l.cubes.arg(),
            word(l.lanes),
            word(l.first_step),
            word(l.n_steps),
            l.pending.into(),
            word(l.n_cubes),
            l.mode,
            word(l.shape.units / l.shape.lanes),
            l.shape,
        );
    }

    /// The table of cubes after a launch of `n_steps` steps.
    ///
    /// # Errors
    /// What the driver says, or that it did not run the launch to its end.
    pub fn finished(
        &self,
        cubes: &Buffer,
        n_cubes: usize,
        n_steps: usize,
    ) -> Result<Vec<u32>, String> {
        let mut table = self.download(cubes)?;
        let ended = table.split_off(n_cubes * CUBE_WORDS);
        match ended.iter().find(|&&turns| turns as usize != n_steps + 1) {
            None => Ok(table),
            Some(turns) => Err(format!(
                "the driver ended a launch early: {turns} turns of {}; please report this",
                n_steps + 1
            )),
        }
    }
}

/// The start of a message that may have a backtrace.
fn first_lines(text: &str) -> String {
    text.lines().take_while(|line| !line.starts_with("Backtrace")).collect::<Vec<_>>().join(" ")
}
