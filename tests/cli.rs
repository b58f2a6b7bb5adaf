//! The binary as a user meets it: what it prints, what it writes, how it fails.

#[path = "common/cli.rs"]
mod cli;

use cli::{bico, err, fails, out};
use std::path::Path;
use std::process::Command;

#[test]
fn the_main_job_runs_from_any_folder_on_embedded_defaults() {
    let dir = tempfile::tempdir().unwrap();
    let o = bico(dir.path(), &["simulate", "--scenes", "4"]);
    assert!(o.status.success(), "{}", err(&o));
    for part in ["mean IoU", "FPS", "latency", "power", "DSP", "RAMB18", "of the first frame went", "assumed"] {
        assert!(out(&o).contains(part), "{part}");
    }
    assert_eq!(err(&o), "", "nothing but results in a pipe");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "nothing is written unasked");
}

#[test]
fn the_same_run_gives_the_same_bytes_on_one_thread_and_on_two() {
    let dir = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for threads in ["1", "2"] {
        let to = dir.path().join(threads);
        let o = Command::new(env!("CARGO_BIN_EXE_bico"))
            .args(["simulate", "--scenes", "5", "--quiet", "--out"])
            .arg(&to)
            .env("RAYON_NUM_THREADS", threads)
            .output()
            .unwrap();
        assert!(o.status.success(), "{}", err(&o));
        let mut names: Vec<_> = std::fs::read_dir(&to).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_file()).collect();
        names.sort();
        files.push(names.iter().map(|p| (p.file_name().unwrap().to_owned(), std::fs::read(p).unwrap())).collect::<Vec<_>>());
    }
    let names: Vec<_> = files[0].iter().map(|(n, _)| n.to_string_lossy().into_owned()).collect();
    for name in
        ["record.json", "layers.csv", "resolved.toml", "report.html", "timeline.json", "waveform.fst", "latency.svg", "roofline.svg"]
    {
        assert!(names.iter().any(|n| n == name), "{name} in {names:?}");
    }
    assert!(files[0] == files[1]);
}

#[test]
fn json_holds_to_its_schema_version_and_compare_names_the_layer() {
    let dir = tempfile::tempdir().unwrap();
    let o = bico(dir.path(), &["simulate", "tiny", "--format", "json", "--out", "a"]);
    let record: serde_json::Value = serde_json::from_str(&out(&o)).unwrap();
    assert_eq!(record["schema_version"], bico::record::SCHEMA_VERSION);
    assert!(bico(dir.path(), &["simulate", "tiny", "--set", "tile.rows=2", "--out", "b"]).status.success());
    let same = bico(dir.path(), &["compare", "a", "a", "--fail"]);
    assert!(same.status.success(), "{}", err(&same));
    let other = bico(dir.path(), &["compare", "a", "b"]);
    assert!(other.status.success() && out(&other).contains("pw1"), "{}", out(&other));
    fails(dir.path(), &["compare", "a", "b", "--fail"], 7, &["differ"]);
    assert!(!out(&other).contains("different images"), "{}", out(&other));
    for scenes in ["1", "2"] {
        assert!(bico(dir.path(), &["simulate", "--scenes", scenes, "--out", scenes]).status.success());
    }
    let images = bico(dir.path(), &["compare", "1", "2"]);
    assert!(images.status.success() && out(&images).contains("different images"), "{}", out(&images));
    // Pictures of an earlier run do not stay beside a record of other images.
    let pictures = || std::fs::read_dir(dir.path().join("2/detections")).map_or(0, Iterator::count);
    assert!(pictures() >= 2);
    let none = bico(dir.path(), &["simulate", "--scenes", "0", "--out", "2"]);
    assert!(out(&none).contains("no image was run") && pictures() == 0, "{}", out(&none));
    let timed = bico(dir.path(), &["simulate", "--scenes", "0", "--out", "3"]);
    assert!(timed.status.success());
    let timed = bico(dir.path(), &["compare", "3", "1"]);
    assert!(timed.status.success() && !out(&timed).contains("different images"), "{}", out(&timed));
    assert!(out(&timed).contains("were not compared"), "{}", out(&timed));
    fails(dir.path(), &["compare", "a", "missing"], 3, &["missing"]);
    std::fs::write(dir.path().join("bad.json"), "{\"schema_version\": 1").unwrap();
    fails(dir.path(), &["compare", "bad.json", "a"], 3, &["bad.json"]);
}

