//! What `bico emit` writes beside the RTL: memory image, manifest, driver, Vivado script.

#[path = "common/required.rs"]
mod required;

use bico::rtl::MemoryImage;
use std::path::Path;
use std::process::{Command, Output};

fn emit(dir: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bico")).arg("emit").args(arguments).arg("--out").arg(dir).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The first of these tools that runs, see [`required::there`].
fn running(tools: &[&'static str], arguments: &[&str]) -> Option<&'static str> {
    let found = tools.iter().find(|tool| Command::new(tool).args(arguments).output().is_ok_and(|o| o.status.success()));
    required::there(found.is_some(), &format!("{} {}", tools.join(" or "), arguments.join(" ")));
    found.copied()
}

/// Another Python may be first on the path than the one that the system's packages are for.
const PYTHONS: [&str; 2] = ["python3", "/usr/bin/python3"];

#[test]
fn the_memory_image_is_written_whole_and_as_the_manifest_says() {
    let dir = tempfile::tempdir().unwrap();
    let tiny = ["tiny", "--accelerator", "tiny", "--features", "8", "--weights", "8"];
    let o = emit(dir.path(), &tiny);
    assert!(o.status.success(), "{}", text(&o.stderr));
    let listed: Vec<String> = text(&o.stdout).lines().map(String::from).collect();
    assert_eq!(listed.len(), std::fs::read_dir(dir.path()).unwrap().count(), "all that lies there is listed");

    let manifest: serde_json::Value = serde_json::from_slice(&std::fs::read(dir.path().join("memory.json")).unwrap()).unwrap();
    let image = std::fs::read(dir.path().join("memory.bin")).unwrap();
    assert_eq!(manifest["memory"]["bytes"], image.len());
    // Regions lie in the image, in order, apart, on their alignment; the program's last descriptor is `end`.
    let mut free = 0;
    for region in manifest["regions"].as_array().unwrap() {
        let (address, bytes) = (region["address"].as_u64().unwrap(), region["bytes"].as_u64().unwrap());
        assert!(address >= free && address % 128 == 0, "{region}");
        free = address + bytes;
    }
    assert!(free <= image.len() as u64);
    let (address, count) = (&manifest["program"]["address"], manifest["program"]["descriptors"].as_u64().unwrap());
    let end = (address.as_u64().unwrap() + 64 * (count - 1)) as usize;
    assert_eq!((count % 2, image[end] >> 4), (0, 1));
    // The hexadecimal file holds the same words.
    let mut words = vec![0; image.len()];
    let mut at = 0;
    for line in std::fs::read_to_string(dir.path().join("memory.hex")).unwrap().lines().skip(1) {
        match line.strip_prefix('@') {
            Some(address) => at = 8 * usize::from_str_radix(address, 16).unwrap(),
            None => {
                words[at..at + 8].copy_from_slice(&u64::from_str_radix(line, 16).unwrap().to_le_bytes());
                at += 8;
            }
        }
    }
    assert!(words == image);
    // The same bytes again.
    let again = tempfile::tempdir().unwrap();
    assert!(emit(again.path(), &tiny).status.success());
    for name in ["memory.bin", "memory.json", "bico_pkg.sv", "driver.py", "vivado.tcl"] {
        assert!(std::fs::read(dir.path().join(name)).unwrap() == std::fs::read(again.path().join(name)).unwrap(), "{name}");
    }
}

#[test]
fn what_can_not_be_planned_leaves_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let o = emit(&out, &["skynet_c", "--accelerator", "small"]);
    assert_eq!(o.status.code(), Some(5), "{}", text(&o.stderr));
    assert!(!out.exists());
    assert_eq!(emit(&out, &["--features", "8"]).status.code(), Some(2), "widths belong to a network");
    // A board that is no Zynq-7000 gets no Vivado script, and is told so.
    let o = emit(&out, &["--accelerator", "tiny", "--board", "ultra96"]);
    assert!(o.status.success() && text(&o.stderr).contains("no vivado.tcl"), "{}", text(&o.stderr));
    assert!(out.join("bico_system.v").exists() && !out.join("vivado.tcl").exists() && !out.join("memory.json").exists());
}

/// Outputs of a head of two anchors on 3 x 4 cells, with the box and the confidence that bico decodes.
fn heads() -> Vec<serde_json::Value> {
    let mut rng = bico::dataset::rng::Rng::new(5);
    let mut head = || {
        let frac = 3 + rng.below(4) as i8;
        let values: Vec<i32> = (0..10 * 3 * 4).map(|_| rng.below(256) as i32 - 128).collect();
        let shape = bico::tensor::Shape::new(10, 3, 4);
        let format = bico::fixed::Format { bits: 8, frac, signed: true, narrow: false };
        let output = bico::tensor::Tensor::new(shape, values.clone()).unwrap();
        let found = bico::model::head::decode(&output, format, &[[0.1, 0.2], [0.3, 0.15]]).unwrap();
        let area = found.area;
        serde_json::json!({"frac": frac, "values": values, "box": [area.x, area.y, area.w, area.h, found.confidence]})
    };
    (0..20).map(|_| head()).collect()
}

#[test]
fn the_driver_compiles_and_lays_features_out_as_the_accelerator_reads_them() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("driver.py"), bico::rtl::driver()).unwrap();
    let Some(python) = running(&PYTHONS, &["--version"]) else { return };
    let o = Command::new(python).args(["-m", "py_compile", "driver.py"]).current_dir(dir.path()).output().unwrap();
    assert!(o.status.success(), "{}", text(&o.stderr));
    let Some(python) = running(&PYTHONS, &["-c", "import numpy"]) else { return };
    // Its packing against the image, and its unpacking and packing against each other, in every container.
    const CHECK: &str = "
import json, sys, numpy as np, driver
m = json.load(open('memory.json')); data = np.fromfile('memory.bin', np.uint8); p = m['input']
region = data[p['address']:p['address'] + p['bytes']]
assert (driver.pack(driver.unpack(region, p), p) == region).all()
sys.stdout.write(' '.join(map(str, driver.unpack(region, p).ravel())))
for bits in range(1, 17):
    for signed in (0, 1):
        c = next(c for c in (1, 2, 4, 8, 16) if c >= bits)
        q = dict(p, channels=5, rows=2, columns=3, lanes=4, container_bits=c, word_bytes=8, format=dict(bits=bits, signed=bool(signed)))
        low = -(1 << bits - 1) if signed else 0
        v = low + np.arange(30).reshape(5, 2, 3) * 7919 % (1 << bits)
        if bits == 1 and signed: v = np.where(v < 0, -1, 1)
        assert (driver.unpack(driver.pack(v, q), q) == v).all(), (bits, signed)
# The rest against a board of paper: it answers a start with the output that it is given.
import types
class Memory(np.ndarray):
    device_address = 0x1e357080
    def flush(self): pass
    def invalidate(self): pass
memory = np.zeros(len(data) + 4096, np.uint8).view(Memory)
class Registers:
    values = {driver.ID: driver.ID_VALUE, driver.DESIGN: m['design'], driver.FRAME_CYCLES_LOW: m['expected']['frame_cycles']}
    def read(self, at): return self.values.get(at, 0)
    def write(self, at, value):
        if at == driver.CONTROL:
            skip = self.values[driver.MEMORY_BASE] - Memory.device_address
            assert self.values[driver.MEMORY_BASE] % 4096 == 0 and (memory[skip:skip + len(data)] == data).all()
            o = m['output']
            known = np.array(json.load(open('output.json'))).reshape(o['channels'], o['rows'], o['columns'])
            memory[skip + o['address']:][:o['bytes']] = driver.pack(known, o)
            self.values[driver.STATUS] = 1 << driver.STATUS_DONE[0]
        else:
            self.values[at] = 0 if at == driver.STATUS else value
sys.modules['pynq'] = types.SimpleNamespace(Clocks=types.SimpleNamespace(fclk0_mhz=99.99999), allocate=lambda shape, dtype: memory,
                                            Overlay=lambda name: types.SimpleNamespace(bico=Registers()))
sys.stdout = sys.stderr
def built(**timing):
    json.dump(dict(dict(clock_mhz=100.0, setup_slack_ns=0.1, hold_slack_ns=0.01), **timing), open('timing.json', 'w'))
built()
assert driver.main('.') == 0
# A bitstream that misses its times, or runs at another clock, is refused.
for wrong, error in ((dict(setup_slack_ns=-0.1), ValueError), (dict(hold_slack_ns=-0.01), ValueError), (dict(clock_mhz=150.0), RuntimeError)):
    built(**wrong)
    try: driver.Bico('.')
    except error: continue
    raise AssertionError(wrong)
built(setup_slack_ns=-0.1)
driver.Bico('.', anyway=True)
m['anchors'] = [[0.1, 0.2], [0.3, 0.15]]
for heads in json.load(open('heads.json')):
    m['output']['format']['frac'], m['output']['zero_point'] = heads['frac'], 0
    box, confidence = driver.decode_box(np.array(heads['values']).reshape(10, 3, 4), m)
    assert np.allclose([*box, confidence], heads['box'], atol=1e-5), (box, confidence, heads['box'])
";
    let acc = bico::accelerator::builtin("tiny").unwrap();
    let board = bico::board::builtin("pynq-z1").unwrap();
    let options = bico::model::LoadOptions { feature_bits: Some(8), weight_bits: Some(8), ..Default::default() };
    let network = bico::model::builtin::builtin("tiny").unwrap().load(options).unwrap();
    let shape = network.graph.input().shape;
    let data = (0..shape.len()).map(|k| (k * 37 % 256) as i32 - 128).collect();
    let input = bico::tensor::Tensor::new(shape, data).unwrap();
    let sample = bico::simulate::Sample { name: "ramp".into(), image: input.clone(), truth: None };
    MemoryImage::new(&network, &acc, &board, &sample).unwrap().write(dir.path()).unwrap();
    let outputs = bico::model::reference::run(&network.graph, &input).unwrap();
    std::fs::write(dir.path().join("output.json"), serde_json::to_string(&outputs.last().unwrap().data).unwrap()).unwrap();
    std::fs::write(dir.path().join("heads.json"), serde_json::to_string(&heads()).unwrap()).unwrap();
    let o = Command::new(python).args(["-c", CHECK]).current_dir(dir.path()).output().unwrap();
    assert!(o.status.success(), "{}", text(&o.stderr));
    let values: Vec<i32> = text(&o.stdout).split(' ').map(|v| v.parse().unwrap()).collect();
    assert_eq!(values, input.data);
}

