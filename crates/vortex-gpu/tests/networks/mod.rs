//! Random networks of every kind that the small models have.

use vortex_coder::schema::{DType, Field, Schema};
use vortex_infer::Network;
use vortex_infer::random::{Sizes, network};
use vortex_infer::spec::MemoryShape;

/// A network, and how much of it to test.
pub struct Case {
    pub name: &'static str,
    pub network: Network,
    pub lanes: usize,
    pub records: usize,
}

/// A schema of fields without gaps.
pub fn schema(types: &[DType]) -> Schema {
    let mut offset = 0;
    let fields = types.iter().enumerate().map(|(i, &dtype)| {
        let field = Field::new(format!("f{i}"), dtype, offset);
        offset += dtype.size() as u32;
        field
    });
    let fields = fields.collect();
    Schema::new(offset as usize, fields).unwrap()
}

/// Shapes with a remainder in every dimension, memory, biases, flat roles, one and many lanes.
pub fn cases() -> Vec<Case> {
    use DType::*;
    let memory = |rate, slots, kernel| Some(MemoryShape { rate, slots, kernel });
    let small = Sizes { window: 16, d_ff: 40, d_head_ff: 24, ..Sizes::default() };
    let narrow = Sizes {
        d_model: 6,
        n_heads: 2,
        d_head: 5,
        window: 3,
        d_ff: 10,
        d_head_ff: 7,
        ..Sizes::default()
    };
    let case = |name, types: &[DType], sizes, seed, lanes, records| Case {
        name,
        network: network(schema(types), sizes, seed),
        lanes,
        records,
    };
    let mut cases = vec![
        case("the default small model", &[F32, F32, I16, U8, F64], Sizes::default(), 0, 5, 16),
        case("bytes", &[U8], Sizes { n_tables: 1, ..small }, 1, 3, 40),
        case(
            "three heads",
            &[F32, F32],
            Sizes { d_model: 36, n_heads: 3, d_head: 22, n_layers: 1, ..small },
            2,
            7,
            12,
        ),
        case("memory", &[F32, I32, Bool], Sizes { memory: memory(4, 7, 3), ..small }, 3, 5, 30),
        case(
            "narrow, with memory",
            &[F16, U64],
            Sizes { memory: memory(2, 40, 1), ..narrow },
            4,
            4,
            40,
        ),
        case(
            "more kept than slots",
            &[F16, U8],
            Sizes { memory: memory(1, 3, 4), ..narrow },
            5,
            2,
            20,
        ),
        case(
            "biases and memory",
            &[F32, U16],
            Sizes { n_tables: 3, biases: true, memory: memory(3, 9, 2), ..small },
            6,
            18,
            14,
        ),
        case("many lanes", &[U16, U8], narrow, 7, 70, 9),
    ];
    let mut flat = network(schema(&[U16, F32]), narrow, 8);
    flat.flat.fill(true);
    flat.flat[1] = false;
    cases.push(Case { name: "flat roles", network: flat, lanes: 6, records: 12 });
    // Hidden vectors of different widths, and weights of symbols that need large shifts.
    let mut odd = network(schema(&[U16, U8]), Sizes { n_layers: 2, ..narrow }, 9);
    let wider = network(schema(&[U16, U8]), Sizes { d_ff: 17, n_layers: 2, ..narrow }, 10);
    odd.layers[1].ffn = wider.layers[1].ffn.clone();
    odd.out_pow2 = (0..32).map(|i| u32::MAX >> (i / 3)).collect();
    cases.push(Case { name: "unequal layers, large weights", network: odd, lanes: 5, records: 10 });
    cases
}
