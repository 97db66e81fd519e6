//! The network in the form of the kernel: words of weights, numbers, and where they are.

use vortex_coder::layout::RecordLayout;
use vortex_infer::spec::{Layer, Linear, Memory, Network, SwiGlu, Tables as Rows};

use crate::order::Order;
use crate::shape::{FIELD_WORDS, FeedForward, Matrix, MemorySizes, ROLE_WORDS, Shape, Tables};

/// A packed network. Its shape lacks the sizes that depend on the device.
pub struct Packed {
    pub shape: Shape,
    pub weights: Vec<u32>,
    pub params: Vec<i32>,
}

impl Packed {
    /// Packs a network that was checked.
    pub fn new(net: &Network, layout: &RecordLayout) -> Self {
        let mut out =
            Self { shape: Shape::default(), weights: Vec::new(), params: Vec::new() };
        let (d, e) = (net.d_model, net.head.own.width);
        let channels = d / net.n_heads;
        let orders = Orders {
            d: Order::straight(d, d),
            e: Order::straight(e, e),
            attention: Order::heads(1, net.n_heads, channels),
            query_key_value: Order::heads(3, net.n_heads, channels),
            hidden: net.layers.iter().map(|l| l.ffn.gate.n_out).max().unwrap_or(0),
        };
        out.shape = Shape {
            d: orders.d.width,
            attention: orders.attention.width,
            heads: net.n_heads,
            head_words: channels.div_ceil(4),
            layers: net.layers.len(),
            window: net.window,
            segment: net.segment,
            e: orders.e.width,
            fields: layout.n_fields(),
            roles: layout.roles().len(),
            ..out.shape
        };
        out.tables(net, layout, &orders);
        out.head(net, &orders);
        out.layers(net, &orders);
        out
    }

    fn tables(&mut self, net: &Network, layout: &RecordLayout, orders: &Orders) {
        let (d, e) = (net.d_model, net.head.own.width);
        let (embedding, head) = (&net.embedding, &net.head);
        self.shape.tables = Tables {
            fields: self.numbers(&fields(net, layout)),
            role_info: self.numbers(&roles(net, layout)),
            att_pow2: self.numbers(&net.att_pow2.iter().map(|&v| v.into()).collect::<Vec<i32>>()),
            out_pow2: self.numbers(&net.out_pow2.iter().map(|&v| v.cast_signed()).collect::<Vec<_>>()),
            w_embedding: self.rows(&embedding.tables, &orders.d),
            embed_shift: self.numbers(&[embedding.tables.shift.into()]),
            prev_scale: self.scales(&embedding.prev_scale, d, &orders.d),
            ref_scale: self.scales(&embedding.ref_scale, d, &orders.d),
            field_bias: self.scales(&embedding.field_bias, d, &orders.d),
            position: self.scales(&embedding.position, d, &orders.d),
            w_own: self.rows(&head.own, &orders.e),
            own_scale: self.scales(&head.own_scale, e, &orders.e),
            own_shift: self.numbers(&[head.own.shift.into()]),
            w_reference: self.rows(&head.reference, &orders.e),
            head_ref_scale: self.scales(&head.ref_scale, e, &orders.e),
            ref_shift: self.numbers(&[head.reference.shift.into()]),
            role_bias: self.scales(&head.role_bias, e, &orders.e),
            norm_in: self.numbers(&[head.norm_in.numerator.cast_signed()]),
            norm_out: self.numbers(&[head.norm_out.numerator.cast_signed()]),
            out_bias: self.numbers(&head.out_bias.iter().map(|&v| v.into()).collect::<Vec<i32>>()),
            w_copy: self.words(&head.copy, e, &orders.e),
            copy_shift: self.numbers(&head.copy_shift.iter().map(|&v| v.into()).collect::<Vec<i32>>()),
            copy_bias: self.numbers(&head.copy_bias.iter().map(|&v| v.into()).collect::<Vec<i32>>()),
        };
    }

