//! A network on a device: its weights there, and how its lanes are cut into launches.

use cubecl::prelude::Runtime;
use vortex_coder::Error as CoderError;
use vortex_infer::{Checked, Error, Result};

use crate::budget::{FEW_TURNS, MANY_TURNS, Turns};
use crate::operation::Operation;
use crate::packing::Packed;
use crate::runtime::{Abilities, Buffer, Opened};
use crate::shape::{CUBE_WORDS, Shape};

/// Units of a cube.
const UNITS: usize = 256;
/// Lanes that a cube may advance at once: fewer where shared memory is short.
const MOST_LANES: usize = 64;
const FEWEST_LANES: usize = 4;
/// Lanes of a cube that suit encoders, whose cubes do not depend on each other, and small devices.
pub const USUAL_LANES: usize = 16;
/// Most parameters: one cube reads all of them for each symbol of its lanes.
const MOST_PARAMETERS: usize = 1 << 26;
/// Bytes of the output of one launch.
const OUTPUT_BYTES: usize = 64 << 20;

/// A network on a device.
pub struct Prepared<R: Runtime> {
    pub device: Opened<R>,
    pub network: Checked,
    pub weights: Buffer,
    pub params: Buffer,
    abilities: Abilities,
    shape: Shape,
    operations: Vec<Operation>,
    /// Most lanes of a cube at once.
    most_lanes: usize,
    /// Turns of a launch.
    turns: u64,
    /// The field of each role that is the first of its field.
    first_roles: Vec<Option<u16>>,
}

impl<R: Runtime> Prepared<R> {
    /// Packs a network and takes it to the device.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if a size is too large for the kernel or the device, or the device fails.
    pub fn new(device: Opened<R>, network: &Checked, few_turns: bool) -> Result<Self> {
        let refuse = |reason: String| Error::Unavailable {
            execution: device.name().to_owned(),
            reason: format!("{reason}; use the CPU for this model"),
        };
        let abilities = device.abilities();
        let parameters = network.network().parameters();
        if parameters > MOST_PARAMETERS {
            return Err(refuse(format!(
                "it has {parameters} parameters, and the limit is {MOST_PARAMETERS}"
            )));
        }
        let packed = Packed::new(network.network(), network.layout());
        let shape = Shape { units: UNITS, ..packed.shape };
        if abilities.units < UNITS {
            let units = abilities.units;
            return Err(refuse(format!(
                "a cube has at most {units} units there, and the kernel needs {UNITS}"
            )));
        }
        let fits = |lanes: usize| {
            let shape = Shape { lanes, ..shape };
            shape.shared_bytes() <= abilities.shared_bytes && lanes * shape.heads <= UNITS
        };
        let mut most_lanes = MOST_LANES;
        while most_lanes > FEWEST_LANES && !fits(most_lanes) {
            most_lanes /= 2;
        }
        if !fits(most_lanes) {
            let least = Shape { lanes: FEWEST_LANES, ..shape };
            if least.shared_bytes() > abilities.shared_bytes {
                return Err(refuse(format!(
                    "{FEWEST_LANES} lanes need {} bytes of shared memory (widths {} and {}, {} heads of {} scores), and the limit is {}",
                    least.shared_bytes(),
                    shape.d,
                    shape.e,
                    shape.heads,
                    shape.head_scores(),
                    abilities.shared_bytes
                )));
            }
            let heads = UNITS / FEWEST_LANES;
            return Err(refuse(format!("it has {} heads, and the limit is {heads}", shape.heads)));
        }
        let turns = if few_turns { FEW_TURNS } else { MANY_TURNS };
        let longest = |lanes: usize| {
            Turns::new(&Shape { lanes, ..shape }, &packed.operations)
                .of_step(true, shape.memory.slots > 0)
        };
        while most_lanes > FEWEST_LANES && longest(most_lanes) > turns {
            most_lanes /= 2;
        }
        if longest(most_lanes) > turns {
            return Err(refuse(format!(
                "one step needs {} turns of loops (segment {}, window {}), and the limit of a launch is {turns}",
                longest(most_lanes),
                shape.segment,
                shape.window
            )));
        }
        let buffer = |what: &str, words: usize| match 4 * words as u64 <= abilities.buffer_bytes {
            true => Ok(()),
            false => Err(refuse(format!(
                "{what} takes {} bytes, and the limit of a buffer is {}",
                4 * words as u64,
                abilities.buffer_bytes
            ))),
        };
        buffer("the weights", packed.weights.len())?;
        buffer("the numbers", packed.params.len())?;
        buffer("one lane", shape.lane_words() * MOST_LANES)?;
        let uploaded = device.run("loading the model", |device| {
            Ok((device.upload(&packed.weights), device.upload(&packed.params)))
        });
        let (weights, params) = uploaded.map_err(|error| refuse(error.message))?;
        let first_roles = network.layout().roles().iter();
        let first_roles = first_roles.map(|r| (r.rank == 0).then_some(r.field)).collect();
        Ok(Self {
            device,
            network: network.clone(),
            weights,
            params,
            abilities,
            shape,
            most_lanes,
            turns,
            first_roles,
            operations: packed.operations,
        })
    }

