//! The kernel as text for CUDA and HIP, and launches of it as plain numbers: for tests on machines without such a
//! device.

use cubecl::prelude::*;
use cubecl::wgpu::WgpuRuntime;
use cubecl_core::{Compiler, ExecutionMode, prelude::ArrayCompilationArg};
use cubecl_cpp::shared::{CompilationOptions, CppCompiler, CppSupportedFeatures};
use cubecl_runtime::kernel::CubeKernel;
use vortex_infer::Checked;

use crate::kernel::steps::steps::Steps;
use crate::packing::Packed;
use crate::shape::{
    CODE, CUBE_WORDS, EACH, FIRST_LANE, LANES, LONGER, PAYLOAD_BYTES, RANGE, Shape,
};

type Cuda = CppCompiler<cubecl_cpp::cuda::CudaDialect<cubecl_cpp::cuda::mma::CudaWmmaCompiler>>;
type Hip = CppCompiler<cubecl_cpp::hip::HipDialect<cubecl_cpp::hip::mma::WmmaIntrinsicCompiler>>;

/// Units of a cube, and lanes that it advances at once.
const UNITS: usize = 256;

/// A network as the kernel reads it.
pub struct Trial {
    packed: Packed,
    shape: Shape,
}

/// The numbers of one launch; the kernel changes them.
#[derive(Clone, Debug)]
pub struct Numbers {
    /// The buffers, in the order of the kernel's arguments.
    pub buffers: [Vec<u32>; 6],
    /// The scalars, in the order of the kernel's arguments.
    pub scalars: [u32; 7],
}

impl Trial {
    /// A network with cubes that advance `lanes` lanes at once: 4, 8, 16, 32 or 64.
    pub fn new(network: &Checked, lanes: usize) -> Self {
        let packed = Packed::new(network.network(), network.layout());
        let shape = Shape { units: UNITS, lanes, ..packed.shape };
        Self { packed, shape }
    }

    /// Bytes of shared memory of a cube.
    pub fn shared_bytes(&self) -> usize {
        self.shape.shared_bytes()
    }

    /// The text for CUDA and the text for HIP, if there is a Vulkan device: CubeCL makes text only with one.
    pub fn texts(&self) -> Option<(String, String)> {
        let device = crate::kinds::first_vulkan()?;
        let client = WgpuRuntime::client(&device);
        let settings = KernelSettings::default()
            .cube_dim(CubeDim::new_1d(u32::try_from(UNITS).ok()?))
            .address_type(AddressType::U32);
        let arg = || ArrayCompilationArg { inplace: None };
        let kernel = Steps::new(
            settings,
            client,
            arg(),
            arg(),
            arg(),
            arg(),
            arg(),
            arg(),
            (),
            (),
            (),
            (),
            (),
            (),
            (),
            self.shape,
        );
        let options = |warp_size| CompilationOptions {
            warp_size,
            supports_features: CppSupportedFeatures { fast_math: true, ..Default::default() },
        };
        let address = AddressType::U32.unsigned_type();
        let mode = ExecutionMode::Checked;
        let cuda = Cuda::default().compile(kernel.define(), &options(32), mode, address).ok()?;
        let hip = Hip::default().compile(kernel.define(), &options(64), mode, address).ok()?;
        Some((cuda.to_string(), hip.to_string()))
    }

    /// A launch of `n_steps` steps from the start of one block, whose lanes are one cube. An encoder (`mode` 1) reads
    /// `symbols`, `[step][lane]`; a decoder (2) the payload.
    pub fn launch(
        &self,
        mode: u32,
        lanes: usize,
        records: usize,
        symbols: &[u8],
        payload: &[u8],
    ) -> Numbers {
        let word = |n: usize| u32::try_from(n).expect("a small test");
        let (room, n_steps) =
            (lanes.next_multiple_of(self.shape.lanes), records * self.shape.roles);
        let mut rows = vec![0; (1 + n_steps) * room];
        for (row, of_step) in rows[room..].chunks_exact_mut(room).zip(symbols.chunks_exact(lanes)) {
            row.iter_mut().zip(of_step).for_each(|(out, &symbol)| *out = symbol.into());
        }
        let mut cubes = vec![0; CUBE_WORDS + UNITS];
        let mut code = [0; 8];
        let n = payload.len().min(8);
        code[..n].copy_from_slice(&payload[..n]);
        let code = u64::from_be_bytes(code);
        (cubes[FIRST_LANE], cubes[LANES]) = (0, word(lanes));
        (cubes[EACH], cubes[LONGER]) = (word(records), 0);
        (cubes[CODE], cubes[CODE + 1]) = ((code >> 32) as u32, code as u32);
        (cubes[RANGE], cubes[RANGE + 1]) = (u32::MAX, u32::MAX);
        cubes[PAYLOAD_BYTES] = word(payload.len());
        let data = match mode {
            2 => payload
                .chunks(4)
                .map(|bytes| bytes.iter().rev().fold(0, |word, &byte| word << 8 | u32::from(byte)))
                .collect(),
            _ => vec![0; n_steps * room * 3],
        };
        Numbers {
            buffers: [
                self.packed.weights.clone(),
                self.packed.params.iter().map(|v| v.cast_unsigned()).collect(),
                vec![0xdead_beef; room * self.shape.lane_words()],
                rows,
                data,
                cubes,
            ],
            scalars: [word(room), 0, word(n_steps), 0, 1, mode, word(UNITS / self.shape.lanes)],
        }
    }
}
