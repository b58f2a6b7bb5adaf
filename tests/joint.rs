//! The joint search as a library and on the command line: it finds what it should, repeats nothing, and says why.

#[path = "common/cli.rs"]
mod cli;

use bico::board::{self, Board};
use bico::search::bundle::{self, Bundle};
use bico::search::cache::Cache;
use bico::search::candidate::{Evaluator, Hardware, Judging, Offer};
use bico::search::joint::{Goal, Objective, Outcome, Plan, judged, search};
use bico::search::space::{Down, Expansion, Space};
use bico::search::studies::{self, ARMS, Effort};
use bico::search::table::{Row, Table};
use bico::search::{Genes, features, strategy};
use bico::sweep::journal::to_csv;
use bico::train::proxy;
use bico::units::Hertz;
use cli::{bico, err, fails, out};
use std::collections::BTreeSet;
use std::path::Path;

/// Eight small networks.
fn space() -> Space {
    let expansion = |first, factor| Expansion { first, factor, most: None };
    Space {
        bundles: vec!["dw3-pw".into()],
        replications: vec![4, 5],
        down: vec![Down::Early, Down::Deep],
        expansions: vec![expansion(8, 1.5), expansion(16, 1.5)],
        ..Space::default()
    }
}

const SPACE: &str = "bundles = [\"dw3-pw\"]\nreplications = [4, 5]\ndown = [\"early\", \"deep\"]\n\
                     expansions = [{ first = 8, factor = 1.5 }, { first = 16, factor = 1.5 }]\n";

fn joined<T: ToString>(numbers: &[T]) -> String {
    numbers.iter().map(T::to_string).collect::<Vec<_>>().join("-")
}

/// A table of the space in which more multiply-accumulates are more accurate.
fn table_text() -> Vec<u8> {
    let (space, pool) = (space(), bundle::builtin());
    let row = |genes: Genes| {
        let macs = genes.network(&pool).unwrap().float.macs();
        let (channels, pools) = (joined(&genes.channels), joined(&genes.pools));
        let proxy_iou = macs as f64 / 1e9;
        Row {
            bundle: genes.bundle,
            channels,
            pools,
            activation: genes.activation,
            bypass: false,
            macs,
            parameters: 1,
            proxy_iou,
            epochs: 2,
            seed: 1,
            proxy: proxy::name().into(),
        }
    };
    let rows: Vec<Row> = space.points().iter().map(|p| row(space.genes(p))).collect();
    to_csv(&rows).unwrap()
}

const CLOCK: Hertz = Hertz(100_000_000);
const JUDGING: Judging = Judging::float(2, 1);

/// One design a network, accuracy from the table.
fn evaluator<'a>(pool: &'a [Bundle], board: &'a Board, cache: Cache) -> Evaluator<'a> {
    let mut evaluator = Evaluator::new(pool, board, CLOCK, 1, JUDGING, cache);
    evaluator.table = Some(Table::parse(&table_text(), Path::new("table.csv")).unwrap());
    evaluator
}

fn run(evaluator: &Evaluator<'_>, name: &str, fps: Option<f64>, trainings: usize, jobs: usize) -> Outcome {
    let space = space();
    let objective = Objective { goal: Goal::Iou, fps, mj: None };
    let mut strategy = (strategy::by_name(name).unwrap().start)(&space.sizes(), 1);
    search(&space, evaluator, &mut *strategy, Plan { objective, trainings, known: &BTreeSet::new(), jobs }, &|_| ()).unwrap()
}

