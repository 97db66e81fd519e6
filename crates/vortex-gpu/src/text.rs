//! The kernel as text for CUDA and HIP: for tests on machines without such a device.

use cubecl::prelude::*;
use cubecl::wgpu::WgpuRuntime;
use cubecl_core::{Compiler, ExecutionMode, prelude::ArrayCompilationArg};
use cubecl_cpp::shared::{CompilationOptions, CppCompiler, CppSupportedFeatures};
use cubecl_runtime::kernel::CubeKernel;
use vortex_infer::Checked;

use crate::kernel::steps::steps::Steps;
use crate::packing::Packed;
use crate::shape::Shape;

type Cuda = CppCompiler<cubecl_cpp::cuda::CudaDialect<cubecl_cpp::cuda::mma::CudaWmmaCompiler>>;
type Hip = CppCompiler<cubecl_cpp::hip::HipDialect<cubecl_cpp::hip::mma::WmmaIntrinsicCompiler>>;

/// Units of a cube.
const UNITS: usize = 256;

/// A network as the kernel reads it.
pub struct Trial {
    shape: Shape,
}

impl Trial {
    /// A network with cubes that advance `lanes` lanes at once: 4, 8, 16, 32 or 64.
    pub fn new(network: &Checked, lanes: usize) -> Self {
        let packed = Packed::new(network.network(), network.layout());
        let shape = Shape { units: UNITS, lanes, ..packed.shape };
        Self { shape }
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
}