    fn head(&mut self, net: &Network, orders: &Orders) {
        let head = &net.head;
        self.shape.head_input = self.matrix(&[&head.input], &orders.e, &orders.d);
        self.shape.head_feed_forward =
            self.feed_forward(&head.ffn, head.ffn.gate.n_out, &orders.e);
        let symbols = Order::straight(256, 256);
        let logits: Vec<Matrix> =
            head.out.iter().map(|m| self.matrix(&[m], &symbols, &orders.e)).collect();
        self.shape.logits = logits[0];
        debug_assert!(logits.windows(2).all(|pair| {
            (pair[1].weight, pair[1].param)
                == (pair[0].weight + pair[0].weights(), pair[0].param + pair[0].params())
        }));
    }

    fn layers(&mut self, net: &Network, orders: &Orders) {
        (self.shape.layers_weight, self.shape.layers_param) = (self.weights.len(), self.params.len());
        for layer in &net.layers {
            let (weights, params) = (self.weights.len(), self.params.len());
            let relative = |m: Matrix| Matrix { weight: m.weight - weights, param: m.param - params, ..m };
            let mut shape = Shape {
                norm: self.numbers(&[layer.norm.numerator.cast_signed()]) - params,
                score_shift: self.numbers(&[layer.score_shift.into()]) - params,
                ..self.shape
            };
            let projections = [&layer.wq, &layer.wk, &layer.wv];
            shape.query_key_value =
                relative(self.matrix(&projections, &orders.query_key_value, &orders.d));
            shape.output = relative(self.matrix(&[&layer.wo], &orders.d, &orders.attention));
            let part = self.feed_forward(&layer.ffn, orders.hidden, &orders.d);
            shape.feed_forward = FeedForward {
                gate: relative(part.gate),
                down: relative(part.down),
                norm: part.norm - params,
                silu: part.silu - params,
            };
            if let (Some(memory), Some(sizes)) = (&layer.memory, net.memory) {
                let at = self.memory(memory, layer, net, orders);
                shape.memory = MemorySizes {
                    slots: sizes.slots,
                    keep: net.segment / sizes.rate,
                    kernel: sizes.kernel,
                    conv: at.conv - weights,
                    conv_shift: at.conv_shift - params,
                    point: at.point - weights,
                    proj: relative(at.proj),
                    norm: at.norm - params,
                    gate: at.gate - params,
                };
            }
            shape.layer_weights = self.weights.len() - weights;
            shape.layer_params = self.params.len() - params;
            // All layers have the same sizes.
            self.shape = shape;
        }
    }

    fn memory(&mut self, m: &Memory, layer: &Layer, net: &Network, orders: &Orders) -> MemorySizes {
        let (d, kernel) = (net.d_model, m.conv.len() / net.d_model);
        debug_assert_eq!(layer.wk.n_in, d);
        let by_tap: Vec<i8> =
            (0..kernel).flat_map(|j| (0..d).map(move |i| m.conv[i * kernel + j])).collect();
        MemorySizes {
            conv: self.words(&by_tap, d, &orders.d),
            conv_shift: self.scales(&m.conv_shift, d, &orders.d),
            point: self.words(&m.point, d, &orders.d),
            proj: self.matrix(&[&m.proj], &orders.d, &orders.d),
            norm: self.numbers(&[m.norm.numerator.cast_signed()]),
            gate: self.numbers(&m.gate.iter().map(|&g| g.into()).collect::<Vec<i32>>()),
            ..MemorySizes::default()
        }
    }

    /// A part with a hidden vector of at least `hidden` channels.
    fn feed_forward(&mut self, f: &SwiGlu, hidden: usize, order: &Order) -> FeedForward {
        let inner = Order::straight(f.gate.n_out, hidden);
        let gate = self.matrix(&[&f.gate], &inner, order);
        self.matrix(&[&f.up], &inner, order);
        let down = self.matrix(&[&f.down], order, &inner);
        let mut silu: Vec<i32> = f.silu.iter().map(|&v| v.into()).collect();
        silu.push(f.hidden_shift.into());
        FeedForward {
            gate,
            down,
            norm: self.numbers(&[f.norm.numerator.cast_signed()]),
            silu: self.numbers(&silu),
        }
    }

