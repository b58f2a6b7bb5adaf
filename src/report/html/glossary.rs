//! The terms of the page, each in a sentence.

const TERMS: &[(&str, &str)] = &[
    ("accelerator time", "From the write that starts the accelerator to its interrupt, after the last write response from memory."),
    ("busy", "A unit is between the issue and the end of a job. A job never stalls once it is issued, so busy cycles are working cycles."),
    ("wait operand", "A job is in the queue, but a unit that produces its input has not finished."),
    ("wait space", "A job is in the queue, but a unit still reads the buffer that it would overwrite."),
    (
        "wait job",
        "The queue is empty although jobs remain. Descriptors are handed out in the order of the program, so a full queue of another unit, or a descriptor still on its way, keeps them back.",
    ),
    ("idle", "After the unit's last job of the frame."),
    ("critical unit", "The unit that works longest on a layer, be it computing or moving data."),
    ("layer", "A layer group: layers fused into one pass over the tiles. Its cycles are those by which it moves the end of the frame."),
    ("tile", "The rows and columns of the output that are computed at once."),
    (
        "multipliers used",
        "Multiply-accumulates done, over those that the multipliers of all compute IPs could have done in the accelerator time.",
    ),
    (
        "MAC use",
        "Of a layer: its multiply-accumulates over those that the multipliers of its units could have done while they were busy with it. Channels that do not fill the lanes leave the rest unused.",
    ),
    (
        "roofline",
        "A layer's rate, in its own time, against the operations it does for each byte of DRAM traffic. Its own time: the cycles by which it moves the end of the frame, but at least those its busiest unit works on it. The flat roof is the peak of the multipliers, the slopes those of DRAM and of one HP port: a layer whose features all pass one port stays below the latter.",
    ),
    (
        "row hit, miss, conflict",
        "A DRAM burst finds its row open, its bank closed, or another row open; each costs more than the one before.",
    ),
    ("host stage", "What the ARM side does for each frame: load, resize, start, decode. Parameters of the board file, not simulated."),
    ("IoU", "Area of the intersection of the true and the found box over the area of their union."),
    ("DAC-SDC formula", "Mean IoU x (1 + energy score), energy score = max(0, 1 + 0.2 log2(reference energy / energy))."),
];

/// The terms as a definition list.
pub fn html() -> String {
    let items: String = TERMS.iter().map(|(term, meaning)| format!("<dt>{term}</dt><dd>{meaning}</dd>\n")).collect();
    format!("<dl>\n{items}</dl>\n")
}