    /// The shape for cubes of at most so many lanes. Where the driver may compile slowly there is one shape.
    pub fn shape(&self, lanes: usize) -> Shape {
        let lanes = if self.turns == FEW_TURNS { USUAL_LANES } else { lanes };
        let lanes = lanes.next_power_of_two().clamp(FEWEST_LANES, self.most_lanes);
        Shape { lanes, ..self.shape }
    }

    /// Lanes whose state one buffer can hold, a multiple of [`MOST_LANES`].
    pub fn lanes_of_a_buffer(&self) -> usize {
        let words = usize::try_from(self.abilities.buffer_bytes / 4).unwrap_or(usize::MAX);
        (words / self.shape.lane_words() / MOST_LANES * MOST_LANES).min(1 << 20)
    }

    /// Number of steps of a launch that begins at `step`: at least 1.
    pub fn steps(
        &self,
        shape: &Shape,
        step: usize,
        left: usize,
        tiles: usize,
        output_words: usize,
    ) -> usize {
        let most = (OUTPUT_BYTES / 4 / output_words.max(1)).clamp(1, left.max(1));
        let of = Turns::new(shape, &self.operations);
        let (mut turns, mut steps) = (0, 0);
        while steps < most {
            let (record, role) = ((step + steps) / shape.roles, (step + steps) % shape.roles);
            let field = self.first_roles[role];
            let ends_segment = field.is_some_and(|field| {
                let token = record * shape.fields + usize::from(field);
                token % shape.segment + 1 == shape.segment
            });
            turns += of.of_step(field.is_some(), ends_segment) * tiles as u64 + 1;
            if turns > self.turns && steps > 0 {
                break;
            }
            steps += 1;
        }
        steps
    }

    /// Blocks that should advance together.
    pub fn group(&self) -> usize {
        self.abilities.processors.map_or(8, |n| 2 * n)
    }

    /// A table of cubes, with room for what the kernel says of its end.
    pub fn table(&self, shape: &Shape, entries: &[[u32; CUBE_WORDS]]) -> Vec<u32> {
        let mut table = entries.concat();
        table.resize(entries.len() * (CUBE_WORDS + shape.units), 0);
        table
    }

    /// Runs something on the device.
    ///
    /// # Errors
    /// [`vortex_coder::ErrorKind::DeviceFailed`].
    pub fn run<T>(
        &self,
        what: &str,
        f: impl FnOnce(&Opened<R>) -> std::result::Result<T, String>,
    ) -> std::result::Result<T, CoderError> {
        self.device.run(what, f)
    }
}