#[test]
fn the_most_accurate_that_reaches_the_target_is_found() {
    let (pool, board) = (bundle::builtin(), board::builtin("pynq-z1").unwrap());
    let evaluator = evaluator(&pool, &board, Cache::in_memory());
    let all = run(&evaluator, "random", None, 8, 2);
    assert_eq!((all.candidates.len(), all.trainings()), (8, 8));
    let mut rates: Vec<f64> = all.points().iter().map(|p| p.0).collect();
    rates.sort_by(f64::total_cmp);
    let target = rates[4];
    let best = all.points().into_iter().filter(|p| p.0 >= target).map(|p| p.1).fold(0.0, f64::max);
    assert!(best < all.points().iter().map(|p| p.1).fold(0.0, f64::max), "the target rules something out");
    for entry in &strategy::REGISTRY {
        let found = run(&evaluator, entry.name, Some(target), 8, 2);
        assert!(found.candidates.iter().all(|c| c.feasible == c.iou.is_some()), "{}: what misses the target is not trained", entry.name);
        let chosen = &found.candidates[found.best.unwrap()];
        assert_eq!(chosen.iou, Some(best), "{}", entry.name);
        assert!(chosen.rates().unwrap().0 >= target);
        assert_eq!(found.candidates, run(&evaluator, entry.name, Some(target), 8, 1).candidates, "{}: any number of threads", entry.name);
    }
    let impossible = run(&evaluator, "scd", Some(1e4), 8, 2);
    assert!(impossible.best.is_none() && impossible.trainings() == 0 && impossible.candidates.iter().all(|c| c.merit < 0.0));
}

#[test]
fn a_killed_search_repeats_nothing_and_two_share_a_cache() {
    let folder = tempfile::tempdir().unwrap();
    let (pool, board) = (bundle::builtin(), board::builtin("pynq-z1").unwrap());
    let open = || evaluator(&pool, &board, Cache::open(folder.path()).unwrap());
    let begun = open();
    let some = run(&begun, "random", None, 4, 2);
    assert_eq!(begun.made()[0], some.candidates.len());
    // As a killed run leaves it: finished entries, and one that had not been renamed yet.
    std::fs::write(folder.path().join(".bico-unfinished"), "{").unwrap();
    let (one, other) = (open(), open());
    let (a, b) = std::thread::scope(|scope| {
        let first = scope.spawn(|| run(&one, "random", None, 8, 1));
        let second = scope.spawn(|| run(&other, "random", None, 8, 1));
        (first.join().unwrap(), second.join().unwrap())
    });
    assert_eq!(a.candidates, b.candidates);
    assert_eq!(a.candidates[..some.candidates.len()], some.candidates);
    assert!(one.made()[0] <= 4 && other.made()[0] <= 4, "what the killed one finished is not made again");
    let fresh = evaluator(&pool, &board, Cache::in_memory());
    assert_eq!(run(&fresh, "random", None, 8, 2).candidates, a.candidates, "nor does it change the result");
}

