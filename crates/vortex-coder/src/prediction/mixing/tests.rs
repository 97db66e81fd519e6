//! Any plan with any bytes, also plans that the first look never chooses: all bytes are restored,
//! and the instruction set changes no bit.

use proptest::prelude::*;

use super::advice::Adviser;
use super::bits::{Bits, Cost};
use super::block::Block;
use super::code_records::Records;
use super::code_regions::Regions;
use super::engine::{MAX_ROLES, MIXED_CONTEXTS};
use super::level::Level;
use super::look;
use super::number_contexts::NUMBER_CONTEXTS;
use super::numbers::{Form, Numbers};
use super::plan::{Kinds, Plan, Reading, SLOTS_LOG2, most_slots_log2};
use super::record_contexts::RECORD_CONTEXTS;
use super::regions::{Content, Region};
use crate::cdf::Cdf;
use crate::layout::RecordLayout;
use crate::predictor::{Coding, Predictor};
use crate::range::{RangeDecoder, RangeEncoder};
use crate::schema::{DType, Field, FieldCoding, Predicted, Schema};

/// The instruction set of the loops.
#[derive(Clone, Copy, Debug)]
enum Instructions {
    /// The instructions that every processor of the architecture has.
    Baseline,
    /// The instructions that [`super::MixingModel`] uses.
    Best,
    #[cfg(target_arch = "x86_64")]
    V3(pulp::x86::V3),
    #[cfg(target_arch = "x86_64")]
    V4(pulp::x86::V4),
}

impl Instructions {
    /// The sets that this machine has.
    fn all() -> Vec<Self> {
        let mut all = vec![Self::Baseline, Self::Best];
        #[cfg(target_arch = "x86_64")]
        {
            all.extend(pulp::x86::V3::try_new().map(Self::V3));
            all.extend(pulp::x86::V4::try_new().map(Self::V4));
        }
        all
    }

    fn run<F: pulp::NullaryFnOnce>(self, loop_: F) -> F::Output {
        match self {
            Self::Baseline => loop_.call(),
            Self::Best => pulp::Arch::new().dispatch(loop_),
            #[cfg(target_arch = "x86_64")]
            Self::V3(v3) => pulp::Simd::vectorize(v3, loop_),
            #[cfg(target_arch = "x86_64")]
            Self::V4(v4) => pulp::Simd::vectorize(v4, loop_),
        }
    }

    fn code(self, case: &Case<'_>, block: Block<'_>, bits: &mut Bits<'_>) {
        let &Case { plan, layout, mixed } = case;
        let &Plan { slots_log2, contexts, .. } = plan;
        let mut network = Peaks::new(layout);
        let adviser = mixed.then(|| Adviser::begin(&mut network));
        let coded = match &plan.reading {
            Reading::Records { flat, partners } => self.run(Records {
                layout,
                flat,
                partners,
                contexts,
                slots_log2,
                block,
                bits,
                adviser,
                after: &mut |_, _| {},
            }),
            Reading::Regions(regions) => {
                let after = &mut |_, _: &Bits<'_>| {};
                self.run(Regions { regions, contexts, slots_log2, block, bits, adviser, after })
            }
        };
        coded.unwrap();
    }

    fn encode(self, case: &Case<'_>, bytes: &[u8]) -> Vec<u8> {
        let mut bits = Bits::Write(RangeEncoder::new());
        self.code(case, Block::Known(bytes), &mut bits);
        let Bits::Write(encoder) = bits else { unreachable!() };
        encoder.finish()
    }

    fn decode(self, case: &Case<'_>, stream: &[u8], len: usize) -> Vec<u8> {
        let mut bits = Bits::Read(RangeDecoder::new(stream));
        let mut out = vec![0xaa; len];
        self.code(case, Block::Unknown(&mut out), &mut bits);
        let Bits::Read(decoder) = bits else { unreachable!() };
        decoder.finish().unwrap();
        out
    }

    fn measure(self, case: &Case<'_>, bytes: &[u8]) -> Vec<u64> {
        let mut bits = Bits::Weigh(Cost::new(case.layout.roles().len()));
        self.code(case, Block::Known(bytes), &mut bits);
        let Bits::Weigh(cost) = bits else { unreachable!() };
        cost.into_roles()
    }
}

/// One way to code a block.
struct Case<'a> {
    plan: &'a Plan,
    layout: &'a RecordLayout,
    /// Whether a network predicts too.
    mixed: bool,
}

/// A network that expects one symbol, which depends on the symbols before; some roles are flat.
struct Peaks {
    roles: usize,
    role: usize,
    seen: u32,
}

impl Peaks {
    fn new(layout: &RecordLayout) -> Self {
        Self { roles: layout.roles().len(), role: 0, seen: 0 }
    }
}

