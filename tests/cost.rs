//! What accelerators take: the shipped ones fit or do not, DSPs and block RAMs move in steps, and a refusal says what to change.

use bico::accelerator::{self, Accelerator, IpConfig};
use bico::board::{self, Board, Resources};
use bico::error::Kind;
use bico::ip::{REGISTRY, cost};
use bico::plan::Unit;

fn pynq() -> Board {
    board::builtin("pynq-z1").unwrap()
}

fn default_accelerator() -> Accelerator {
    accelerator::builtin("pynq-z1-default").unwrap()
}

#[test]
fn shipped_accelerators_fit_both_boards() {
    for board in board::names().map(|n| board::builtin(n).unwrap()) {
        for acc in accelerator::names().map(|n| accelerator::builtin(n).unwrap()) {
            let record = cost::resources(&acc, &board);
            assert!(record.fits, "{} on {}: {}", acc.name, board.name, record.total);
            cost::check_fits(&acc, &board).unwrap();
            assert_eq!(record.components.iter().map(|c| c.1).sum::<Resources>(), record.total);
        }
    }
}

/// 16-bit operands fill the smaller board's look-up tables, as Yosys counts them: the wider `vector` is refused, with the way out.
#[test]
fn a_design_without_room_is_refused_with_what_would_fit() {
    let board = board::builtin("pynq-z1").unwrap();
    let mut acc = accelerator::builtin("wide").unwrap();
    acc.vector = acc.vector.map(|ip| IpConfig { parallel_in: 8, parallel_out: 8, ..ip });
    let record = cost::resources(&acc, &board);
    let over = record.total.beyond(&record.budget);
    assert!(!record.fits && over.lut > 0 && over == Resources::logic(over.lut, 0), "{}", record.total);
    let text = cost::check_fits(&acc, &board).unwrap_err().to_string();
    assert!(text.contains("products mapped as by yosys") && text.contains("vector.parallel 8 -> 4"), "{text}");
}

/// DSPs by hand: a multiplier each, and two for each 32 x 17 bit requantise product (32 bits do not fit the 25-bit port).
#[test]
fn dsps_of_the_default_by_hand() {
    let record = cost::resources(&default_accelerator(), &pynq());
    let dsp = |name: &str| record.components.iter().find(|c| c.0 == name).unwrap().1.dsp;
    assert_eq!(dsp("pointwise"), 16 * 8 + 8 * 2);
    assert_eq!(dsp("depthwise"), 16 + 16 * 2);
    assert_eq!(dsp("conv"), 4 + 2);
    assert_eq!(dsp("vector"), 8 * 2);
    assert_eq!(record.total.dsp, 214);
    assert!(record.total.dsp * 10 > record.budget.dsp * 9, "the default uses the board up");
}

/// Block RAM by hand: banks of 144 bits take 16 for each 2,048 words (2K x 9), 1,024 rows of 1,408 bits 79 of 1K x 18, 4,096 rows of 44
/// bits two times five of 2K x 9.
#[test]
fn block_rams_of_the_default_by_hand() {
    let record = cost::resources(&default_accelerator(), &pynq());
    let bram = |name: &str| record.components.iter().find(|c| c.0 == name).unwrap().1.bram18;
    assert_eq!(bram("banks"), 16 * (3 + 3 + 1 + 2));
    assert_eq!(bram("pointwise"), 79);
    assert_eq!(bram("depthwise"), 5);
    assert_eq!(bram("conv"), 2 * 5);
    assert!(record.total.bram18 <= 280);
}

/// The paper's second observation: block RAM moves in steps with buffer size and feature width, and is flat between.
#[test]
fn block_ram_moves_in_steps() {
    let board = pynq();
    let total = |words: usize, bits: u8| {
        let mut acc = default_accelerator();
        (acc.banks[0].words, acc.feature_bits) = (words, bits);
        cost::total(&acc, &board).bram18
    };
    // An input resized by 0.9 in each direction (0.81 of the words) saves nothing or much, depending on where it starts.
    assert_eq!(total(2048, 9), total(1659, 9), "0.81 x 2,048 words is on the same step");
    assert_eq!(total(1024, 9) + 4, total(1025, 9), "one word over 1,024 costs four RAMB18");
    let by_bits: Vec<u64> = (6..=12).map(|bits| total(6144, bits)).collect();
    assert!(by_bits.windows(2).all(|w| w[0] <= w[1]), "{by_bits:?}");
    let small = |bits: u8| {
        let mut acc = accelerator::builtin("tiny").unwrap();
        acc.feature_bits = bits;
        cost::total(&acc, &board).bram18
    };
    let steps: Vec<u64> = (8..=16).map(small).collect();
    assert!(steps.windows(2).any(|w| w[0] == w[1]) && steps.windows(2).any(|w| w[0] < w[1]), "flat and steps: {steps:?}");
}

