//! Feature maps as they lie in DRAM (contract, section 8): what the host writes and reads.

use crate::fixed::Format;
use crate::plan::layout::TensorPlace;
use crate::plan::weights::put_row;
use crate::tensor::{Blocked, Tensor};

/// Writes a map into its region; lanes past the last channel are zero.
pub fn put(place: &TensorPlace, lanes: usize, map: &Tensor, dram: &mut [u8]) {
    let words = dram[place.address as usize..].chunks_exact_mut(place.word_bytes as usize);
    for (values, word) in Blocked::from_tensor(map, lanes).data.chunks_exact(lanes).zip(words) {
        let values: Vec<i32> = values.iter().map(|&v| v.into()).collect();
        put_row(&values, place.format.container_bits(), word);
    }
}

/// Reads a map from its region.
pub fn get(place: &TensorPlace, lanes: usize, dram: &[u8]) -> Tensor {
    let mut map = Tensor::zeros(place.shape);
    for c in 0..place.shape.c {
        for y in 0..place.shape.h {
            for x in 0..place.shape.w {
                let at = place.at(c / lanes, y, x) as usize;
                *map.at_mut(c, y, x) = value(&dram[at..at + place.word_bytes as usize], c % lanes, place.format);
            }
        }
    }
    map
}

/// The value in one lane of a word.
fn value(word: &[u8], lane: usize, format: Format) -> i32 {
    let bits = usize::from(format.container_bits());
    let raw = match bits {
        16 => u16::from_le_bytes([word[2 * lane], word[2 * lane + 1]]),
        _ => u16::from(word[lane * bits / 8] >> (lane * bits % 8)) & ((1 << bits) - 1),
    };
    match (format.is_binary(), format.signed) {
        (true, _) => 2 * i32::from(raw) - 1,
        (false, true) => i32::from(raw as i16) << (32 - bits) >> (32 - bits),
        (false, false) => raw.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::Shape;

    #[test]
    fn maps_of_every_format_come_back() {
        let shape = Shape::new(5, 2, 3);
        for (bits, signed) in (1..=16).flat_map(|bits| [(bits, false), (bits, true)]) {
            let format = Format { bits, frac: 0, signed, narrow: false };
            let span = format.max() - format.min() + 1;
            let member = |k: i32| format.min() + k * 7919 % span;
            let data = (0..30).map(member).map(|v| if format.contains(v) { v } else { 1 }).collect();
            let map = Tensor::new(shape, data).unwrap();
            let word_bytes = (4 * u64::from(format.container_bits())).div_ceil(8).max(8);
            let place = TensorPlace { address: 8, shape, format, word_bytes, owner: 0, first_block: 0 };
            let mut dram = vec![0xa5; 8 + 2 * 6 * word_bytes as usize + 8];
            put(&place, 4, &map, &mut dram);
            assert_eq!(get(&place, 4, &dram), map, "{format:?}");
            assert_eq!((&dram[..8], &dram[dram.len() - 8..]), (&[0xa5; 8][..], &[0xa5; 8][..]));
        }
    }
}