#[test]
fn studies_count_trainings_and_pair_their_arms() {
    let (pool, board) = (bundle::builtin(), board::builtin("pynq-z1").unwrap());
    let evaluator = evaluator(&pool, &board, Cache::in_memory());
    let space = space();
    let landscape = studies::landscape(&space, &evaluator, 2, &|| ()).unwrap();
    assert_eq!(landscape.len(), 8);
    let targets = studies::targets(&landscape);
    let (effort, scd) = (Effort { seeds: 5, trainings: 3 }, strategy::by_name("scd").unwrap());
    let mut rows = studies::codesign(&space, &evaluator, scd, &targets, effort).unwrap();
    assert_eq!(rows.len(), 3 * 5 * ARMS.len());
    for (seed, target) in (1..=5).flat_map(|seed| targets.map(|t| (seed, t))) {
        let of = |arm: &str| rows.iter().find(|r| r.arm == arm && r.seed == seed && r.target_fps == target).unwrap().trainings;
        assert_eq!((of("separate"), of("separate, next best")), (3, 3));
        // At the highest target fewer than three of the eight networks may be fast enough to be trained.
        let fast_enough = landscape.iter().filter(|p| p.0 >= target).count();
        assert_eq!(of("co-design"), fast_enough.min(3));
    }
    assert!(rows.iter().all(|r| (r.reached || r.proxy_iou == 0.0) && (!r.reached || r.fps >= r.target_fps)));
    let strict = rows.iter().filter(|r| r.arm == "separate" && r.target_fps == targets[2]);
    assert!(strict.clone().any(|r| !r.reached), "the most accurate is too slow for the highest target");
    let ahead = studies::paired(&rows, targets[2], "separate", |r| r.proxy_iou);
    assert!(ahead.mutual < 5 && ahead.all.is_some_and(|e| e.value > 0.0 && e.low <= e.value && e.value <= e.high));

    // Judged anew: each network that was found is trained once more, whoever found it.
    let found: Vec<String> = studies::found(&rows).into_iter().map(Genes::name).collect();
    let other =
        Evaluator::new(&pool, &board, CLOCK, 4, Judging { seed: 9, epochs: 1, images: 32, ..evaluator.judging }, Cache::in_memory());
    studies::judge(&mut rows, &other, 2, &|| ()).unwrap();
    assert_eq!(other.made(), [0, found.len()]);
    for r in &rows {
        let judged = r.judged_iou.unwrap();
        assert!(if r.reached { judged < 1.0 && found.contains(&r.network) } else { judged == 0.0 }, "{r:?}");
        assert!(rows.iter().filter(|o| o.reached && r.reached && o.network == r.network).all(|o| o.judged_iou == r.judged_iou));
    }
    assert!(rows.iter().any(|r| r.reached && r.judged_iou != Some(r.proxy_iou)), "another seed, another training");

    let rows = studies::strategies(&space, &evaluator, &landscape, &targets, Effort { seeds: 2, trainings: 8 }).unwrap();
    let names: BTreeSet<&str> = studies::runs(&rows).into_iter().collect();
    assert_eq!(names.len(), 2 * strategy::REGISTRY.len());
    assert!(rows.iter().all(|r| (0.0..=1.0).contains(&r.hypervolume)));
    let untargeted = rows.iter().filter(|r| r.strategy.ends_with("no target"));
    assert!(
        untargeted.clone().count() == 2 * strategy::REGISTRY.len() && untargeted.clone().all(|r| r.trainings == 8),
        "none gives up before all are trained: {rows:?}"
    );
    let whole = rows.iter().find(|r| r.strategy == "random, no target").unwrap();
    assert!(whole.trainings == 8 && (whole.hypervolume - 1.0).abs() < 1e-6, "all of the space is all of its hypervolume: {whole:?}");
}

#[test]
fn the_analytical_model_is_held_against_both_runs() {
    let (board, network) =
        (board::builtin("pynq-z1").unwrap(), bico::model::builtin("uav-detector").unwrap().load(Default::default()).unwrap());
    let target = bico::search::topdown::Target { clock: CLOCK, fps: None, designs: 2, jobs: 2 };
    let image = bico::tensor::Tensor::zeros(network.graph.input().shape);
    let sample = bico::simulate::Sample { name: "black".into(), image, truth: None };
    let rows = studies::analytical(&network, &board, target, &sample).unwrap();
    assert!(!rows.is_empty());
    for r in rows {
        assert_eq!(r.timed_cycles, r.executed_cycles);
        let error = r.analytical_cycles as f64 / r.timed_cycles as f64 - 1.0;
        assert!((error * 100.0 - r.analytical_error_percent).abs() < 1e-3);
    }
}