#[test]
fn what_comes_with_it_is_listed_and_explained() {
    let dir = tempfile::tempdir().unwrap();
    for (arguments, part) in [
        (&["boards"][..], "pynq-z1"),
        (&["boards"], "ultra96"),
        (&["accelerators"], "pynq-z1-default"),
        (&["networks"], "uav-detector"),
        (&["explain", "--set", "clock_mhz=150"], "command line"),
        (&["schema"], "record"),
        (&["schema", "record"], "schema_version"),
        (&["--help"], "Exit codes"),
    ] {
        let o = bico(dir.path(), arguments);
        assert!(o.status.success() && out(&o).contains(part), "{arguments:?}: {}{}", out(&o), err(&o));
    }
}

#[test]
fn what_comes_with_it_can_be_copied_and_runs_as_it_did() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let works = |arguments: &[&str]| {
        let o = bico(d, arguments);
        assert!(o.status.success(), "{arguments:?}: {}", err(&o));
        out(&o)
    };
    for (list, name, file) in
        [("networks", "mobile_block", "mine/network.toml"), ("accelerators", "dnn3", "dnn3.toml"), ("boards", "ultra96", "ultra96.toml")]
    {
        let target = file.strip_suffix("/network.toml").unwrap_or(file);
        assert_eq!(works(&[list, name, "--out", target]), format!("Written to {file}\n"));
        assert_eq!(works(&[list, name]), std::fs::read_to_string(d.join(file)).unwrap());
        fails(d, &[list, name, "--out", target], 2, &["there already", file]);
        fails(d, &[list, "nothing-of-the-kind"], 2, &["nothing-of-the-kind", name]);
    }
    works(&["networks", "uav-fast", "--out", "deep/fast"]);
    let run = |model: &str, rest: &[&str]| works(&[&["simulate", model, "--scenes", "1", "--frames", "1"], rest].concat());
    let of = |text: &str| text.lines().filter(|l| l.contains("latency") || l.contains("IoU")).map(String::from).collect::<Vec<_>>();
    let copied = of(&run("deep/fast", &[]));
    assert_eq!(copied, of(&run("uav-fast", &[])));
    assert!(!copied.is_empty());
}

#[test]
fn a_run_says_its_widths_and_settings_and_compare_shows_them() {
    let dir = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let o = bico(dir.path(), &[&["simulate", "--scenes", "0", "--frames", "1", "--quiet"], arguments].concat());
        assert!(o.status.success(), "{}", err(&o));
        out(&o)
    };
    let plain = run(&["--out", "a"]);
    assert!(
        plain
            .starts_with(&format!("bico {}: uav-detector (9/11 bits) on pynq-z1-default, pynq-z1 at 100 MHz\n", env!("CARGO_PKG_VERSION"))),
        "{plain}"
    );
    let changed = run(&["--clock-mhz", "150", "--set-board", "host.load_ms=1", "--features", "8", "--out", "b"]);
    assert!(changed.contains("(8/11 bits)") && changed.contains("settings    clock_mhz=150"), "{changed}");
    assert_eq!(figures(&changed), figures(&run(&["--set", "clock_mhz=150.0", "--set-board", "host.load_ms=1", "--features", "8"])));
    let text = out(&bico(dir.path(), &["compare", "a", "b"]));
    assert!(text.contains("(8/11 bits)") && text.contains("host.load_ms=1"), "{text}");
}

/// What a run printed, without the line of settings.
fn figures(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.starts_with("  settings")).collect()
}

#[test]
fn a_network_runs_on_the_accelerator_of_its_name_where_that_holds_its_widths() {
    let dir = tempfile::tempdir().unwrap();
    for (arguments, accelerator) in [
        (&["dnn3"][..], "on dnn3,"),
        (&["dnn3", "--accelerator", "wide"], "on wide,"),
        (&["uav-detector"], "on pynq-z1-default,"),
        // The accelerator `tiny` is narrower than the network.
        (&["tiny"], "on pynq-z1-default,"),
        (&["tiny", "--features", "8", "--weights", "8"], "on tiny,"),
        (&["dnn3", "--features", "9", "--set", "feature_bits=9", "--allow-overflow"], "on dnn3,"),
    ] {
        let o = bico(dir.path(), &[&["simulate", "--scenes", "0", "--frames", "1", "--quiet"], arguments].concat());
        assert!(o.status.success() && out(&o).lines().next().unwrap().contains(accelerator), "{arguments:?}: {}{}", out(&o), err(&o));
        let text = out(&o).split_whitespace().collect::<Vec<_>>().join(" ");
        let passed_over =
            text.contains("The accelerator `tiny` holds 8/8 bits and the network has 9/11: it runs on `pynq-z1-default` instead.");
        assert_eq!(passed_over, arguments == ["tiny"], "{arguments:?}: {}", out(&o));
    }
}

