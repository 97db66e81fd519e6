//! The network in the form of the kernel: words of weights, numbers, and where they are.

use vortex_coder::layout::RecordLayout;
use vortex_infer::spec::{Linear, Memory, Network, SwiGlu, Tables as Rows};

use crate::operation::{
    ADD, ATTEND, COPY, EMBED_SYMBOL, EMBED_TOKEN, GATE, Operation, PACK, RECALL, REPEAT, STATE, Y,
};
use crate::order::Order;
use crate::shape::{FIELD_WORDS, MemorySizes, ROLE_WORDS, Shape, Tables};

/// A packed network. Its shape lacks the sizes that depend on the device.
pub struct Packed {
    pub shape: Shape,
    pub weights: Vec<u32>,
    pub params: Vec<i32>,
    /// Those of a token, then those of a symbol.
    pub operations: Vec<Operation>,
}

impl Packed {
    /// Packs a network that was checked.
    pub fn new(net: &Network, layout: &RecordLayout) -> Self {
        let mut out = Self {
            shape: Shape::default(),
            weights: Vec::new(),
            params: Vec::new(),
            operations: Vec::new(),
        };
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
            memory: net.memory.map_or_else(MemorySizes::default, |m| MemorySizes {
                slots: m.slots,
                keep: net.segment / m.rate,
                kernel: m.kernel,
            }),
            ..out.shape
        };
        out.widths(&orders, net.head.ffn.gate.n_out);
        out.tables(net, layout, &orders);
        for number in 0..net.layers.len() {
            out.layer(net, number, &orders);
        }
        let input = out.matrix(&[&net.head.input], &orders.e, &orders.d);
        let (numerator, width) = (net.head.norm_in.numerator, orders.d.width);
        out.operations.push(Operation { numerator, width, kind: STATE, ..input });
        out.operations[0].before = EMBED_TOKEN;
        out.shape.tables.token_operations = out.operations.len();
        out.head(net, &orders);
        let operations: Vec<i32> = out.operations.iter().flat_map(Operation::words).collect();
        out.shape.tables.operations = out.numbers(&operations);
        out.shape.tables.all_operations = out.operations.len();
        out
    }

    /// The parts of the shared arrays.
    fn widths(&mut self, orders: &Orders, head_hidden: usize) {
        let shape = &mut self.shape;
        let hidden = orders.hidden.max(head_hidden).next_multiple_of(4);
        let y = (shape.heads * shape.head_scores()).max(shape.d).max(256);
        shape.x_words = shape.d.max(shape.e);
        shape.q_words = shape.d.max(shape.e).max(shape.attention) / 4;
        // Odd distances, so that the same words of neighbouring lanes are in different banks.
        shape.number_words = (shape.x_words + y) | 1;
        shape.byte_words = (shape.q_words + hidden.max(shape.attention) / 4) | 1;
    }

    fn tables(&mut self, net: &Network, layout: &RecordLayout, orders: &Orders) {
        let (d, e) = (net.d_model, net.head.own.width);
        let (embedding, head) = (&net.embedding, &net.head);
        self.shape.tables = Tables {
            fields: self.numbers(&fields(net, layout)),
            role_info: self.numbers(&roles(net, layout)),
            att_pow2: self.numbers(&net.att_pow2.iter().map(|&v| v.into()).collect::<Vec<i32>>()),
            out_pow2: self
                .numbers(&net.out_pow2.iter().map(|&v| v.cast_signed()).collect::<Vec<_>>()),
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
            out_bias: self.numbers(&head.out_bias.iter().map(|&v| v.into()).collect::<Vec<i32>>()),
            w_copy: self.words(&head.copy, e, &orders.e),
            copy_shift: self
                .numbers(&head.copy_shift.iter().map(|&v| v.into()).collect::<Vec<i32>>()),
            copy_bias: self
                .numbers(&head.copy_bias.iter().map(|&v| v.into()).collect::<Vec<i32>>()),
            ..Tables::default()
        };
    }

    fn layer(&mut self, net: &Network, number: usize, orders: &Orders) {
        let layer = &net.layers[number];
        let q_words = self.shape.q_words;
        let attention = orders.attention.words();
        let mut extra = vec![i32::from(layer.score_shift)];
        let gates = layer.memory.iter().flat_map(|memory| &memory.gate);
        extra.extend(gates.map(|&gate| i32::from(gate)));
        let projections = [&layer.wq, &layer.wk, &layer.wv];
        let query_key_value = Operation {
            numerator: layer.norm.numerator,
            width: orders.d.width,
            kind: PACK,
            shared: attention,
            layer: number,
            extra: self.numbers(&extra),
            after: ATTEND,
            ..self.matrix(&projections, &orders.query_key_value, &orders.d)
        };
        self.operations.push(query_key_value);
        let output = self.matrix(&[&layer.wo], &orders.d, &orders.attention);
        self.operations.push(Operation { kind: ADD, ..output });
        self.feed_forward(&layer.ffn, orders.hidden, &orders.d, q_words);
        if let Some(memory) = &layer.memory {
            let key_value = Operation {
                numerator: memory.norm.numerator,
                first: attention,
                after: REPEAT,
                ..query_key_value
            };
            let recall = self.recall(memory, net, orders);
            self.operations.push(Operation { layer: number, ..recall });
            self.operations.push(key_value);
        }
    }

    /// The projection of a token that is kept.
    fn recall(&mut self, m: &Memory, net: &Network, orders: &Orders) -> Operation {
        let (d, kernel) = (net.d_model, m.conv.len() / net.d_model);
        let by_tap: Vec<i8> =
            (0..kernel).flat_map(|j| (0..d).map(move |i| m.conv[i * kernel + j])).collect();
        let places = [self.words(&by_tap, d, &orders.d), self.words(&m.point, d, &orders.d)];
        let extra = self.numbers(&places.map(number));
        self.scales(&m.conv_shift, d, &orders.d);
        let proj = self.matrix(&[&m.proj], &orders.d, &orders.d);
        Operation { before: RECALL, kind: Y, extra, ..proj }
    }

    /// A part with a hidden vector of at least `hidden` channels.
    fn feed_forward(&mut self, f: &SwiGlu, hidden: usize, order: &Order, q_words: usize) {
        let inner = Order::straight(f.gate.n_out, hidden);
        let mut silu: Vec<i32> = f.silu.iter().map(|&v| v.into()).collect();
        silu.push(f.hidden_shift.into());
        let extra = self.numbers(&silu);
        let gate = Operation {
            numerator: f.norm.numerator,
            width: order.width,
            kind: PACK,
            shared: inner.words(),
            ..self.matrix(&[&f.gate], &inner, order)
        };
        let up = self.matrix(&[&f.up], &inner, order);
        let up = Operation { kind: GATE, shared: inner.words(), extra, ..up };
        let down = self.matrix(&[&f.down], order, &inner);
        self.operations.extend([gate, up, Operation { kind: ADD, input: q_words, ..down }]);
    }

    fn head(&mut self, net: &Network, orders: &Orders) {
        let head = &net.head;
        let first = self.operations.len();
        self.feed_forward(&head.ffn, 0, &orders.e, self.shape.q_words);
        self.operations[first].before = EMBED_SYMBOL;
        let symbols = Order::straight(256, 256);
        // The matrices of the classes follow each other.
        let logits: Vec<Operation> =
            head.out.iter().map(|m| self.matrix(&[m], &symbols, &orders.e)).collect();
        self.operations.push(Operation {
            numerator: head.norm_out.numerator,
            width: orders.e.width,
            kind: Y,
            after: COPY,
            ..logits[0]
        });
    }

    /// Matrices with the same input, whose outputs together are a vector of `output`.
    fn matrix(&mut self, parts: &[&Linear], output: &Order, input: &Order) -> Operation {
        let m = Operation {
            n_in: input.width,
            n_out: output.width,
            weight: self.weights.len(),
            param: self.params.len(),
            ..Operation::default()
        };
        self.weights.resize(m.weight + input.words() * m.n_out, 0);
        self.params.resize(m.param + 2 * m.n_out, 0);
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

/// Places, which are below 2^31: the widths of a network are limited.
fn number(n: usize) -> i32 {
    i32::try_from(n).expect("places are below 2^31")
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
