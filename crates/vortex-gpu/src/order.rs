//! Where the channels of a vector are in the kernel: word `k` of a vector of `n` channels holds the
//! channels at the places `k`, `k + n/4`, `k + n/2` and `k + 3n/4`.

/// The place of each channel in a vector whose width is a multiple of four.
#[derive(Clone, Debug)]
pub struct Order {
    pub width: usize,
    pub place: Vec<usize>,
}

impl Order {
    /// Each channel at its own number, in a vector of at least `width` places.
    pub fn straight(channels: usize, width: usize) -> Self {
        Self { width: width.max(channels).next_multiple_of(4), place: (0..channels).collect() }
    }

    /// The channels of `parts` times `heads` heads, so that no word holds channels of two heads.
    pub fn heads(parts: usize, heads: usize, channels: usize) -> Self {
        let words = channels.div_ceil(4);
        let n_words = parts * heads * words;
        let mut place = Vec::with_capacity(parts * heads * channels);
        for head in 0..parts * heads {
            for c in 0..channels {
                place.push(c / words * n_words + head * words + c % words);
            }
        }
        Self { width: 4 * n_words, place }
    }

    /// Words of the vector.
    pub fn words(&self) -> usize {
        self.width / 4
    }

    /// Packs values of eight bits, one for each channel.
    pub fn pack(&self, values: &[i8], words: &mut [u32]) {
        for (&place, &v) in self.place.iter().zip(values) {
            words[place % self.words()] |=
                u32::from(v.cast_unsigned()) << (8 * (place / self.words()));
        }
    }

    /// Spreads numbers, one for each channel, over the places; the others are 0.
    pub fn spread<T: Copy + Into<i32>>(&self, values: &[T]) -> Vec<i32> {
        let mut out = vec![0; self.width];
        for (&place, &v) in self.place.iter().zip(values) {
            out[place] = v.into();
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_holds_channels_of_one_head() {
        let order = Order::heads(3, 2, 5);
        assert_eq!((order.width, order.place.len()), (48, 30));
        let mut owner = vec![None; order.words()];
        for (channel, &place) in order.place.iter().enumerate() {
            let owner = owner[place % order.words()].get_or_insert(channel / 5);
            assert_eq!(*owner, channel / 5);
        }
        let mut places = order.place.clone();
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), 30);
    }

    #[test]
    fn words_hold_a_channel_of_each_quarter() {
        let order = Order::straight(6, 6);
        let mut words = vec![0; 2];
        order.pack(&[1, 2, 3, 4, -1, 6], &mut words);
        assert_eq!(words, [0x00ff_0301, 0x0006_0402]);
        assert_eq!(order.spread(&[7i16, -8]), [7, -8, 0, 0, 0, 0, 0, 0]);
    }
}