#[test]
fn a_killed_search_trains_nothing_again() {
    let folder = tempfile::tempdir().unwrap();
    let (pool, board) = (bundle::builtin(), board::builtin("pynq-z1").unwrap());
    let judging = Judging { images: 32, ..Judging::float(1, 1) };
    let bundles = vec!["dw3-pw".to_string()];
    // Two networks: with its own first replication, and with another.
    let stems = vec!["dw3-pw".into(), "pw".into()];
    let expansions = vec![Expansion { first: 8, factor: 1.0, most: None }];
    let space = Space { bundles, replications: vec![4], down: vec![Down::Deep], expansions, stems, ..Space::default() };
    let run = |folder: &Path| {
        let evaluator = Evaluator::new(&pool, &board, CLOCK, 1, judging, Cache::open(folder).unwrap());
        let plan = Plan { objective: Objective::default(), trainings: 2, known: &BTreeSet::new(), jobs: 2 };
        let mut random = (strategy::by_name("random").unwrap().start)(&space.sizes(), 1);
        let found = search(&space, &evaluator, &mut *random, plan, &|_| ()).unwrap();
        (found.candidates, evaluator.made())
    };
    let (first, made) = run(folder.path());
    assert_eq!((first.len(), made), (2, [2, 2]));
    let fastest = |stem| first.iter().find(|c| c.genes.stem.as_deref() == stem).and_then(|c| Some(c.hardware.fastest()?.cycles)).unwrap();
    assert!(fastest(Some("pw")) < fastest(None), "no depthwise layer on three channels");
    assert_eq!(run(folder.path()), (first.clone(), [0, 0]));
    // Killed between the second design and its training.
    let trainings = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().path());
    let last = trainings.filter(|p| p.file_name().unwrap().to_string_lossy().starts_with("iou")).max().unwrap();
    std::fs::remove_file(last).unwrap();
    assert_eq!(run(folder.path()), (first, [0, 1]));
}

#[test]
fn the_score_prefers_the_offer_of_less_energy_where_it_is_worth_more() {
    let (pool, board) = (bundle::builtin(), board::builtin("pynq-z1").unwrap());
    let evaluator = evaluator(&pool, &board, Cache::in_memory());
    let hardware = evaluator.hardware(&small()).unwrap();
    let slow_and_frugal =
        Offer { fps: hardware.offers[0].fps * 0.9, mj_per_frame: hardware.offers[0].mj_per_frame * 0.5, ..hardware.offers[0].clone() };
    let hardware = Hardware { offers: vec![hardware.offers[0].clone(), slow_and_frugal], ..hardware };
    let chosen = |objective| judged(small(), Vec::new(), hardware.clone(), objective).offer;
    assert_eq!(chosen(Objective::default()), Some(0), "IoU is the same: the fastest");
    assert_eq!(chosen(Objective { goal: Goal::Throughput, ..Objective::default() }), Some(0));
    assert_eq!(chosen(Objective { goal: Goal::Score, ..Objective::default() }), Some(1));
    assert_eq!(chosen(Objective { fps: Some(1.0), ..Objective::default() }), Some(1), "least energy at a rate");
    assert_eq!(chosen(Objective { fps: Some(hardware.offers[0].fps), ..Objective::default() }), Some(0));
    // Where no offer keeps to the limits, the one that comes nearest stands for the network.
    let [frugal_mj, fastest_fps] = [hardware.offers[1].mj_per_frame, hardware.offers[0].fps];
    let missed = |objective| judged(small(), Vec::new(), hardware.clone(), objective);
    let half = missed(Objective { mj: Some(frugal_mj / 2.0), ..Objective::default() });
    assert_eq!((half.offer, half.feasible), (Some(1), false));
    assert!((half.merit + 1.0).abs() < 1e-12, "twice the limit misses it by the whole of it: {}", half.merit);
    assert_eq!(missed(Objective { fps: Some(fastest_fps * 2.0), ..Objective::default() }).offer, Some(0));
}

#[test]
fn a_point_that_is_no_network_is_refused_and_ends_no_search() {
    let (pool, board) = (bundle::builtin(), board::builtin("pynq-z1").unwrap());
    let evaluator = Evaluator::new(&pool, &board, CLOCK, 1, JUDGING, Cache::in_memory());
    let too_large = Genes::new("conv3-conv5", vec![128, 256, 512, 1024, 1024, 1024, 1024, 1024, 1024, 1024], vec![1, 2, 3]);
    let hardware = evaluator.hardware(&too_large).unwrap();
    assert!(hardware.offers.is_empty() && hardware.refused.unwrap().contains("too large"));
}

