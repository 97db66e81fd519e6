//! The blocks of a compressed file in their order, and how far each was compressed.

use std::fmt::Write as _;

use vortex_codec::coder::container::{BlockInfo, Method};

use super::super::table::thousands;
use super::numbers::place;
use super::scale::Scale;
use super::scatter::axes;

/// Most bars; each stands for as many adjacent blocks as needed.
const MOST_BARS: u64 = 120;

/// Sums over adjacent blocks.
pub struct Blocks {
    /// Blocks of the file.
    total: u64,
    seen: u64,
    bars: Vec<Bar>,
}

#[derive(Clone, Default)]
struct Bar {
    blocks: u64,
    original: u64,
    stored: u64,
    /// Coded with the predictor, with zstd, not at all.
    methods: [u64; 3],
}

impl Blocks {
    /// For a file of this number of blocks.
    pub fn new(total: u64) -> Self {
        Self { total, seen: 0, bars: vec![Bar::default(); total.min(MOST_BARS) as usize] }
    }

    /// Adds the next block.
    pub fn push(&mut self, block: &BlockInfo) {
        let place = u128::from(self.seen) * u128::from(self.total.min(MOST_BARS))
            / u128::from(self.total.max(1));
        let Some(bar) = self.bars.get_mut(place as usize) else { return };
        self.seen += 1;
        bar.blocks += 1;
        bar.original += u64::from(block.header.original_bytes);
        bar.stored += block.header.stored_bytes();
        bar.methods[match block.header.method {
            Method::Modelled => 0,
            Method::Zstd => 1,
            Method::Raw => 2,
        }] += 1;
    }

    /// The chart; empty without blocks.
    pub fn html(&self, id: &str) -> String {
        let bits = |bar: &Bar| bar.stored as f64 * 8.0 / bar.original.max(1) as f64;
        if self.seen == 0 {
            return String::new();
        }
        let y = Scale::linear([0.0].into_iter().chain(self.bars.iter().map(bits)));
        let x = Scale::exact(0.0, self.total as f64);
        let mut html = format!(
            "<figure><figcaption id=\"b{id}\">Bits per byte of each block, in file order</figcaption><div class=\"plot short\">\
             <svg data-marks role=\"group\" aria-labelledby=\"b{id}\">\n{}",
            axes(&x, &y, "block", "bits/byte")
        );
        let mut rows = String::new();
        let mut first = 0;
        for bar in &self.bars {
            let last = first + bar.blocks;
            let (from, to) = (x.share(first as f64), x.share(last as f64));
            let most =
                bar.methods.iter().enumerate().max_by_key(|(_, n)| **n).map_or(0, |(i, _)| i);
            let class = ["o", "r", "x"][most];
            let name = match bar.blocks {
                1 => format!("block {}", thousands(first)),
                _ => {
                    format!("blocks {} to {}", thousands(first), thousands(last.saturating_sub(1)))
                }
            };
            let [modelled, zstd, raw] = bar.methods;
            let top = 1.0 - y.share(bits(bar));
            let _ = writeln!(
                html,
                "<g class=\"pt {class} best\" tabindex=\"0\" role=\"img\"><title>{name}\n{:.3} bits/byte\n{modelled} by the \
                 predictor, {zstd} by zstd, {raw} stored</title><rect class=\"mk bk\" x=\"{}\" width=\"{}\" y=\"{}\" \
                 height=\"{}\"/></g>",
                bits(bar),
                place(from),
                place((to - from) * 0.86),
                place(top),
                place(1.0 - y.share(0.0) - top),
            );
            let _ = writeln!(
                rows,
                "<tr><th scope=\"row\">{name}</th><td>{:.4}</td><td>{modelled}</td><td>{zstd}</td><td>{raw}</td></tr>",
                bits(bar)
            );
            first = last;
        }
        let table = format!(
            "<details><summary>The blocks as a table</summary><div class=\"scroll\" tabindex=\"0\" role=\"region\" \
             aria-label=\"Blocks\"><table><thead><tr><th scope=\"col\">blocks</th><th scope=\"col\">bits/byte</th><th \
             scope=\"col\">predictor</th><th scope=\"col\">zstd</th><th scope=\"col\">stored</th></tr></thead><tbody>\n{rows}\
             </tbody></table></div></details>\n"
        );
        html + "</svg></div><ul class=\"legend\"><li><svg class=\"o best\" viewBox=\"0 0 12 12\" aria-hidden=\"true\"><rect \
                class=\"mk bk\" width=\"12\" height=\"12\"/></svg>mostly by the predictor</li><li><svg class=\"r best\" viewBox=\"0 0 12 \
                12\" aria-hidden=\"true\"><rect class=\"mk bk\" width=\"12\" height=\"12\"/></svg>mostly by zstd</li><li><svg class=\"x \
                best\" viewBox=\"0 0 12 12\" aria-hidden=\"true\"><rect class=\"mk bk\" width=\"12\" height=\"12\"/></svg>mostly stored \
                as they are</li></ul></figure>\n"
            + &table
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vortex_codec::coder::container::BlockHeader;

    fn block(method: Method, payload_bytes: u32) -> BlockInfo {
        let header = BlockHeader {
            method,
            lanes: 1,
            original_bytes: 1000,
            payload_bytes,
            tail_bytes: 0,
            tail_payload_bytes: 0,
            original_crc: 0,
            payload_crc: 0,
        };
        BlockInfo { original_offset: 0, file_offset: 0, header }
    }

    #[test]
    fn many_blocks_share_bars_and_every_block_is_counted() {
        let mut blocks = Blocks::new(1000);
        for i in 0..1000 {
            blocks.push(&block(if i < 900 { Method::Modelled } else { Method::Raw }, 300));
        }
        assert_eq!(blocks.bars.iter().map(|b| b.blocks).sum::<u64>(), 1000);
        let html = blocks.html("0");
        assert_eq!(html.matches("class=\"pt ").count(), 120);
        assert!(html.contains("class=\"pt x") && html.contains("blocks 992 to 999"), "{html}");
        // More than were announced are passed over.
        blocks.push(&block(Method::Zstd, 1));
        assert_eq!(Blocks::new(0).html("0"), "");
    }
}
