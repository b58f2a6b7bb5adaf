//! Whatever bytes a network folder holds, loading gives a network or an error that says something: never a panic.

use bico::model::{LoadOptions, Network, check, load_text};
use proptest::prelude::*;
use safetensors::tensor::{Dtype, TensorView, serialize};

const SEEDED: &str = include_str!("../configs/networks/mobile_block/network.toml");
const WEIGHTED: &str = "name = \"n\"\n[input]\nchannels = 2\nheight = 4\nwidth = 4\nformat = { bits = 8, frac = 8 }\n\
    [[layer]]\nname = \"a\"\nop = \"pointwise\"\nchannels = 2\nfeature_frac = 4\n";

fn weights() -> Vec<u8> {
    let (w, b): (Vec<u8>, Vec<u8>) = ([0.5f32; 4].iter().flat_map(|v| v.to_le_bytes()).collect(), vec![0; 8]);
    let view = |shape: Vec<usize>, bytes| TensorView::new(Dtype::F32, shape, bytes).unwrap();
    serialize([("a.weight", view(vec![2, 2, 1, 1], &w)), ("a.bias", view(vec![2], &b))], None).unwrap()
}

fn says_something(result: Result<Network, bico::Error>) -> Result<(), TestCaseError> {
    match result {
        Ok(network) => prop_assert!(check(&network.graph).is_ok()),
        Err(e) => prop_assert!(e.kind().exit_code() == 3 && e.to_string().starts_with("n/") && e.what().len() > 5, "{e}"),
    }
    Ok(())
}

/// One change of a text: at a byte, replace, insert, delete or duplicate.
fn mutate(bytes: &mut Vec<u8>, (kind, at, byte): (u8, prop::sample::Index, u8)) {
    if bytes.is_empty() {
        return;
    }
    let at = at.index(bytes.len());
    match kind {
        0 => bytes[at] = byte,
        1 => bytes.insert(at, byte),
        2 => drop(bytes.remove(at)),
        3 => bytes.truncate(at),
        _ => {
            let end = (at + 1 + byte as usize).min(bytes.len());
            let piece = bytes[at..end].to_vec();
            bytes.splice(at..at, piece);
        }
    }
}

fn edits(printable: bool) -> impl Strategy<Value = Vec<(u8, prop::sample::Index, u8)>> {
    let byte = if printable { (b' '..b'~').boxed() } else { any::<u8>().boxed() };
    prop::collection::vec((prop_oneof![4 => 0u8..3, 1 => 3u8..5], any::<prop::sample::Index>(), byte), 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn mutated_toml_never_panics(edits in edits(true)) {
        let mut bytes = SEEDED.as_bytes().to_vec();
        edits.into_iter().for_each(|e| mutate(&mut bytes, e));
        says_something(load_text(&String::from_utf8_lossy(&bytes), None, "n", LoadOptions::default()))?;
    }

    #[test]
    fn mutated_numbers_never_panic(at in any::<prop::sample::Index>(), value in prop_oneof![
        Just("0".to_string()), Just("-1".to_string()), Just("nan".to_string()), Just("-inf".to_string()), Just("1e308".to_string()),
        Just("65536".to_string()), Just("9223372036854775807".to_string()), Just("99999999999999999999".to_string()), Just("[]".to_string()),
        Just("{}".to_string()), Just("[1, 2]".to_string()), Just("true".to_string()), (-40i64..2000).prop_map(|v| v.to_string()),
    ]) {
        let values: Vec<(usize, &str)> = SEEDED.match_indices(" = ").collect();
        let start = values[at.index(values.len())].0 + 3;
        let end = start + SEEDED[start..].find('\n').unwrap();
        let text = format!("{}{value}{}", &SEEDED[..start], &SEEDED[end..]);
        says_something(load_text(&text, None, "n", LoadOptions::default()))?;
    }

    #[test]
    fn mutated_weights_never_panic(edits in edits(false)) {
        let mut bytes = weights();
        edits.into_iter().for_each(|e| mutate(&mut bytes, e));
        says_something(load_text(WEIGHTED, Some(&bytes), "n", LoadOptions::default()))?;
    }

    #[test]
    fn any_widths_give_a_sound_graph(feature_bits in proptest::option::of(0u8..=20), weight_bits in proptest::option::of(0u8..=20)) {
        let result = load_text(SEEDED, None, "n", LoadOptions { feature_bits, weight_bits, ..Default::default() });
        let sensible = feature_bits.is_none_or(|b| (1..=16).contains(&b)) && weight_bits.is_none_or(|b| (1..=16).contains(&b));
        prop_assert_eq!(result.is_ok(), sensible, "{:?}", result.err().map(|e| e.to_string()));
        says_something(result)?;
    }
}

#[test]
fn untouched_files_load() {
    load_text(SEEDED, None, "n", LoadOptions::default()).unwrap();
    load_text(WEIGHTED, Some(&weights()), "n", LoadOptions::default()).unwrap();
}