#[test]
fn files_that_are_none_of_ours_are_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let run = ["simulate", "--scenes", "2", "--frames", "1", "--quiet", "--out", "run"];
    std::fs::create_dir(d.join("run")).unwrap();
    for name in ["layers.csv", "summary.txt", "resolved.toml", "record.json"] {
        let path = d.join("run").join(name);
        std::fs::write(&path, "mine").unwrap();
        fails(d, &run, 2, &[name, "no earlier run"]);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
        std::fs::remove_file(&path).unwrap();
    }
    assert!(bico(d, &run).status.success());
    // A later run of fewer images removes the pictures of the earlier one, and no others.
    std::fs::write(d.join("run/detections/20240612_101500.png"), "mine").unwrap();
    let pictures = || std::fs::read_dir(d.join("run/detections")).unwrap().count();
    assert_eq!(pictures(), 4, "a sheet, two images, a photo");
    assert!(bico(d, &["simulate", "--scenes", "1", "--frames", "1", "--quiet", "--out", "run"]).status.success());
    assert_eq!(pictures(), 3);
    assert_eq!(std::fs::read_to_string(d.join("run/detections/20240612_101500.png")).unwrap(), "mine");
    // A folder that can not be written is refused before the work.
    std::fs::write(d.join("file"), "mine").unwrap();
    fails(d, &["evaluate", "--scenes", "1000000", "--out", "file"], 3, &["file"]);
}

#[test]
fn an_accelerator_emitted_alone_leaves_no_image_of_another() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let image = || ["memory.bin", "memory.hex", "memory.json"].map(|name| d.join("rtl").join(name).exists());
    assert!(bico(d, &["emit", "tiny", "--features", "8", "--weights", "8", "--out", "rtl"]).status.success());
    assert_eq!(image(), [true; 3]);
    assert!(bico(d, &["emit", "--accelerator", "tiny", "--out", "rtl"]).status.success());
    assert_eq!(image(), [true; 3], "it is of this accelerator");
    let o = bico(d, &["emit", "--accelerator", "small", "--out", "rtl", "--quiet"]);
    assert!(o.status.success() && err(&o).contains("memory.json"), "{}", err(&o));
    assert_eq!(image(), [false; 3]);
    // A memory.json that is none of ours stays.
    std::fs::write(d.join("rtl/memory.json"), "{}").unwrap();
    assert!(bico(d, &["emit", "--accelerator", "small", "--out", "rtl"]).status.success());
    assert_eq!(image(), [false, false, true]);
}

#[test]
fn settings_of_the_other_file_are_sent_there() {
    let dir = tempfile::tempdir().unwrap();
    fails(dir.path(), &["explain", "--set", "host.load_ms=3"], 2, &["`host` is a key of the board", "--set-board host.load_ms=3"]);
    fails(dir.path(), &["explain", "--set-board", "clock_mhz=150"], 2, &["`clock_mhz` is a key of the accelerator", "--set clock_mhz=150"]);
    fails(dir.path(), &["explain", "--set", "hots.load_ms=3"], 2, &["unknown key `hots`"]);
}

#[test]
fn schemas_describe_the_configuration_files() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["board", "accelerator", "network", "space", "pool", "candidate", "candidate-evaluation"] {
        let schema: serde_json::Value = serde_json::from_str(&out(&bico(dir.path(), &["schema", name]))).unwrap();
        assert_eq!(schema["additionalProperties"], false, "{name} refuses unknown keys");
        let described = |p: &serde_json::Value| p.get("description").is_some() || p.get("$ref").is_some();
        assert!(schema["properties"].as_object().unwrap().values().all(described), "{name}");
    }
}