impl Predictor for Peaks {
    fn begin(&mut self, lanes: usize) {
        assert_eq!(lanes, 1);
        (self.role, self.seen) = (0, 0);
    }
    fn predict(&mut self, _active: usize, out: &mut [Cdf]) -> Coding {
        if self.role % 5 == 3 {
            return Coding::Flat;
        }
        let mut weights = [self.seen >> 20; 256];
        weights[self.seen as usize % 256] = u32::MAX >> (self.seen >> 8 & 31);
        out[0].set_weights(&weights);
        Coding::Modelled
    }
    fn update(&mut self, symbols: &[u8]) {
        self.seen = (self.seen ^ u32::from(symbols[0])).wrapping_mul(0x9e37_79b1);
        self.role = (self.role + 1) % self.roles;
    }
}

/// The plan is read as it was written, and every instruction set writes, reads and measures the
/// same, with a network and without.
fn check(plan: &Plan, layout: &RecordLayout, bytes: &[u8]) {
    let text = |regions: &[Region]| regions.iter().all(|region| region.content == Content::Bytes);
    match &plan.reading {
        Reading::Regions(regions) if !text(regions) => {}
        Reading::Records { .. } if plan.contexts > MIXED_CONTEXTS => {}
        _ => check_case(&Case { plan, layout, mixed: true }, bytes),
    }
    check_case(&Case { plan, layout, mixed: false }, bytes);
}

fn check_case(case: &Case<'_>, bytes: &[u8]) {
    let &Case { plan, layout, mixed } = case;
    let mut written = Vec::new();
    plan.write_to(&mut written);
    written.push(77);
    let mut rest = &written[..];
    let kinds = match &plan.reading {
        _ if mixed => Kinds::BesideNetwork,
        Reading::Regions(_) if layout.stride() > 1 => Kinds::Arrays,
        _ => Kinds::Records,
    };
    assert_eq!(Plan::read_from(&mut rest, layout, bytes.len(), kinds).unwrap(), *plan);
    assert_eq!(rest, [77], "of {written:?}");

    let stream = Instructions::Baseline.encode(case, bytes);
    let cost = Instructions::Baseline.measure(case, bytes);
    let measured = cost.iter().sum::<u64>() >> 19;
    let len = stream.len() as u64;
    assert!(len.abs_diff(measured) <= 4 + measured / 1000, "{len} bytes, measured {measured}");
    for on in Instructions::all() {
        assert!(on.encode(case, bytes) == stream, "{on:?} writes something else");
        assert!(on.decode(case, &stream, bytes.len()) == bytes, "{on:?} of {plan:?}");
        assert_eq!(on.measure(case, bytes), cost, "{on:?}");
    }
}

/// Numbers at the ends of their types, and others.
fn any_number() -> impl Strategy<Value = u64> {
    prop_oneof![
        3 => prop::sample::select(vec![0, 1, u64::MAX, u64::MAX - 1, 1 << 63, (1 << 63) - 1, 0xff]),
        1 => any::<u64>(),
        1 => 0u64..3000,
        1 => any::<f64>().prop_map(f64::to_bits),
        1 => any::<f32>().prop_map(|x| u64::from(x.to_bits())),
    ]
}

/// Numbers one after the other: near the last one, the same, or any.
fn any_numbers() -> impl Strategy<Value = Vec<u64>> {
    let run = (any_number(), 1usize..40, prop_oneof![Just(0), Just(1), any::<u64>(), 0u64..99]);
    prop::collection::vec(run, 1..6).prop_map(|runs| {
        let run = |(start, n, step): (u64, usize, u64)| {
            (0..n as u64).map(move |i| start.wrapping_add(i.wrapping_mul(step)))
        };
        runs.into_iter().flat_map(run).collect()
    })
}

type AnyRegion = (Region, Vec<u8>);

fn any_region() -> impl Strategy<Value = AnyRegion> {
    let form = prop::sample::select(vec![Form::Unsigned, Form::Signed, Form::Float]);
    let far = [prop_oneof![Just(0), 0usize..400], prop_oneof![Just(0), 0usize..400]];
    (any_numbers(), prop::option::of((0u32..4, any::<bool>(), form, far, 0usize..3))).prop_map(
        |(numbers, kind)| {
            let Some((width_log2, big_endian, form, far, flat)) = kind else {
                let bytes: Vec<u8> = numbers.iter().map(|number| *number as u8).collect();
                return (Region { bytes: bytes.len(), content: Content::Bytes }, bytes);
            };
            let width = 1usize << width_log2;
            let far = far.map(|far| if far == 0 { 0 } else { far.max(width) });
            let lie = Numbers { width, big_endian, form, far, flat: flat.min(width) };
            let mut bytes = vec![0; numbers.len() * width];
            for (number, out) in numbers.iter().zip(bytes.chunks_exact_mut(width)) {
                lie.write(number & lie.mask(), out);
            }
            (Region { bytes: bytes.len(), content: Content::Numbers(lie) }, bytes)
        },
    )
}