#[test]
fn the_vivado_script_is_tcl_and_connects_the_ports_of_the_accelerator() {
    let settings = [bico::config::Override::parse("clock_mhz=150").unwrap()];
    let acc = bico::accelerator::open("tiny", &settings).unwrap().check().unwrap();
    let board = bico::board::builtin("pynq-z1").unwrap();
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("vivado.tcl"), bico::rtl::vivado_script(&acc, &board).unwrap()).unwrap();
    bico::rtl::emit(&acc, dir.path()).unwrap();
    std::fs::create_dir_all(dir.path().join("vivado/bico.runs/impl_1")).unwrap();
    std::fs::create_dir_all(dir.path().join("vivado/bico.gen/sources_1/bd/system/hw_handoff")).unwrap();
    std::fs::write(dir.path().join("vivado/bico.runs/impl_1/system_wrapper.bit"), "bits").unwrap();
    std::fs::write(dir.path().join("vivado/bico.gen/sources_1/bd/system/hw_handoff/system.hwh"), "hwh").unwrap();
    // Vivado's commands only say that they were called: this checks the Tcl, not Vivado.
    const STUBS: &str = r#"
proc unknown args { puts $args; return [lindex $args end] }
lassign $argv setup hold mhz
proc get_property {name of} {
    global setup hold mhz
    switch -glob $name {
        PROGRESS { return 100% }
        SLACK { return [expr {$of eq {max} ? $setup : $hold}] }
        *ACT_FPGA0* { return $mhz }
    }
}
proc get_board_parts args { return {} }
source vivado.tcl
"#;
    std::fs::write(dir.path().join("stubs.tcl"), STUBS).unwrap();
    let Some(tclsh) = running(&["tclsh"], &["/dev/null"]) else { return };
    let run = |[setup, hold, mhz]: [&str; 3], anyway: Option<&str>| {
        let mut command = Command::new(tclsh);
        command.args(["stubs.tcl", setup, hold, mhz]).current_dir(dir.path()).env_remove("BICO_ANYWAY");
        command.envs(anyway.map(|v| ("BICO_ANYWAY", v))).output().unwrap()
    };
    let left = || ["bico.bit", "bico.hwh", "timing.json"].map(|name| dir.path().join(name).exists());
    // A clock that is not met, or that the board can not make, leaves no bitstream, not even that of an earlier run, unless it is asked for.
    for (slacks, part) in [
        (["-0.5", "0.1", "150.0"], "not met (setup -0.5 ns"),
        (["0.5", "-0.1", "150.0"], "hold -0.1 ns"),
        (["0.5", "0.1", "142.857"], "with --clock-mhz 142.857"),
    ] {
        let o = run(slacks, Some("1"));
        assert!(o.status.success() && left() == [true; 3] && text(&o.stdout).contains(part), "{}{}", text(&o.stdout), text(&o.stderr));
        let o = run(slacks, None);
        assert!(!o.status.success() && text(&o.stderr).contains(part), "{}", text(&o.stderr));
        assert_eq!(left(), [false; 3]);
    }
    let o = run(["0.25", "0.125", "150.0"], None);
    let said = text(&o.stdout);
    assert!(o.status.success(), "{said}{}", text(&o.stderr));
    let timing: serde_json::Value = serde_json::from_slice(&std::fs::read(dir.path().join("timing.json")).unwrap()).unwrap();
    assert_eq!(timing, serde_json::json!({"clock_mhz": 150.0, "setup_slack_ns": 0.25, "hold_slack_ns": 0.125}));
    assert_eq!(left(), [true; 3]);
    for part in [
        "-part xc7z020clg400-1",
        "bico_pkg.sv",
        "bico_system.v",
        "CONFIG.PCW_FPGA0_PERIPHERAL_FREQMHZ 150.0",
        "connect_bd_intf_net bico/m_axi_hp3 ps7/S_AXI_HP3",
        "-to_step write_bitstream",
        "report_timing_summary",
    ] {
        assert!(said.contains(part), "`{part}` in\n{said}");
    }
}
