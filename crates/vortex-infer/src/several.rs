//! Several devices of one machine as one execution: threads get their coders from them in turn.

use std::sync::atomic::{AtomicUsize, Ordering};

use vortex_coder::BlockCoder;
use vortex_coder::layout::RecordLayout;
use vortex_coder::predictor::Predictor;

use crate::error::Result;
use crate::execution::{Checked, Execution, Program};

/// Executions that share the blocks of a file. A thread stays on the device of its coder, so there
/// should be at least one thread for each device.
pub struct Several(Vec<Box<dyn Execution>>);

impl Several {
    /// These executions.
    ///
    /// # Panics
    /// Without a single one.
    pub fn new(executions: Vec<Box<dyn Execution>>) -> Self {
        assert!(!executions.is_empty(), "an execution is needed");
        Self(executions)
    }
}

impl Execution for Several {
    fn name(&self) -> String {
        let names: Vec<String> = self.0.iter().map(|execution| execution.name()).collect();
        names.join(" and ")
    }

    fn is_cpu(&self) -> bool {
        self.0.iter().all(|execution| execution.is_cpu())
    }

    fn prepare(&self, network: &Checked) -> Result<Box<dyn Program>> {
        let programs = self.0.iter().map(|execution| execution.prepare(network));
        let programs = programs.collect::<Result<Vec<_>>>()?;
        Ok(Box::new(Programs { programs, turn: AtomicUsize::new(0) }))
    }
}

struct Programs {
    programs: Vec<Box<dyn Program>>,
    turn: AtomicUsize,
}

impl Programs {
    fn next(&self) -> &dyn Program {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        &*self.programs[turn % self.programs.len()]
    }
}

impl Program for Programs {
    fn predictor(&self) -> Box<dyn Predictor + '_> {
        self.next().predictor()
    }

    fn stepwise(&self) -> Box<dyn Predictor + '_> {
        self.next().stepwise()
    }

    fn coder<'a>(&'a self, layout: &'a RecordLayout) -> Box<dyn BlockCoder + 'a> {
        self.next().coder(layout)
    }

    fn group(&self) -> usize {
        self.programs.iter().map(|program| program.group()).max().unwrap_or(1)
    }

    fn devices(&self) -> usize {
        self.programs.iter().map(|program| program.devices()).sum()
    }
}