/// The paper's third observation: DSPs move in steps with (weight, feature) widths; one bit less frees an array or nothing.
#[test]
fn dsps_move_in_steps() {
    let board = pynq();
    let total = |feature: u8, weight: u8| {
        let mut acc = default_accelerator();
        (acc.feature_bits, acc.weight_bits) = (feature, weight);
        cost::total(&acc, &board).dsp
    };
    assert_eq!(total(9, 11), total(16, 16), "flat over a wide range");
    assert_eq!(total(9, 3), 214);
    // Two-bit weights select and negate: what is left are the requantise multipliers.
    assert_eq!(total(9, 2), 2 * (8 + 16 + 1 + 8));
    assert_eq!(total(4, 4), 214, "5 x 4 bits make a 9-bit product");
    assert_eq!(total(3, 4), 66, "an 8-bit product is left to look-up tables");
}

#[test]
fn more_of_anything_never_costs_less() {
    let board = pynq();
    let base = cost::total(&default_accelerator(), &board);
    let larger: [fn(&mut Accelerator); 6] = [
        |a| a.banks[3].words *= 2,
        |a| a.feature_bits += 1,
        |a| a.weight_bits += 1,
        |a| a.pointwise.as_mut().unwrap().parallel_out = 16,
        |a| a.vector.as_mut().unwrap().parallel_out = 16,
        |a| a.conv.as_mut().unwrap().weight_rows *= 2,
    ];
    for (i, change) in larger.iter().enumerate() {
        let mut acc = default_accelerator();
        change(&mut acc);
        let grown = cost::total(&acc, &board);
        assert_eq!(base.beyond(&grown), Resources::NONE, "change {i}");
        assert_ne!(base, grown, "change {i}");
    }
}

