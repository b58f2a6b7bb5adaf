//! The record of a run: plain data with a versioned schema, the only thing reports may read.

use crate::board::{Mapping, Resources};
use crate::plan::Unit;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Version of the schema of [`RunRecord`]; raised when a field changes its meaning or goes.
pub const SCHEMA_VERSION: u32 = 1;

/// Everything that one `simulate` found out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunRecord {
    /// [`SCHEMA_VERSION`] when it was written.
    pub schema_version: u32,
    /// Version of bico.
    pub bico_version: String,
    /// Name of the network.
    pub network: String,
    /// Name of the accelerator.
    pub accelerator: String,
    /// Name of the board.
    pub board: String,
    /// Fabric clock in megahertz (assumed, not timed).
    pub clock_mhz: f64,
    /// Widest feature map behind the image, and widest weights, in bits (absent from older records).
    #[serde(default)]
    pub widths_bits: Option<[u8; 2]>,
    /// What the command line changed of accelerator and board, `KEY=VALUE`.
    #[serde(default)]
    pub settings: Vec<String>,
    /// Multiply-accumulates of one frame.
    pub macs_per_frame: u64,
    /// Each simulated frame.
    pub frames: Vec<FrameRecord>,
    /// Totals that follow from the frames and the host stage.
    pub performance: Performance,
    /// Each layer group, first frame.
    pub layers: Vec<LayerRecord>,
    /// Each unit, first frame.
    pub units: Vec<UnitRecord>,
    /// Each job of the first frame in order of issue.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub jobs: Vec<JobRecord>,
    /// DRAM traffic and commands, first frame.
    pub memory: MemoryRecord,
    /// What the accelerator takes and what the board has.
    pub resources: ResourceRecord,
    /// Power and energy.
    pub power: PowerRecord,
    /// Accuracy on the images that were run (absent for networks without a detection head).
    pub accuracy: Option<AccuracyRecord>,
    /// Remarks the user must see (does not fit, clock assumed, ...).
    pub notes: Vec<String>,
}

impl RunRecord {
    /// The network with the widths of features and weights: `uav-detector (9/11 bits)`.
    pub fn network_and_widths(&self) -> String {
        let widths = self.widths_bits.map(|[features, weights]| format!(" ({features}/{weights} bits)"));
        format!("{}{}", self.network, widths.unwrap_or_default())
    }
    /// What the command line changed, as the end of a sentence: `, KEY=VALUE, KEY=VALUE`; nothing without settings.
    pub fn and_settings(&self) -> String {
        self.settings.iter().map(|setting| format!(", {setting}")).collect()
    }
}

/// One frame on the accelerator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FrameRecord {
    /// Cycle of the start write.
    pub start_cycle: u64,
    /// Cycle of the interrupt.
    pub end_cycle: u64,
}

/// Latency and throughput.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Performance {
    /// Accelerator, start write to interrupt, median frame.
    pub accelerator_ms: f64,
    /// Host stage of one frame (load, resize, start, decode): parameters of the board, not simulated.
    pub host_ms: f64,
    /// Whether host and accelerator work on different frames at the same time.
    pub host_overlapped: bool,
    /// One frame, host stage and accelerator one after the other.
    pub latency_ms: f64,
    /// Steady-state frames a second.
    pub fps: f64,
    /// 50th, 90th, 99th percentile and maximum of the accelerator's latency over the frames.
    pub accelerator_ms_percentiles: [f64; 4],
    /// Multiply-accumulates done over those the multipliers of all compute IPs could have done.
    pub mac_utilisation: f64,
}

/// Cycles of a unit, by what it did; they add up to the elapsed cycles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CycleSplit {
    /// Between issue and done.
    pub busy_cycles: u64,
    /// Job in the queue, waiting for operands (a token from a unit that produces them).
    pub wait_operand_cycles: u64,
    /// Job in the queue, waiting for space (a token from a unit that still reads).
    pub wait_space_cycles: u64,
    /// No job in the queue although jobs remain: fetch waits for room in another unit's queue, or has not read the descriptor yet.
    pub wait_job_cycles: u64,
    /// After its last job.
    pub idle_cycles: u64,
}