#[test]
fn a_board_gives_each_reader_a_port_or_gets_no_design() {
    let pool = bundle::builtin();
    let with = |ports: &str| {
        let text = include_str!("../configs/boards/pynq-z1.toml").replace("hp_ports = 4", &format!("hp_ports = {ports}"));
        board::parse(&text, "few.toml").unwrap()
    };
    let of = |board: &Board| Evaluator::new(&pool, board, CLOCK, 1, JUDGING, Cache::in_memory()).hardware(&small()).unwrap();
    let three = of(&with("3"));
    assert_eq!(three.fastest().unwrap().accelerator.ports.store.hp, 2);
    assert!(of(&with("2")).refused.unwrap().contains("an HP port each"));
}

#[test]
fn what_is_kept_under_this_version_of_the_cache_is_still_what_a_design_gives() {
    let (pool, board) = (bundle::builtin(), board::builtin("pynq-z1").unwrap());
    let hardware = Evaluator::new(&pool, &board, CLOCK, 4, JUDGING, Cache::in_memory()).hardware(&small()).unwrap();
    let text = serde_json::to_string(&hardware).unwrap();
    let hash = hex::encode(sha2::Digest::finalize(sha2::Digest::chain_update(<sha2::Sha256 as sha2::Digest>::new(), text.as_bytes())));
    assert_eq!(
        &hash[..16],
        "1aca302ed67022a5",
        "another design than before: raise `VERSION` of `search/cache.rs`, then write its hash here. {text}"
    );
}

/// A network that the proxy trains in a second or two, on crops of 32 x 32.
fn small() -> Genes {
    Genes { input: [32, 64], ..Genes::new("dw3-pw", vec![8, 16, 16], vec![1, 2]) }
}

#[test]
fn features_are_added_where_they_help() {
    let (pool, board) = (bundle::builtin(), board::builtin("pynq-z1").unwrap());
    let judging = Judging { grid_epochs: 1, images: 320, ..Judging::float(2, 1) };
    let evaluator = Evaluator::new(&pool, &board, CLOCK, 1, judging, Cache::in_memory());
    let steps = features::add(&evaluator, Objective::default(), &small(), 2, &|| ()).unwrap();
    assert!(steps.len() > 8 && steps.len() <= features::MOST);
    assert_eq!(
        steps.iter().map(|s| s.group).collect::<BTreeSet<_>>(),
        BTreeSet::from(["start", "bypass", "activation", "input", "widths"])
    );
    let kept: Vec<f64> = steps.iter().filter(|s| s.kept).map(|s| s.candidate.merit).collect();
    assert!(kept.is_sorted(), "each that was kept is better than the one before: {kept:?}");
    let winner = features::winner(&steps).unwrap();
    assert!(steps.iter().all(|s| s.candidate.merit <= winner.merit));
    let widths = steps.iter().filter(|s| s.group == "widths").map(|s| s.candidate.iou.unwrap());
    assert!(widths.map(f64::to_bits).collect::<BTreeSet<_>>().len() > 1, "on the grids widths matter");
}

