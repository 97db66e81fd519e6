//! A network ready to code with.

use std::sync::Arc;

use vortex_coder::layout::RecordLayout;
use vortex_coder::predictor::Predictor;
use vortex_coder::{BlockCoder, Identity, LaneCoder, Model};

use crate::bounds;
use crate::definition::Interpreter;
use crate::engine::{Engine, Packed};
use crate::error::{Error, Result};
use crate::file::ModelFile;
use crate::kernels::Level;
use crate::self_test;
use crate::spec::Network;

/// A checked network with its weights laid out for one [`Level`]: shared by threads.
pub struct IntModel {
    network: Network,
    layout: RecordLayout,
    packed: Arc<Packed>,
    level: Level,
    /// The file's bytes, to embed, and their BLAKE3.
    bytes: Vec<u8>,
    digest: [u8; 32],
}

impl IntModel {
    /// Reads a `.vxm` file, proves its bounds and runs its self-test at `level`.
    ///
    /// # Errors
    /// Every kind of [`Error`]: this is where files are checked.
    pub fn from_bytes(bytes: &[u8], level: Level) -> Result<Self> {
        let file = ModelFile::from_bytes(bytes)?;
        let model = Self::prepare(file.network, level, bytes.to_vec())?;
        let found = self_test::digest(&mut *model.predictor(), &model.network, &model.layout);
        if found != file.self_test {
            return Err(Error::SelfTest { level: level.name() });
        }
        Ok(model)
    }

    /// A model of a network that was just made; its file gets its self-test from the interpreter.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Overflow`], [`Error::SelfTest`] or [`Error::LevelUnavailable`].
    pub fn new(network: Network, level: Level) -> Result<Self> {
        let bytes = network.to_bytes()?;
        Self::from_bytes(&bytes, level)
    }

    fn prepare(network: Network, level: Level, bytes: Vec<u8>) -> Result<Self> {
        if !level.is_available() {
            return Err(Error::LevelUnavailable { level: level.name() });
        }
        let layout = RecordLayout::new(network.schema.clone());
        bounds::check(&network, &layout)?;
        let packed = Arc::new(Packed::new(&network, &layout));
        let digest = *blake3::hash(&bytes).as_bytes();
        Ok(Self { network, layout, packed, level, bytes, digest })
    }

    /// The network.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The level in use.
    pub fn level(&self) -> Level {
        self.level
    }

    /// Length of the unpacked network: a measure of the memory that the model takes.
    pub fn network_bytes(&self) -> u64 {
        crate::file::network_bytes(&self.bytes)
    }

    /// The bytes of the model file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Multiply-adds of all matrix products and a full attention window, for one record: the work
    /// that coding speed is measured in.
    pub fn multiply_adds_per_record(&self) -> u64 {
        let net = &self.network;
        let (d, e) = (net.d_model, net.head.own.width);
        let slots = net.memory.map_or(0, |m| m.slots);
        let layers = net.layers.iter().map(|l| 4 * d * d + 3 * d * l.ffn.gate.n_out);
        let attention = 2 * d * (net.window + slots) * net.layers.len();
        let token = layers.sum::<usize>() + attention + d * e;
        let symbol = 3 * e * net.head.ffn.gate.n_out + 257 * e;
        let modelled = net.flat.iter().filter(|&&flat| !flat).count();
        (self.layout.n_fields() * token + modelled * symbol) as u64
    }

    /// A fresh predictor for one thread.
    pub fn predictor(&self) -> Box<dyn Predictor + '_> {
        Box::new(Engine::new(Arc::clone(&self.packed), self.level))
    }

    /// The slow definition of the same network, to compare with.
    pub fn interpreter(&self) -> Interpreter<'_> {
        Interpreter::new(&self.network, &self.layout)
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
        &self.layout
    }

    fn coder(&self) -> Box<dyn BlockCoder + '_> {
        Box::new(LaneCoder::new(&self.layout, self.predictor()))
    }
}