impl CycleSplit {
    /// The parts with their names, in the order in which they are drawn.
    pub fn parts(&self) -> [(&'static str, u64); 5] {
        [
            ("busy", self.busy_cycles),
            ("wait operand", self.wait_operand_cycles),
            ("wait space", self.wait_space_cycles),
            ("wait job", self.wait_job_cycles),
            ("idle", self.idle_cycles),
        ]
    }
}

/// One layer group (layers fused into one pass over the tiles).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LayerRecord {
    /// Names of its layers, joined by `+`.
    pub name: String,
    /// Output shape, `CxHxW`.
    pub output: String,
    /// Multiply-accumulates.
    pub macs: u64,
    /// First issue of one of its jobs.
    pub start_cycle: u64,
    /// First cycle after the last done of one of its jobs.
    pub end_cycle: u64,
    /// Cycles by which this layer moves the end of the frame: end minus the latest end of earlier layers.
    pub cycles: u64,
    /// The unit that works longest on this layer, be it computing or moving data.
    pub critical_unit: Unit,
    /// The critical unit's time between the two ends, by what it did.
    pub critical: CycleSplit,
    /// Bytes read from DRAM.
    pub read_bytes: u64,
    /// Bytes written to DRAM.
    pub write_bytes: u64,
    /// Tile (rows, columns) of the output.
    pub tile: [u64; 2],
    /// Busy cycles of each unit on this layer.
    pub unit_busy_cycles: Vec<(Unit, u64)>,
    /// SHA-256 of the output's raw integers on the first image (little-endian i32, c-y-x order).
    pub output_sha256: Option<String>,
}

/// One unit over the first frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnitRecord {
    /// Which.
    pub unit: Unit,
    /// Jobs run.
    pub jobs: u64,
    /// What it did with its cycles.
    pub split: CycleSplit,
    /// Multiply-accumulates done (compute units).
    pub macs: u64,
    /// Multipliers (compute units).
    pub multipliers: u64,
    /// Highest number of jobs in its queue.
    pub queue_peak: u64,
}

/// One job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JobRecord {
    /// Index in the program.
    pub job: u32,
    /// Who ran it.
    pub unit: Unit,
    /// Layer group.
    pub layer: u16,
    /// Cycle in which it was visible in the queue.
    pub queued_cycle: u64,
    /// Issue.
    pub start_cycle: u64,
    /// Done.
    pub end_cycle: u64,
    /// The unit whose token came last, when it waited for one.
    pub waited_for: Option<Unit>,
}

/// DRAM traffic.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MemoryRecord {
    /// Peak of the device in megabytes (10^6) a second.
    pub peak_mb_per_s: f64,
    /// Read, all ports, descriptors included.
    pub read_bytes: u64,
    /// Written, all ports.
    pub write_bytes: u64,
    /// Bytes read by `load`, `weights`, `fetch`.
    pub read_bytes_by_unit: Vec<(Unit, u64)>,
    /// Mean over the frame, megabytes a second.
    pub mean_mb_per_s: f64,
    /// DRAM bursts that found their row open.
    pub row_hits: u64,
    /// DRAM bursts that found their bank closed.
    pub row_misses: u64,
    /// DRAM bursts that found another row open.
    pub row_conflicts: u64,
    /// Refreshes.
    pub refreshes: u64,
    /// Changes of direction.
    pub turnarounds: u64,
}

/// Resources by component.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ResourceRecord {
    /// Name and use of each component.
    pub components: Vec<(String, Resources)>,
    /// Their sum.
    pub total: Resources,
    /// What the board has.
    pub budget: Resources,
    /// Whether it fits.
    pub fits: bool,
    /// How products were mapped to DSP slices: `yosys` or `vivado-hls`.
    #[serde(default)]
    pub mapping: Mapping,
    /// Look-up tables and flip-flops were never held against synthesis with this mapping.
    pub lut_ff_uncalibrated: bool,
}

/// Power and energy of one frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PowerRecord {
    /// Name and watts of each contribution, averaged over the frame interval.
    pub parts: Vec<(String, f64)>,
    /// Their sum.
    pub total_w: f64,
    /// Joules of one frame.
    pub energy_per_frame_j: f64,
}

/// A box as fractions of the image: left, top, width, height.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BoxRecord {
    /// Left.
    pub x: f32,
    /// Top.
    pub y: f32,
    /// Width.
    pub w: f32,
    /// Height.
    pub h: f32,
}

/// What was found in one image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Detection {
    /// File name or scene name.
    pub image: String,
    /// Label, when there is one.
    pub truth: Option<BoxRecord>,
    /// What the network says.
    pub found: BoxRecord,
    /// Its confidence, 0 to 1.
    pub confidence: f32,
    /// Intersection over union with the label.
    pub iou: Option<f32>,
}

/// Accuracy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AccuracyRecord {
    /// Images run.
    pub images: u64,
    /// Mean IoU over labelled images.
    pub mean_iou: Option<f64>,
    /// Mean IoU of the trivial baselines on the same images: name, value.
    pub baselines: Vec<(String, f64)>,
    /// Each image.
    pub detections: Vec<Detection>,
}