#[test]
fn wrong_names_values_and_files_are_one_clear_error_each() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    std::fs::write(d.join("typo.toml"), "lanes = 16\nclok_mhz = 100\n").unwrap();
    std::fs::write(d.join("binary.toml"), [0xff, 0xfe, 0x00]).unwrap();
    fails(d, &["simulate", "nonesuch"], 2, &["nonesuch", "uav-detector"]);
    fails(d, &["simulate", "--accelerator", "pynq-z1-defalt"], 2, &["pynq-z1-default"]);
    fails(d, &["simulate", "--board", "zedboard"], 2, &["pynq-z1"]);
    fails(d, &["simulate", "--accelerator", "typo.toml"], 3, &["typo.toml:2", "clok_mhz", "clock_mhz"]);
    fails(d, &["simulate", "--accelerator", "binary.toml"], 3, &["binary.toml"]);
    fails(d, &["simulate", "--set", "clock_mhz=0"], 3, &["clock_mhz"]);
    fails(d, &["simulate", "--set", "clock_mhz=nan"], 3, &["clock_mhz"]);
    fails(d, &["simulate", "--set", "tile.rows=-1"], 2, &["tile.rows", "-1"]);
    fails(d, &["simulate", "--set", "lanes=12"], 3, &["lanes", "16"]);
    for command in ["simulate", "evaluate", "design", "emit", "train"] {
        fails(d, &[command, "tiny", "--features", "17", "--out", "never"], 2, &["--features", "17", "16"]);
    }
    fails(d, &["simulate", "--clock-mhz", "0"], 2, &["--clock-mhz", "1 to 1000"]);
    fails(d, &["simulate", "--clock-mhz", "150", "--set", "clock_mhz=100"], 2, &["set twice", "150", "100"]);
    fails(d, &["sweep", "--seed", "4294967295", "--scenes", "2"], 2, &["beyond their split"]);
    fails(d, &["synth", "--seed", "3"], 2, &["--random"]);
    fails(d, &["verify", "--seed", "3"], 2, &["--random"]);
    fails(d, &["emit", "--features", "8"], 2, &["MODEL"]);
    fails(d, &["design", "tiny", "--out", "one.toml", "--csv", "one.toml"], 2, &["one.toml", "two files"]);
    fails(d, &["synth", "--csv", "one.csv", "--plot", "./one.csv"], 2, &["one.csv", "two files"]);
    fails(d, &["dataset", "show", "--out", "sheet.jpg"], 2, &["sheet.jpg", ".png"]);
    fails(d, &["simulate", "--frames", "0"], 2, &["frames"]);
    fails(d, &["simulate", "--scenes", "many"], 2, &["many"]);
    fails(d, &["simulate", "--window", "9:3"], 2, &["FROM:TO"]);
    fails(d, &["simulate", "--images", "nowhere"], 3, &["nowhere"]);
    fails(d, &["regress"], 3, &["traces"]);
}

#[test]
fn images_of_a_folder_run_whatever_their_size_and_depth_and_broken_ones_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("images");
    std::fs::create_dir(&folder).unwrap();
    image::RgbImage::from_fn(640, 360, |x, y| image::Rgb([x as u8, y as u8, 7])).save(folder.join("a.png")).unwrap();
    image::GrayImage::from_fn(100, 80, |x, y| image::Luma([(x ^ y) as u8])).save(folder.join("b.png")).unwrap();
    image::ImageBuffer::<image::Rgb<u16>, _>::from_fn(64, 36, |x, _| image::Rgb([x as u16 * 900, 1, 2]))
        .save(folder.join("c.png"))
        .unwrap();
    let o = bico(dir.path(), &["simulate", "--images", "images"]);
    assert!(o.status.success() && out(&o).contains("3 images"), "{}{}", out(&o), err(&o));
    let said = |text: &str| ["b.png", "c.png"].map(|name| text.contains(name));
    assert!(said(&out(&o)) == [true; 2] && !out(&o).contains("a.png"), "{}", out(&o));
    assert_eq!(said(&err(&o)), [false; 2], "once: {}", err(&o));
    let whole = std::fs::read(folder.join("a.png")).unwrap();
    std::fs::write(folder.join("d.png"), &whole[..whole.len() / 2]).unwrap();
    fails(dir.path(), &["simulate", "--images", "images", "--out", "run"], 3, &["d.png"]);
    assert!(!dir.path().join("run/record.json").exists(), "nothing half-written");
}