#[test]
fn a_candidate_is_evaluated_by_a_pure_command() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    let genes = "{\"bundle\": \"dw3-pw\", \"channels\": [8, 16, 16], \"pools\": [1, 2], \"input\": [32, 64]}";
    let text = format!(
        "{{\"genes\": {genes}, \"board\": \"pynq-z1\", \"clock_mhz\": 100, \"designs\": 2, \"proxy\": {{\"epochs\": 1, \"seed\": 1, \"images\": 160}}}}"
    );
    std::fs::write(dir.join("in.json"), &text).unwrap();
    works(dir, &["evaluate-candidate", "in.json", "a.json", "--cache", "cache"]);
    works(dir, &["evaluate-candidate", "in.json", "b.json"]);
    let read = |name: &str| std::fs::read_to_string(dir.join(name)).unwrap();
    assert_eq!(read("a.json"), read("b.json"));
    let value: serde_json::Value = serde_json::from_str(&read("a.json")).unwrap();
    assert!((0.0..=1.0).contains(&value["proxy_iou"].as_f64().unwrap()));
    assert!(value["hardware"]["offers"][0]["cycles"].as_u64().unwrap() > 0);

    for (from, to, parts) in [
        ("dw3-pw", "dw9-pw", ["dw9-pw", "dw7-pw"]),
        ("\"pools\"", "\"polls\"", ["in.json:1", "polls"]),
        ("\"designs\": 2", "\"designs\": 0", ["in.json", "`designs`"]),
        ("[32, 64]", "[33, 64]", ["in.json", "`input`"]),
        ("\"epochs\": 1", "\"epochs\": 0", ["in.json", "`epochs`"]),
        ("\"images\": 160", "\"images\": 10", ["in.json", "`images`"]),
    ] {
        std::fs::write(dir.join("in.json"), text.replace(from, to)).unwrap();
        fails(dir, &["evaluate-candidate", "in.json", "c.json"], 3, &parts);
    }
    fails(dir, &["evaluate-candidate", "in.json", "./in.json"], 2, &["overwritten"]);
    fails(dir, &["evaluate-candidate", "in.json", "no/c.json"], 3, &["no such folder", "make no first"]);
    assert!(!dir.join("c.json").exists());
}

