//! Reports of a real run: what they derive from the jobs agrees with what the machine counted.

use bico::accelerator;
use bico::board;
use bico::model::{LoadOptions, builtin};
use bico::record::RunRecord;
use bico::report::activity::{State, queue_levels, spans};
use bico::report::{Extras, REGISTRY, parse_record, record_json};
use bico::simulate::{Options, Simulation};

fn record() -> RunRecord {
    let network = builtin("mobile_block").expect("it comes with bico").load(LoadOptions::default()).unwrap();
    let accelerator = accelerator::open("pynq-z1-default", &[]).unwrap().check().unwrap();
    let board = board::open("pynq-z1", &[]).unwrap().check().unwrap();
    let options = Options { frames: 2, ..Options::default() };
    let simulation = Simulation::new(&network, &accelerator, &board, options).unwrap();
    let execution = simulation.execute(&[], || ()).unwrap();
    simulation.record(&[], &execution, options).unwrap()
}

#[test]
fn states_of_the_units_add_up_to_what_the_machine_counted() {
    let record = record();
    for unit in &record.units {
        let spans = spans(&record, unit.unit);
        let cycles = |wanted: fn(&State) -> bool| spans.iter().filter(|s| wanted(&s.state)).map(|s| s.to - s.from).sum::<u64>();
        let split = unit.split;
        assert_eq!(cycles(|s| *s == State::Busy), split.busy_cycles, "{} busy", unit.unit);
        let waits = split.wait_operand_cycles + split.wait_space_cycles;
        assert_eq!(cycles(|s| matches!(s, State::WaitToken(_))), waits, "{} waits for tokens", unit.unit);
        assert_eq!(cycles(|s| *s == State::WaitJob), split.wait_job_cycles, "{} waits for jobs", unit.unit);
        assert_eq!(cycles(|s| *s == State::Idle), split.idle_cycles, "{} idle", unit.unit);
        let peak = queue_levels(&record, unit.unit).iter().map(|(_, level)| u64::from(*level)).max().unwrap();
        assert_eq!(peak, unit.queue_peak, "queue of {}", unit.unit);
    }
}

#[test]
fn the_layers_cycles_add_up_to_the_frame() {
    let record = record();
    let sum: u64 = record.layers.iter().map(|l| l.cycles).sum();
    let frame = record.frames[0].end_cycle - record.frames[0].start_cycle;
    assert!(sum <= frame && frame - sum < 100, "{sum} of {frame}: only the end of the program is outside the layers");
}

#[test]
fn a_real_record_passes_the_check_and_has_all_reports() {
    let record = record();
    assert_eq!(parse_record(record_json(&record).unwrap().as_bytes()).unwrap(), record);
    for report in REGISTRY {
        report.files(&record, &Extras::default()).unwrap();
    }
}
