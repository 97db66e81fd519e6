//! Models on other executions: the definition itself, and faulty ones.
#![allow(clippy::unwrap_used)] // helpers of tests

use vortex_coder::predictor::{Coding, Predictor};
use vortex_coder::schema::{DType, Field, Schema};
use vortex_coder::{BlockPayload, BlockRecords, Cdf, ErrorKind, Model};
use vortex_infer::definition::Interpreter;
use vortex_infer::random::{Sizes, network};
use vortex_infer::spec::MemoryShape;
use vortex_infer::{
    Checked, Cpu, Error, Execution, Instructions, IntModel, Network, Program, Result, Several,
};

fn net(sizes: Sizes) -> Network {
    let fields = vec![Field::new("pt", DType::F32, 0), Field::new("n", DType::U8, 4)];
    let mut net = network(Schema::new(5, fields).unwrap(), sizes, 1);
    net.flat.fill(false);
    net
}

/// The fault of an execution.
#[derive(Clone, Copy)]
enum Fault {
    None,
    /// One frequency in one step is one too large.
    Frequency,
    LaneBytes,
    Missing,
}

/// Runs the definition.
struct Slow(Fault);

impl Execution for Slow {
    fn name(&self) -> String {
        "the definition".into()
    }
    fn prepare(&self, network: &Checked) -> Result<Box<dyn Program>> {
        if matches!(self.0, Fault::Missing) {
            return Err(Error::Unavailable { execution: self.name(), reason: "none here".into() });
        }
        Ok(Box::new(Prepared(network.clone(), self.0)))
    }
}

struct Prepared(Checked, Fault);

impl Program for Prepared {
    fn predictor(&self) -> Box<dyn Predictor + '_> {
        let inner = Interpreter::new(self.0.network(), self.0.layout());
        Box::new(Faulty { inner, fault: self.1, steps: 0 })
    }
    fn group(&self) -> usize {
        5
    }
}

struct Faulty<'a> {
    inner: Interpreter<'a>,
    fault: Fault,
    steps: usize,
}

impl Predictor for Faulty<'_> {
    fn lane_bytes(&self) -> usize {
        self.inner.lane_bytes() + usize::from(matches!(self.fault, Fault::LaneBytes))
    }
    fn max_group(&self) -> usize {
        self.inner.max_group()
    }
    fn begin(&mut self, lanes: usize) {
        self.inner.begin(lanes);
    }
    fn predict(&mut self, active: usize, out: &mut [Cdf]) -> Coding {
        let coding = self.inner.predict(active, out);
        self.steps += 1;
        if matches!(self.fault, Fault::Frequency) && self.steps == 40 {
            let mut weights: Vec<u32> = out[0].frequencies().to_vec();
            weights[200] += 1;
            out[0].set_weights(&weights);
        }
        coding
    }
    fn update(&mut self, symbols: &[u8]) {
        self.inner.update(symbols);
    }
}

#[test]
fn a_model_codes_the_same_on_any_execution() {
    let bytes = net(Sizes::SMALLEST).to_bytes().unwrap();
    let fast = IntModel::load(&bytes, &Cpu { instructions: Instructions::detect() }).unwrap();
    let slow = IntModel::load(&bytes, &Slow(Fault::None)).unwrap();
    assert_eq!((slow.execution(), slow.group(), fast.group()), ("the definition", 5, 1));
    assert_eq!(slow.identity(), fast.identity());
    let data: Vec<u8> = (0..300u32).map(|i| ((i * i) >> 4) as u8 & 0x1f).collect();
    let group =
        [(&data[..200], 3), (&data[200..], 20)].map(|(bytes, lanes)| BlockRecords { bytes, lanes });
    let payloads = fast.coder().encode(&group).unwrap();
    assert_eq!(slow.coder().encode(&group).unwrap(), payloads);
    let (mut first, mut second) = (vec![0; 200], vec![0; 100]);
    let mut coded = [
        BlockPayload { payload: &payloads[0], lanes: 3, out: &mut first },
        BlockPayload { payload: &payloads[1], lanes: 20, out: &mut second },
    ];
    slow.coder().decode(&mut coded).into_iter().for_each(|result| result.unwrap());
    assert_eq!([first, second].concat(), data);
}

