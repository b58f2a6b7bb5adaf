//! NSGA-II (Deb et al., 2002) of the crate `optimizer`, over IoU and FPS. What no accelerator runs, or was not trained because it misses the target, has an IoU of 0.

use super::random::Random;
use super::{History, Strategy};
use crate::search::space::Point;
use optimizer::Direction;
use optimizer::multi_objective::MultiObjectiveStudy;
use optimizer::parameter::{IntParam, Parameter};
use optimizer::sampler::nsga2::Nsga2Sampler;

/// Candidates of a generation.
const POPULATION: usize = 12;
/// Candidates asked for without anything new after which a point that nobody tried is taken at random.
const MOST_IDLE: usize = 500;

/// The study and what it waits for.
pub struct Nsga2 {
    study: MultiObjectiveStudy,
    coordinates: Vec<IntParam>,
    open: Option<(optimizer::Trial, Point)>,
    others: Random,
}

impl Nsga2 {
    /// Points of this many choices in each dimension.
    pub fn new(sizes: &[usize], seed: u64) -> Nsga2 {
        let sampler = Nsga2Sampler::builder().population_size(POPULATION).seed(seed).build();
        let directions = vec![Direction::Maximize, Direction::Maximize];
        let coordinates = sizes.iter().enumerate().map(|(k, &n)| IntParam::new(0, n as i64 - 1).name(format!("c{k}"))).collect();
        let study = MultiObjectiveStudy::with_sampler(directions, sampler);
        Nsga2 { study, coordinates, open: None, others: Random::new(sizes, seed) }
    }
}

impl Strategy for Nsga2 {
    fn ask(&mut self, history: &History) -> Vec<Point> {
        for _ in 0..MOST_IDLE {
            if let Some((trial, point)) = self.open.take() {
                let Some(known) = history.of(&point) else { return Vec::new() };
                // Two values for two directions: the only error there is can not occur.
                let _ = self.study.tell(trial, Ok::<_, &str>(vec![known.iou, known.fps]));
            }
            let mut trial = self.study.ask();
            let suggested: Option<Point> = self.coordinates.iter().map(|c| c.suggest(&mut trial).ok().map(|v| v as usize)).collect();
            let Some(point) = suggested else { return Vec::new() };
            let is_new = history.of(&point).is_none();
            self.open = Some((trial, point.clone()));
            if is_new {
                return vec![point];
            }
        }
        // The population has converged on what is known. The open trial is of such a point, and told next time.
        self.others.untried(history)
    }
}