#[test]
fn a_search_leaves_a_pair_that_does_what_it_promised() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    std::fs::write(dir.join("space.toml"), SPACE).unwrap();
    std::fs::write(dir.join("table.csv"), table_text()).unwrap();
    let asked = |rest: &[&'static str]| -> Vec<&'static str> {
        let first = ["search", "--space", "space.toml", "--table", "table.csv", "--trainings", "6", "--fps", "40"];
        first.iter().chain(rest).copied().collect()
    };
    let ours = asked(&["--out", "found", "--designs", "1"]);
    // What lies there before the first search is none of its own.
    let pair_of_another = dir.join("found/front/999998/network.toml");
    std::fs::create_dir_all(pair_of_another.parent().unwrap()).unwrap();
    std::fs::write(&pair_of_another, "mine").unwrap();
    let text = works(dir, &ours);
    assert!(text.contains("<- chosen") && text.contains("bico train"), "{text}");
    let read = |name: &str| std::fs::read_to_string(dir.join("found").join(name)).unwrap();
    let files = ["trials.csv", "front.svg", "search.json", "search.toml", "best/network.toml", "best/accelerator.toml"];
    let before: Vec<String> = files.iter().map(|f| read(f)).collect();
    assert_eq!(std::fs::read_to_string(&pair_of_another).unwrap(), "mine");
    // From then on the folder of the front is written anew: its pairs go, what else lies there stays.
    std::fs::write(dir.join("found/front/notes.txt"), "mine").unwrap();
    let again = bico(dir, &[&ours[..], &["--jobs", "1"]].concat());
    assert!(err(&again).contains("0 networks designed for and 0 trained now"), "{}", err(&again));
    assert_eq!(before, files.iter().map(|f| read(f)).collect::<Vec<_>>(), "the same search, the same bytes");

    let left: serde_json::Value = serde_json::from_str(&read("search.json")).unwrap();
    let best = &left["candidates"][left["best"].as_u64().unwrap() as usize];
    let promised = best["hardware"]["offers"][best["offer"].as_u64().unwrap() as usize]["cycles"].as_u64().unwrap();
    works(dir, &["simulate", "found/best", "--accelerator", "found/best/accelerator.toml", "--scenes", "0", "--out", "run"]);
    let chosen = format!("front/{}", left["best"]);
    for file in ["network.toml", "accelerator.toml"] {
        assert_eq!(read(&format!("best/{file}")), read(&format!("{chosen}/{file}")), "the chosen pair is on the front");
    }
    let trials = read("trials.csv");
    let rows = trials.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
    let of_front: BTreeSet<String> = rows.filter(|row| row[12] == "true").map(|row| row[0].to_string()).collect();
    assert_eq!(read("front/notes.txt"), "mine");
    std::fs::remove_file(dir.join("found/front/notes.txt")).unwrap();
    let folders = std::fs::read_dir(dir.join("found/front")).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap());
    assert_eq!(of_front, folders.collect());
    let record: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(dir.join("run/record.json")).unwrap()).unwrap();
    let frame = &record["frames"][0];
    assert_eq!(frame["end_cycle"].as_u64().unwrap() - frame["start_cycle"].as_u64().unwrap(), promised);

    let why = works(dir, &["search", "--out", "found", "--explain", "0"]);
    assert!(why.contains("of      220") && why.contains("DDR MB/s") && why.contains("place"), "{why}");
    fails(dir, &["search", "--out", "found", "--explain", "nobody"], 2, &["nobody", "0 to "]);
    fails(dir, &["search", "--out", "empty", "--explain", "0"], 2, &["no finished search"]);
    fails(dir, &asked(&["--out", "found", "--designs", "2"]), 2, &["asked otherwise", "search.toml:"]);
    fails(dir, &["search", "--out", "x", "--strategy", "magic"], 2, &["magic", "nsga2"]);
    fails(dir, &["search", "--out", "x", "--fps", "0"], 2, &["--fps"]);
    std::fs::write(dir.join("stems.toml"), format!("{SPACE}stems = [\"pw\"]\n").replace("expansions", "weight_bits = 17\nexpansions"))
        .unwrap();
    fails(dir, &["search", "--out", "x", "--space", "stems.toml"], 3, &["stems.toml", "`weight_bits`", "2 to 16"]);
    std::fs::write(dir.join("stems.toml"), format!("{SPACE}stems = [\"pw\"]\n")).unwrap();
    fails(dir, &["study", "table", "--out", "new.csv", "--space", "stems.toml"], 2, &["no column for stems"]);
    std::fs::write(dir.join("narrow.toml"), SPACE.replace("[4, 5]", "[2]")).unwrap();
    fails(dir, &["search", "--out", "x", "--space", "narrow.toml"], 3, &["narrow.toml", "`replications`"]);
    std::fs::write(dir.join("typo.toml"), SPACE.replace("bundles", "bundels")).unwrap();
    fails(dir, &["search", "--out", "x", "--space", "typo.toml"], 3, &["typo.toml:1"]);
    // A board with a setting: what comes after knows it.
    let text = works(dir, &asked(&["--out", "small", "--designs", "1", "--set-board", "budget.dsp=110"]));
    assert!(text.contains("--board pynq-z1 --set-board budget.dsp=110"), "{text}");
    let why = works(dir, &["search", "--out", "small", "--explain", "0"]);
    assert!(why.contains("of      110"), "{why}");
    let far =
        ["search", "--out", "far", "--space", "space.toml", "--table", "table.csv", "--trainings", "1", "--designs", "1", "--fps", "9999"];
    let o = bico(dir, &far);
    let far = String::from_utf8_lossy(&o.stdout);
    assert!(o.status.code() == Some(4) && far.contains("NOT REACHED") && far.contains("slowest"), "{far}");
}

/// What a command that succeeds prints.
fn works(dir: &Path, arguments: &[&str]) -> String {
    let o = bico(dir, arguments);
    assert!(o.status.success(), "{arguments:?}: {}", err(&o));
    out(&o)
}