#[test]
fn designs_that_do_not_fit_are_refused_with_levers_and_run_only_when_told_to() {
    let dir = tempfile::tempdir().unwrap();
    let big = ["simulate", "tiny", "--set", "pointwise.parallel_out=16"];
    fails(dir.path(), &big, 4, &["does not fit", "DSP", "parallel", "--allow-overflow"]);
    let o = bico(dir.path(), &[&big[..], &["--allow-overflow"]].concat());
    assert!(o.status.success() && out(&o).contains("DOES NOT FIT"), "{}{}", out(&o), err(&o));
    fails(dir.path(), &["simulate", "skynet_c", "--accelerator", "small"], 5, &["no IP", "b1_dw"]);
}

#[test]
fn a_request_trace_runs_alone_through_the_memory() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("t.txt"), "# one burst\n0 0x0 R 128\n10 4096 W 64 1\n").unwrap();
    let o = bico(dir.path(), &["dram", "--trace", "t.txt"]);
    assert!(o.status.success() && out(&o).contains("completion_cycle") && out(&o).contains("MB/s"), "{}{}", out(&o), err(&o));
    std::fs::write(dir.path().join("bad.txt"), "0 0 R 128\n1 zero R 8\n").unwrap();
    fails(dir.path(), &["dram", "--trace", "bad.txt"], 3, &["bad.txt:2", "zero"]);
}

#[test]
fn synthesis_without_yosys_says_what_to_install() {
    let dir = tempfile::tempdir().unwrap();
    let o = Command::new(env!("CARGO_BIN_EXE_bico"))
        .args(["synth", "--accelerator", "tiny"])
        .current_dir(dir.path())
        .env("PATH", "")
        .output()
        .unwrap();
    assert_eq!(o.status.code(), Some(8), "{}", err(&o));
    assert!(err(&o).contains("cannot run `yosys`") && err(&o).contains("install yosys"), "{}", err(&o));
    fails(dir.path(), &["synth", "--csv", "none.csv"], 2, &["none.csv", "--random"]);
    fails(dir.path(), &["synth", "--random", "2"], 2, &["--csv"]);
    std::fs::write(dir.path().join("bad.csv"), "name,set\nnobody,fit\n").unwrap();
    fails(dir.path(), &["synth", "--csv", "bad.csv"], 2, &["bad.csv", "nobody"]);
}

#[test]
fn the_mapping_is_chosen_and_named() {
    let dir = tempfile::tempdir().unwrap();
    let o = bico(dir.path(), &["accelerators", "--mapping", "vivado-hls"]);
    assert!(o.status.success() && out(&o).contains("mapped as by vivado-hls"), "{}", out(&o));
    let o = bico(dir.path(), &["simulate", "tiny", "--scenes", "0", "--mapping", "vivado-hls", "--format", "json"]);
    assert!(o.status.success() && out(&o).contains("\"mapping\": \"vivado-hls\""), "{}", err(&o));
    fails(dir.path(), &["simulate", "--mapping", "quartus"], 2, &["yosys", "vivado-hls"]);
    let big = ["simulate", "tiny", "--set", "pointwise.parallel_out=16"];
    fails(dir.path(), &big, 4, &["mapped as by yosys"]);
    fails(dir.path(), &[&big[..], &["--mapping", "vivado-hls"]].concat(), 4, &["mapped as by vivado-hls"]);
}

/// `net/network.toml` in `dir`: an input of so many channels, rows and columns at 8 bits, and layers.
fn write_network(dir: &Path, [c, h, w]: [usize; 3], layers: &str) {
    let input = format!("channels = {c}\nheight = {h}\nwidth = {w}\nformat = {{ bits = 8, frac = 3 }}");
    let quantise = "feature_bits = 8\nweight_bits = 8\nrandom_weights_seed = 7";
    std::fs::create_dir_all(dir.join("net")).unwrap();
    std::fs::write(dir.join("net/network.toml"), format!("name = \"net\"\n[input]\n{input}\n[quantise]\n{quantise}\n{layers}")).unwrap();
}