#[test]
fn an_execution_that_computes_wrong_numbers_is_refused_and_not_the_model() {
    let bytes = net(Sizes::SMALLEST).to_bytes().unwrap();
    for fault in [Fault::Frequency, Fault::LaneBytes] {
        let error = IntModel::load(&bytes, &Slow(fault)).err().unwrap();
        assert_eq!(error, Error::SelfTest { execution: "the definition".into() });
        let error = vortex_coder::Error::from(error);
        assert_eq!(error.kind, ErrorKind::SelfTestFailed);
        assert!(error.message.contains("the definition"), "{error}");
    }
    let error = IntModel::load(&bytes, &Slow(Fault::Missing)).err().unwrap();
    assert_eq!(vortex_coder::Error::from(error).kind, ErrorKind::InvalidArgument);
    let error = IntModel::load(&bytes[1..], &Slow(Fault::None)).err().unwrap();
    assert_eq!(vortex_coder::Error::from(error).kind, ErrorKind::UnusableModel);
}

#[test]
fn several_executions_share_the_blocks_of_a_file() {
    let bytes = net(Sizes::SMALLEST).to_bytes().unwrap();
    let alone = IntModel::load(&bytes, &Slow(Fault::None)).unwrap();
    let cpu = || Box::new(Cpu { instructions: Instructions::detect() });
    let both = Several::new(vec![Box::new(Slow(Fault::None)), cpu()]);
    assert!(both.name().starts_with("the definition and CPU"), "{}", both.name());
    let model = IntModel::load(&bytes, &both).unwrap();
    assert_eq!((model.group(), model.on_cpu()), (5, false));
    let data: Vec<u8> = (0..300u32).map(|i| ((i * i) >> 4) as u8 & 0x1f).collect();
    let block = [BlockRecords { bytes: &data, lanes: 3 }];
    let payloads = alone.coder().encode(&block).unwrap();
    // Two coders are on the two executions, whichever is first.
    for mut coder in [model.coder(), model.coder(), model.coder()] {
        assert_eq!(coder.encode(&block).unwrap(), payloads);
        let mut out = vec![0; 300];
        let job = BlockPayload { payload: &payloads[0], lanes: 3, out: &mut out };
        coder.decode(&mut [job]).remove(0).unwrap();
        assert_eq!(out, data);
    }
    assert!(Several::new(vec![cpu(), cpu()]).is_cpu());
}

#[test]
fn each_of_several_executions_is_tested() {
    let bytes = net(Sizes::SMALLEST).to_bytes().unwrap();
    let cpu = || Box::new(Cpu { instructions: Instructions::detect() });
    for number in 0..3 {
        let mut all: Vec<Box<dyn Execution>> = vec![cpu(), cpu(), cpu()];
        all[number] = Box::new(Slow(Fault::Frequency));
        let error = IntModel::load(&bytes, &Several::new(all)).err().unwrap();
        assert!(matches!(error, Error::SelfTest { .. }), "{number}: {error}");
    }
}

#[test]
fn a_level_that_is_missing_is_named() {
    let bytes = net(Sizes::SMALLEST).to_bytes().unwrap();
    for instructions in
        Instructions::ALL.into_iter().filter(|instructions| !instructions.is_available())
    {
        let error = IntModel::from_bytes(&bytes, instructions).err().unwrap();
        assert!(matches!(&error, Error::Unavailable { .. }), "{error}");
        assert!(error.to_string().contains(instructions.name()), "{error}");
    }
}

#[test]
fn the_bytes_of_a_lane_are_those_of_the_format() {
    // By hand from docs/numerics.md: heads * 16 slots * (keys to 4 + values to 16 channels).
    let sizes = Sizes { d_model: 36, n_heads: 3, n_layers: 2, window: 17, ..Sizes::SMALLEST };
    assert_eq!(net(sizes).lane_bytes(), 2 * 3 * 32 * (12 + 16));
    let memory = Some(MemoryShape { rate: 2, slots: 40, kernel: 1 });
    let net = net(Sizes { memory, ..sizes });
    let layer = 3 * 32 * (12 + 16) + 3 * 48 * (12 + 16) + net.segment * 36;
    assert_eq!(net.lane_bytes(), 2 * layer);
}
