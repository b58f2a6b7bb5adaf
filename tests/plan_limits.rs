//! What the planner chooses among banks and groups, and what it can not do: refused by name, never a fault of the machine.

use bico::accelerator::{self, Accelerator};
use bico::board::Board;
use bico::error::Kind;
use bico::model::{LoadOptions, Network, load_text};
use bico::simulate::{Options, Simulation};

/// Four lanes, these units and these banks.
fn with_banks(units: &str, banks: &str) -> Accelerator {
    let text = format!(
        "clock_mhz = 100\nlanes = 4\nfeature_bits = 8\nweight_bits = 8\nqueue_depth = 8\ntile = {{ rows = 8, cols = 8 }}\n\
         [ports]\nload = {{ hp = 0, outstanding_bursts = 8 }}\nweights = {{ hp = 1, outstanding_bursts = 8 }}\n\
         fetch = {{ hp = 2 }}\nstore = {{ hp = 3, outstanding_bursts = 8 }}\n{units}{banks}"
    );
    accelerator::parse(&text, "banks.toml").unwrap()
}

fn pointwise([weights, parameters]: [usize; 2]) -> String {
    format!("[pointwise]\nparallel_in = 4\nparallel_out = 4\nweight_rows = {weights}\nparameter_rows = {parameters}\n")
}

fn depthwise([weights, parameters]: [usize; 2]) -> String {
    format!("[depthwise]\nparallel = 4\nmax_kernel = 3\nweight_rows = {weights}\nparameter_rows = {parameters}\n")
}

fn bank(name: &str, words: usize, writers: &[&str], readers: &[&str]) -> String {
    format!("[[banks]]\nname = \"{name}\"\nwords = {words}\nwriters = {writers:?}\nreaders = {readers:?}\n")
}

fn network(layers: &str, [height, width]: [usize; 2]) -> Network {
    let text = format!(
        "name = \"n\"\n[input]\nchannels = 3\nheight = {height}\nwidth = {width}\nformat = {{ bits = 8, frac = 6 }}\n\
         [quantise]\nfeature_bits = 8\nweight_bits = 8\nrandom_weights_seed = 1\n{layers}"
    );
    load_text(&text, None, "n", LoadOptions::default()).unwrap()
}

fn layer(name: &str, op: &str, rest: &str) -> String {
    format!("[[layer]]\nname = \"{name}\"\nop = \"{op}\"\n{rest}\n")
}

fn pynq() -> Board {
    bico::board::load("pynq-z1").unwrap()
}

fn cycles(network: &Network, acc: &Accelerator) -> bico::error::Result<u64> {
    let board = pynq();
    let options = Options { frames: 1, allow_overflow: true, jobs: false };
    Simulation::new(network, acc, &board, options).map(|s| s.first_frame().end.0)
}

#[test]
fn the_order_of_banks_decides_nothing() {
    let network = network(&layer("pw", "pointwise", "channels = 16"), [20, 40]);
    let both = bank("both", 512, &["load", "pointwise"], &["pointwise", "store"]);
    let input = bank("in", 512, &["load"], &["pointwise"]);
    let of = |banks: String| cycles(&network, &with_banks(&pointwise([128, 32]), &banks)).unwrap();
    assert_eq!(of(format!("{both}{input}")), of(format!("{input}{both}")));

    // Of two that fit, the larger: tiles are larger in it.
    let out = bank("out", 512, &["pointwise"], &["store"]);
    let small = bank("small", 16, &["load"], &["pointwise"]);
    let [one, other] = [format!("{out}{small}{input}"), format!("{out}{input}{small}")].map(of);
    assert_eq!(one, other);
    assert!(one < of(format!("{out}{small}")));
}

#[test]
fn layers_are_not_fused_where_that_makes_tiles_tiny() {
    // All 128 input channels of a tile have to lie in `mid`, and the weights of `pointwise` are streamed anew for each tile.
    let layers = layer("a", "pointwise", "channels = 128")
        + &layer("dw", "depthwise", "kernel = 3\npadding = 1")
        + &layer("pw", "pointwise", "channels = 128");
    let network = network(&layers, [20, 40]);
    let units = ["depthwise", "pointwise"];
    let (input, out) = (bank("in", 512, &["load"], &units), bank("out", 512, &units, &["store"]));
    let mid = bank("mid", 256, &["depthwise"], &["pointwise"]);
    let two = depthwise([512, 64]) + &pointwise([64, 32]);
    let of = |banks: String| cycles(&network, &with_banks(&two, &banks)).unwrap();
    let (with, without) = (of(format!("{input}{out}{mid}")), of(format!("{input}{out}")));
    assert!(with as f64 <= 1.5 * without as f64, "{with} with a bank that lets them be fused, {without} without");
}

#[test]
fn tokens_that_no_counter_holds_are_refused_with_their_layer() {
    let banks = bank("for_dw", 18, &["load"], &["depthwise"])
        + &bank("for_pw", 64, &["load"], &["pointwise"])
        + &bank("mid", 32_768, &["depthwise"], &["pointwise"])
        + &bank("out", 2048, &["depthwise", "pointwise"], &["store"]);
    let acc = with_banks(&(depthwise([4096, 512]) + &pointwise([4096, 512])), &banks);
    let of = |channels: usize| {
        let wide = format!("channels = {channels}");
        let layers = layer("a", "pointwise", &wide)
            + &layer("b", "depthwise", "kernel = 3\npadding = 1")
            + &layer("c", "pointwise", "channels = 16");
        cycles(&network(&layers, [3, 3]), &acc)
    };
    assert!(of(400).is_ok());
    let e = of(1600).unwrap_err();
    assert_eq!(e.kind(), Kind::Unsupported, "{e}");
    let text = e.to_string();
    assert!(text.contains("`a`") && text.contains("token") && text.contains("255"), "{text}");
}

#[test]
fn a_map_too_large_to_pool_at_once_says_what_to_do() {
    let network = network(&layer("all", "global_avg_pool", ""), [80, 80]);
    let acc = accelerator::load("small").unwrap();
    let text = cycles(&network, &acc).unwrap_err().to_string();
    assert!(text.contains("`all`") && text.contains("pool the map to at most 63 x 63"), "{text}");
}