/// Each of these once ran with other integers than the RTL's, or ended as a fault of the machine.
#[test]
fn what_a_descriptor_can_not_say_is_refused_with_a_remedy() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let layer = |name: &str, op: &str, keys: &str| format!("[[layer]]\nname = \"{name}\"\nop = \"{op}\"\n{keys}\n");
    let conv = |keys: &str| layer("a", "conv", &format!("kernel = 3\nchannels = 4\nweight_frac = 6\nfeature_frac = 4\n{keys}"));
    let simulate = |more: &[&'static str]| [&["simulate", "net"], more].concat();
    let runs = |more: &[&'static str]| {
        let o = bico(d, &simulate(more));
        assert!(o.status.success(), "{}", err(&o));
    };
    for signed in [true, false] {
        let input = "kernel = 3\nchannels = 4\npadding = 1\nweight_frac = 6\ninput = \"input\"";
        let features = format!("activation = \"relu\"\nfeatures = {{ bits = 8, frac = 4, signed = {signed} }}");
        let sum = layer("s", "add", "inputs = [\"a\", \"b\"]\nfeature_frac = 2");
        write_network(d, [4, 8, 8], &(conv("padding = 1") + &layer("b", "conv", &format!("{input}\n{features}")) + &sum));
        match signed {
            true => runs(&[]),
            false => fails(d, &simulate(&[]), 5, &["`s`", "a signed and an unsigned operand", "`signed`"]),
        }
    }
    for dilation in [15, 16, 257] {
        write_network(d, [4, 8, 8], &conv(&format!("padding = {dilation}\ndilation = {dilation}")));
        match dilation {
            15 => runs(&[]),
            _ => fails(d, &simulate(&[]), 5, &["`a`", "dilation", "at most 15"]),
        }
    }
    for padding in [128, 129] {
        write_network(d, [4, 8, 8], &conv(&format!("padding = {padding}")));
        match padding {
            128 => runs(&[]),
            _ => fails(d, &simulate(&[]), 5, &["`a`", "padding of 129", "at most 128"]),
        }
    }
    // Sub-blocks are counted in twelve bits: four of `tiny`'s channels at a time.
    for channels in [16_380, 16_384, 65_536] {
        write_network(d, [channels, 1, 1], &layer("a", "pointwise", "channels = 4\nweight_frac = 6\nfeature_frac = 4"));
        let on = [
            "--accelerator",
            "tiny",
            "--set",
            "pointwise.weight_rows=65536",
            "--set",
            "banks[0].words=32768",
            "--features",
            "8",
            "--weights",
            "8",
        ];
        match channels {
            16_380 => runs(&[&on[..], &["--allow-overflow"]].concat()),
            _ => fails(
                d,
                &simulate(&[&on[..], &["--allow-overflow"]].concat()),
                5,
                &["`a`", "input channels, 4 at a time", "at most 16380", "parallel_in"],
            ),
        }
    }
    // A beat more than a descriptor counts in a row of weights.
    let wide = [
        "--set",
        "lanes=32",
        "--set",
        "pointwise.parallel_in=32",
        "--set",
        "pointwise.parallel_out=32",
        "--set",
        "weight_bits=16",
        "--set",
        "conv.weight_rows=65536",
    ];
    fails(d, &simulate(&wide), 3, &["pointwise", "256 beats", "at most 255"]);
    // A lane of one bit holds no -1.
    let binary = "features = { bits = 1, frac = 0, signed = true }";
    write_network(d, [4, 8, 8], &conv(binary).replace("feature_frac = 4\n", ""));
    for (bits, on) in [("feature_bits=1", "8"), ("feature_bits=2", "8")] {
        let more = ["--set", bits, "--features", "1", "--weights", on];
        match bits {
            "feature_bits=2" => runs(&more),
            _ => fails(d, &simulate(&more), 5, &["`a`", "features of -1 and 1", "feature_bits"]),
        }
    }
    // Jobs read at most 2047 rows: smaller tiles are taken by themselves.
    write_network(d, [4, 7168, 14], &layer("p", "max_pool", "kernel = 7\nstride = 7"));
    runs(&["--set", "tile.rows=1024"]);
    fails(d, &simulate(&["--set", "vector.max_kernel=6"]), 5, &["`p`", "`vector` takes at most 6x6", "max_kernel"]);
    // More than the board's DRAM.
    let map = "memory.controller.address_map=[\"row:1\",\"bank:1\",\"column:10\"]";
    fails(d, &simulate(&["--set-board", map]), 4, &["do not fit the DRAM of the board", "MiB"]);
}
