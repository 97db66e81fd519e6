//! A network ready to code with.

use std::sync::Arc;

use vortex_coder::layout::RecordLayout;
use vortex_coder::predictor::Predictor;
use vortex_coder::{BlockCoder, Identity, Model};

use crate::bounds;
use crate::cpu::{Cpu, Instructions};
use crate::definition::Interpreter;
use crate::error::{Error, Result};
use crate::execution::{Checked, Execution, Program};
use crate::file::ModelFile;
use crate::self_test;
use crate::spec::Network;

/// A checked network on an [`Execution`]: shared by threads.
pub struct IntModel {
    network: Checked,
    program: Box<dyn Program>,
    /// The name of the execution, and whether it is the CPU.
    execution: String,
    on_cpu: bool,
    /// The file's bytes, to embed, and their BLAKE3.
    bytes: Arc<[u8]>,
    digest: [u8; 32],
}

impl IntModel {
    /// Reads a `.vxm` file for this processor with `instructions`: [`IntModel::load`] on a [`Cpu`].
    ///
    /// # Errors
    /// As [`IntModel::load`].
    pub fn from_bytes(bytes: &[u8], instructions: Instructions) -> Result<Self> {
        Self::load(bytes, &Cpu { instructions })
    }

    /// Reads a `.vxm` file, proves its bounds and runs its self-test on `execution`.
    ///
    /// # Errors
    /// Every kind of [`Error`]: this is where files are checked.
    pub fn load(bytes: &[u8], execution: &dyn Execution) -> Result<Self> {
        let ModelFile { network, self_test } = ModelFile::from_bytes(bytes)?;
        let network = Checked::new(network)?;
        let program = execution.prepare(&network)?;
        for _ in 0..program.devices() {
            let mut predictor = program.predictor();
            let found = self_test::digest(&mut *predictor, network.network(), network.layout());
            if let Some(failure) = predictor.failure() {
                let execution = execution.name();
                return Err(Error::Unavailable { execution, reason: failure.message });
            }
            let lane_bytes = network.network().lane_bytes();
            if found != self_test || predictor.lane_bytes() != lane_bytes {
                return Err(Error::SelfTest { execution: execution.name() });
            }
        }
        let (execution, on_cpu) = (execution.name(), execution.is_cpu());
        let digest = *blake3::hash(bytes).as_bytes();
        Ok(Self { network, program, execution, on_cpu, bytes: bytes.into(), digest })
    }

    /// A model of a network that was just made; its file gets its self-test from the interpreter.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Overflow`], [`Error::SelfTest`] or [`Error::Unavailable`].
    pub fn new(network: Network, instructions: Instructions) -> Result<Self> {
        let bytes = network.to_bytes()?;
        Self::from_bytes(&bytes, instructions)
    }

    /// The network.
    pub fn network(&self) -> &Network {
        self.network.network()
    }

    /// BLAKE3 of the model file, by which compressed files refer to it.
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// The name of its execution.
    pub fn execution(&self) -> &str {
        &self.execution
    }

    /// Whether its execution is the CPU.
    pub fn on_cpu(&self) -> bool {
        self.on_cpu
    }

    /// A fresh predictor for one thread.
    pub fn predictor(&self) -> Box<dyn Predictor + '_> {
        self.program.predictor()
    }

    /// Length of the unpacked network: a measure of the memory that the model takes.
    pub fn network_bytes(&self) -> u64 {
        crate::file::network_bytes(&self.bytes)
    }

    /// The bytes of the model file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes of the model file, to share: a file may embed them.
    pub fn file(&self) -> Arc<[u8]> {
        Arc::clone(&self.bytes)
    }

    /// Multiply-adds of all matrix products and a full attention window, for one record: the unit
    /// of coding speed.
    pub fn multiply_adds_per_record(&self) -> u64 {
        let net = self.network();
        let (d, e) = (net.d_model, net.head.own.width);
        let slots = net.memory.map_or(0, |m| m.slots);
        let layers = net.layers.iter().map(|l| 4 * d * d + 3 * d * l.ffn.gate.n_out);
        let attention = 2 * d * (net.window + slots) * net.layers.len();
        let token = layers.sum::<usize>() + attention + d * e;
        let symbol = 3 * e * net.head.ffn.gate.n_out + 257 * e;
        let modelled = net.flat.iter().filter(|&&flat| !flat).count();
        (self.layout().n_fields() * token + modelled * symbol) as u64
    }

    /// The slow definition of the same network, for comparison.
    pub fn interpreter(&self) -> Interpreter<'_> {
        Interpreter::new(self.network(), self.layout())
    }
}

impl Network {
    /// The bytes of a `.vxm` file: checks the bounds and computes the self-test.
    ///
    /// # Errors
    /// [`Error::Shape`] or [`Error::Overflow`].
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let layout = RecordLayout::new(self.schema.clone());
        bounds::check(self, &layout)?;
        let self_test = self_test::digest(&mut Interpreter::new(self, &layout), self, &layout);
        ModelFile { network: self.clone(), self_test }.to_bytes()
    }
}

impl Model for IntModel {
    fn identity(&self) -> Identity {
        Identity::Network(self.digest)
    }

    fn layout(&self) -> &RecordLayout {
        self.network.layout()
    }

    fn coder(&self) -> Box<dyn BlockCoder + '_> {
        self.program.coder(self.network.layout())
    }

    fn lanes_predictor(&self) -> Option<Box<dyn Predictor + '_>> {
        Some(self.program.stepwise())
    }

    fn group(&self) -> usize {
        self.program.group()
    }
}