fn regions(described: Vec<AnyRegion>) -> (Vec<Region>, Vec<u8>) {
    let (mut regions, bytes): (Vec<Region>, Vec<Vec<u8>>) = described.into_iter().unzip();
    let bytes = bytes.concat();
    for region in &mut regions {
        if let Content::Numbers(Numbers { width, far, .. }) = &mut region.content {
            // A distance is shorter than the block.
            *far = far.map(|far| if far < bytes.len() && far >= *width { far } else { 0 });
        }
    }
    (regions, bytes)
}

/// Fields of every type, of every coding.
fn layout() -> RecordLayout {
    let near = || FieldCoding::ORDERED.predicted_from(Predicted::RecordBefore);
    let codings = [FieldCoding::MSB_FIRST, near(), FieldCoding::Raw, FieldCoding::ORDERED];
    let (mut fields, mut offset) = (Vec::new(), 0);
    for (i, dtype) in DType::ALL.into_iter().enumerate() {
        let field = Field::new(format!("f{i}"), dtype, offset);
        fields.push(Field { coding: codings[i % 4].clone(), big_endian: i % 5 == 0, ..field });
        offset += u32::try_from(dtype.size()).unwrap();
    }
    RecordLayout::new(Schema::new(offset as usize, fields).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_regions_come_back(
        described in prop::collection::vec(any_region(), 0..5),
        contexts in 1..=NUMBER_CONTEXTS,
        slots in any::<u32>(),
    ) {
        let (regions, bytes) = regions(described);
        let most = most_slots_log2(bytes.len(), contexts);
        let slots_log2 = SLOTS_LOG2.start() + slots % (most - SLOTS_LOG2.start() + 1);
        let plan = Plan { slots_log2, contexts, reading: Reading::Regions(regions) };
        check(&plan, &RecordLayout::new(Schema::bytes()), &bytes);
    }

    #[test]
    fn any_records_come_back(
        numbers in prop::collection::vec(any_numbers(), 13),
        n in 0usize..30,
        flat in prop::collection::vec(prop::bool::weighted(0.3), 47),
        partners in prop::collection::vec(prop::option::of(any::<u16>()), 13),
        contexts in 1..=RECORD_CONTEXTS,
        slots_log2 in 4u32..=5,
    ) {
        let layout = layout();
        let mut bytes = Vec::new();
        for record in 0..n {
            for (field, numbers) in layout.schema().fields().iter().zip(&numbers) {
                let number = numbers[record % numbers.len()].to_le_bytes();
                bytes.extend(&number[..field.dtype.size()]);
            }
        }
        let partner = |(field, any): (usize, &Option<u16>)| match any {
            Some(any) if field > 0 => Some(any % u16::try_from(field).unwrap()),
            _ => None,
        };
        let partners = partners.iter().enumerate().map(partner).collect();
        let reading = Reading::Records { flat: flat[..layout.stride()].to_vec(), partners };
        let slots_log2 = slots_log2.min(most_slots_log2(bytes.len(), contexts));
        check(&Plan { slots_log2, contexts, reading }, &layout, &bytes);
    }
}

/// A xorshift generator.
fn noise(n: usize) -> impl Iterator<Item = u8> {
    let mut state = 7u32;
    (0..n).map(move |_| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_be_bytes()[0]
    })
}

#[test]
fn every_level_and_every_instruction_level_agree_on_what_a_look_finds() {
    let text = b"run 4711: 3 events of 7\n".repeat(40);
    let floats: Vec<u8> =
        (0..1200u16).flat_map(|i| (f32::from(i % 64) * 1.5).to_le_bytes()).collect();
    let mixed: Vec<u8> = text.into_iter().chain(floats).chain(noise(300)).collect();
    let records: Vec<u8> = noise(layout().stride() * 60).map(|byte| byte & 0x83).collect();
    for level in (4..=8).filter_map(Level::new) {
        for (layout, bytes) in [(RecordLayout::new(Schema::bytes()), &mixed), (layout(), &records)]
        {
            check(&look::plan(level, &layout, bytes).unwrap(), &layout, bytes);
        }
    }
}

#[test]
fn roles_beyond_those_with_weights_of_their_own() {
    let layout = RecordLayout::new(Schema::new(MAX_ROLES + 300, vec![]).unwrap());
    let bytes: Vec<u8> = noise(2 * layout.stride()).map(|byte| byte & 0x11).collect();
    check(&look::plan(Level::LOWEST, &layout, &bytes).unwrap(), &layout, &bytes);
}