/// One lever is enough: the message names it with what it saves, and following it makes the design fit.
#[test]
fn a_refusal_names_levers_that_work() {
    let board = pynq();
    let mut acc = default_accelerator();
    acc.banks[1].words = 20_480;
    let error = cost::check_fits(&acc, &board).unwrap_err();
    assert_eq!(error.kind(), Kind::DoesNotFit);
    let text = error.to_string();
    println!("{text}");
    assert!(text.starts_with("accelerator `pynq-z1-default` does not fit board `pynq-z1`\n  value:   "), "{text}");
    assert!(text.contains("RAMB18 (") && text.contains("too many)") && text.contains("any one makes it fit"), "{text}");
    let words: usize = text.split("banks[1].words (`mid`) 20480 -> ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    acc.banks[1].words = words;
    cost::check_fits(&acc, &board).unwrap();
}

/// No single lever is enough: the message gives a combination, and following all of it makes the design fit.
#[test]
fn a_refusal_combines_levers() {
    let board = pynq();
    let mut acc = default_accelerator();
    acc.banks[0].words = 32_768;
    acc.banks[1].words = 32_768;
    acc.pointwise.as_mut().unwrap().parallel_out = 16;
    let text = cost::check_fits(&acc, &board).unwrap_err().to_string();
    println!("{text}");
    assert!(text.contains("together they make it fit"), "{text}");
    let hint = text.split("try:     ").nth(1).unwrap();
    for step in hint.split("; and ") {
        let words: Vec<&str> = step.split(' ').collect();
        let arrow = words.iter().position(|w| *w == "->").unwrap();
        let to: usize = words[arrow + 1].parse().unwrap();
        apply(&mut acc, words[0], to);
    }
    cost::check_fits(&acc, &board).unwrap();
}

fn apply(acc: &mut Accelerator, key: &str, to: usize) {
    if let Some(rest) = key.strip_prefix("banks[") {
        acc.banks[rest[..1].parse::<usize>().unwrap()].words = to;
        return;
    }
    match key {
        "feature_bits" => acc.feature_bits = to as u8,
        "weight_bits" => acc.weight_bits = to as u8,
        _ => {
            let (unit, field) = key.split_once('.').unwrap();
            let ip = match unit {
                "depthwise" => &mut acc.depthwise,
                "pointwise" => &mut acc.pointwise,
                "conv" => &mut acc.conv,
                _ => &mut acc.vector,
            };
            let ip = ip.as_mut().unwrap();
            match field {
                "parallel" => (ip.parallel_in, ip.parallel_out) = (to, to),
                "parallel_in" => ip.parallel_in = to,
                "parallel_out" => ip.parallel_out = to,
                "weight_rows" => ip.weight_rows = to,
                _ => ip.parameter_rows = to,
            }
        }
    }
}

#[test]
fn a_hopeless_design_says_so() {
    let mut board = pynq();
    board.budget.lut = 1_000;
    let text = cost::check_fits(&default_accelerator(), &board).unwrap_err().to_string();
    assert!(text.contains("even the smallest"), "{text}");
}

#[test]
fn a_port_the_board_lacks_is_refused() {
    let mut board = pynq();
    board.hp_ports = 3;
    let text = cost::check_fits(&default_accelerator(), &board).unwrap_err().to_string();
    let what = "`ports.store.hp` of the accelerator names an HP port that board `pynq-z1` does not have";
    assert_eq!(text, format!("{what}\n  value:   3\n  allowed: 0 to 2\n  try:     change ports.store.hp, or raise hp_ports of the board"));
}

/// An IP that an accelerator lacks costs nothing.
#[test]
fn absent_ips_cost_nothing() {
    let mut acc = default_accelerator();
    acc.conv = None;
    let record = cost::resources(&acc, &pynq());
    assert!(record.components.iter().all(|c| c.0 != "conv"));
    assert_eq!(record.components.len(), REGISTRY.len() - 1);
    assert_eq!(record.total.dsp, 208);
}

/// Two output channels a multiplier: the dense IPs take half the DSP slices, for one bit less a product.
#[test]
fn packed_ips_halve_their_multipliers() {
    let board = bico::board::builtin("pynq-z1").unwrap();
    let mut acc = bico::accelerator::builtin("small").unwrap();
    let multipliers = |acc: &bico::accelerator::Accelerator| {
        let requantise = bico::ip::primitive::tail::requantise_slices(acc, bico::plan::Unit::Pointwise, &board);
        let ip = acc.pointwise.unwrap();
        bico::ip::primitive::stage::dot_products(acc, &board, bico::plan::Unit::Pointwise).dsp - ip.parallel_out as u64 * requantise
    };
    assert_eq!(multipliers(&acc), 64);
    acc.pointwise = acc.pointwise.map(|ip| IpConfig { packed: true, ..ip });
    assert_eq!(multipliers(&acc), 32);
    // One bit more in the weights, and the pair no longer fits the slice.
    assert!(bico::accelerator::check::packs(8, 8) && !bico::accelerator::check::packs(8, 9));
}

#[test]
fn accumulators_hold_every_sum_and_no_bit_more() {
    let mut acc = default_accelerator();
    let ip = IpConfig { parallel_in: 4, parallel_out: 4, weight_rows: 1024, parameter_rows: 64, max_kernel: 3, packed: false };
    (acc.depthwise, acc.pointwise, acc.conv, acc.vector) = (Some(ip), Some(ip), None, Some(ip));
    (acc.feature_bits, acc.weight_bits) = (9, 11);
    // 10 x 12 bits make 22; 1024 rows add 10 bits, four inputs of each row two more.
    assert_eq!(acc.accumulator_bits(Unit::Depthwise), 32);
    assert_eq!(acc.accumulator_bits(Unit::Pointwise), 34);
    assert_eq!(acc.accumulator_bits(Unit::Conv), 0, "there is none");
    // A centred feature of 10 bits, shifted left by 31, and the sum of two.
    assert_eq!(acc.accumulator_bits(Unit::Vector), 42);
    (acc.feature_bits, acc.weight_bits) = (1, 1);
    assert_eq!(acc.accumulator_bits(Unit::Depthwise), 24, "never less");
    acc.pointwise = Some(IpConfig { weight_rows: 32_768, parallel_in: 16, ..ip });
    (acc.feature_bits, acc.weight_bits) = (16, 16);
    assert_eq!(acc.accumulator_bits(Unit::Pointwise), 48, "never more");
}

/// Deviation 3: Vivado extends each depth to a power of two, which the shipped accelerators do not all survive.
#[test]
fn depths_that_are_no_powers_of_two_take_more_block_ram_in_vivado() {
    let extended = |acc: &Accelerator| {
        let mut acc = acc.clone();
        acc.banks.iter_mut().for_each(|bank| bank.words = bank.words.next_power_of_two());
        for ip in [&mut acc.depthwise, &mut acc.pointwise, &mut acc.conv].into_iter().flatten() {
            ip.weight_rows = ip.weight_rows.next_power_of_two();
        }
        acc
    };
    let board = pynq();
    let rams = |acc: &Accelerator| cost::total(acc, &board).bram18;
    for (name, here, vivado) in [
        ("uav-fast", 265, 391),
        ("uav-accurate", 250, 278),
        ("uav-large", 250, 278),
        ("pynq-z1-default", 238, 270),
        ("uav-precise", 193, 221),
        ("uav-finest", 193, 221),
        ("dnn3", 209, 224),
    ] {
        let acc = accelerator::builtin(name).unwrap();
        assert_eq!((rams(&acc), rams(&extended(&acc))), (here, vivado), "{name}");
    }
    for name in ["dnn1", "dnn2"] {
        let acc = accelerator::builtin(name).unwrap();
        assert_eq!(rams(&acc), rams(&extended(&acc)), "{name}");
    }
}