    /// Matrices with the same input, whose outputs together are a vector of `output`.
    fn matrix(&mut self, parts: &[&Linear], output: &Order, input: &Order) -> Matrix {
        let m = Matrix {
            n_in: input.width,
            n_out: output.width,
            weight: self.weights.len(),
            param: self.params.len(),
        };
        self.weights.resize(m.weight + m.weights(), 0);
        self.params.resize(m.param + m.params(), 0);
        let mut row = vec![0; input.words()];
        let mut places = output.place.iter();
        for part in parts {
            let rows = part.weight.chunks_exact(part.n_in).zip(&part.shift).enumerate();
            for ((o, (weights, &shift)), &place) in rows.zip(&mut places) {
                row.fill(0);
                input.pack(weights, &mut row);
                for (word, &w) in row.iter().enumerate() {
                    self.weights[m.weight + word * m.n_out + place] = w;
                }
                // Half a unit for rounding; the sum stays in bounds, as the network was checked.
                let half = (1i32 << shift) >> 1;
                self.params[m.param + place] = part.bias.get(o).copied().unwrap_or(0) + half;
                self.params[m.param + m.n_out + place] = shift.into();
            }
        }
        m
    }

    /// Appends numbers and returns their place.
    fn numbers(&mut self, values: &[i32]) -> usize {
        let at = self.params.len();
        self.params.extend(values);
        at
    }

    /// Vectors of numbers of `width` channels each.
    fn scales<T: Copy + Into<i32>>(&mut self, values: &[T], width: usize, order: &Order) -> usize {
        let at = self.params.len();
        self.params.extend(values.chunks_exact(width).flat_map(|row| order.spread(row)));
        at
    }

    /// Vectors of bytes of `width` channels each.
    fn words(&mut self, values: &[i8], width: usize, order: &Order) -> usize {
        let at = self.weights.len();
        self.weights.resize(at + values.len() / width * order.words(), 0);
        let rows = self.weights[at..].chunks_exact_mut(order.words());
        for (values, words) in values.chunks_exact(width).zip(rows) {
            order.pack(values, words);
        }
        at
    }

    fn rows(&mut self, tables: &Rows, order: &Order) -> usize {
        self.words(&tables.table, tables.width, order)
    }
}

/// The orders of the vectors of a network.
struct Orders {
    d: Order,
    e: Order,
    attention: Order,
    query_key_value: Order,
    /// Largest hidden width of a layer.
    hidden: usize,
}

/// Numbers that are places in a record: at most 65,535.
fn number(n: usize) -> i32 {
    i32::try_from(n).expect("roles and fields are counted in 16 bits")
}

/// [`FIELD_WORDS`] numbers for each field.
fn fields(net: &Network, layout: &RecordLayout) -> Vec<i32> {
    let n = layout.n_fields();
    let mut out = Vec::with_capacity(n * FIELD_WORDS);
    for (field, &lag) in net.lag.iter().enumerate() {
        let lag = usize::from(lag);
        let before = |distance: usize| match field.checked_sub(distance) {
            Some(source) => (layout.roles_of(source), 0),
            None => (layout.roles_of(n + field - distance), 1),
        };
        let roles = layout.roles_of(field);
        let ((previous, previous_back), (reference, reference_back)) = (before(1), before(lag));
        let words = [roles.start, roles.len(), previous.start, previous.len(), previous_back];
        out.extend(words.map(number));
        out.extend([reference.start, reference_back].map(number));
    }
    out
}

/// [`ROLE_WORDS`] numbers for each role.
fn roles(net: &Network, layout: &RecordLayout) -> Vec<i32> {
    let mut out = Vec::with_capacity(layout.roles().len() * ROLE_WORDS);
    for (role, (&class, &flat)) in layout.roles().iter().zip(net.class.iter().zip(&net.flat)) {
        out.extend([role.field, role.rank.into(), role.alphabet].map(i32::from));
        out.extend([i32::from(class), i32::from(flat)]);
    }
    out
}
