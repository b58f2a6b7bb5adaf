//! How well networks find objects: in float and executed, beside baselines, with intervals.
//!
//! Executed values are those of the untiled reference executor, which the machine's equal integer for integer: nothing is timed here.

mod precision;
mod record;
mod sizes;
mod summary;

pub use precision::{Candidate, Ranking, Scored, THRESHOLDS};
pub use record::{Answer, Evaluation, FoundRecord, ImageRecord, Metric, NetworkRecord, ObjectRecord, SCHEMA_VERSION};
pub use sizes::{SIZES, SizeClass};

use crate::dataset::baseline::{Baselines, Fit};
use crate::dataset::{self, Box2D, Example, Examples, preprocess, to_format};
use crate::error::{Error, Result};
use crate::model::ranked::{self, Keep};
use crate::model::untiled::{Maps, Untiled};
use crate::model::{Network, head};
use crate::ops::Map;
use crate::stats::Bootstrap;
use rayon::prelude::*;

/// Images of each half of a folder that the baselines are fitted on at most.
const FIT_IMAGES: usize = 64;

/// What is compared and how.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Resampling.
    pub bootstrap: Bootstrap,
    /// Which boxes of a network are ranked for AP.
    pub keep: Keep,
}

/// The baselines for each image.
#[derive(Clone, Debug)]
pub enum References {
    /// Fitted on images apart from those that are scored.
    Apart(Box<Baselines>),
    /// Each half of the images has baselines fitted on the other one: even indices have the first, odd ones the second.
    Halves(Box<[Baselines; 2]>),
}

impl References {
    /// Fits on each half of `examples`, where every image has one object; `None` when there are fewer than two.
    ///
    /// # Errors
    /// When an image can no longer be read.
    pub fn halves(examples: &dyn Examples) -> Result<Option<References>> {
        if examples.len() < 2 {
            return Ok(None);
        }
        let half = |parity: usize| -> Result<Baselines> {
            let mut fit = Fit::default();
            for index in (parity..examples.len()).step_by(2).take(FIT_IMAGES) {
                let example = examples.load(index)?;
                example.fractions().first().iter().for_each(|b| fit.add(&example.image, **b));
            }
            Ok(fit.finish())
        };
        Ok(Some(References::Halves(Box::new([half(1)?, half(0)?]))))
    }

    fn of(&self, index: usize) -> &Baselines {
        match self {
            References::Apart(baselines) => baselines,
            References::Halves(halves) => &halves[index % 2],
        }
    }
}

/// What was seen on one image.
struct Observation {
    example: Example,
    truth: Vec<Box2D>,
    crowds: Vec<Box2D>,
    /// Float and executed of each network.
    networks: Vec<Seen>,
    baselines: Option<[Box2D; 3]>,
}

/// What a network says about an image.
struct Seen {
    best: Candidate,
    all: Vec<Candidate>,
}

/// Runs each network on each image, in float and in integers, on as many threads as there are; the result does not depend on their
/// number. `done` is called after each image.
///
/// # Errors
/// When a network has no detection head or takes no colour images, an image can no longer be read, or no image has an object.
pub fn evaluate(
    networks: &[&Network],
    examples: &dyn Examples,
    references: Option<&References>,
    options: Options,
    done: impl Fn() + Sync,
) -> Result<Evaluation> {
    let eyes = networks.iter().map(|n| Eye::new(n)).collect::<Result<Vec<_>>>()?;
    let observe = |maps: &mut Vec<Maps>, index: usize| -> Result<Observation> {
        let mut example = examples.load(index)?;
        let mut seen = Vec::with_capacity(2 * networks.len());
        for (eye, maps) in eyes.iter().zip(maps) {
            seen.extend(eye.see(&example, options.keep, maps)?);
        }
        let baselines = references.map(|r| r.of(index).find(&example.image));
        let (truth, crowds) = (example.fractions(), example.crowd_fractions());
        // Pixels are the bulk of it, and no longer needed.
        example.image.data = Vec::new();
        done();
        Ok(Observation { example, truth, crowds, networks: seen, baselines })
    };
    let maps = || eyes.iter().map(|e| e.executor.maps()).collect();
    let observations = (0..examples.len()).into_par_iter().map_init(maps, observe).collect::<Result<Vec<_>>>()?;
    if observations.iter().all(|o| o.truth.is_empty()) {
        let e = Error::input("no image has a labelled object: there is nothing to evaluate on");
        return Err(e.hint("put labels beside the images, or run them with `bico simulate --images`"));
    }
    Ok(summary::summarise(networks, &observations, options.bootstrap))
}

/// The network's anchors, when it can be evaluated.
fn check(network: &Network) -> Result<Vec<[f32; 2]>> {
    let input = network.graph.input();
    dataset::reads_images(&network.name, input.shape, network.float.pixels())?;
    let Some(spec) = &network.head else {
        let e = Error::input(format!("network `{}` has no detection head", network.name));
        return Err(e.hint("give network.toml a [head] with its anchors"));
    };
    Ok(spec.sides())
}

/// A network ready to look at images.
struct Eye<'a> {
    network: &'a Network,
    anchors: Vec<[f32; 2]>,
    executor: Untiled<'a>,
}

impl<'a> Eye<'a> {
    fn new(network: &'a Network) -> Result<Eye<'a>> {
        Ok(Eye { network, anchors: check(network)?, executor: Untiled::new(&network.graph)? })
    }

    /// Float, then executed.
    fn see(&self, example: &Example, keep: Keep, maps: &mut Maps) -> Result<[Seen; 2]> {
        let (network, anchors) = (self.network, &self.anchors);
        let candidate = |d: &head::Detection| Candidate { area: d.area, confidence: d.confidence };
        let (input, coding) = (network.graph.input(), network.float.pixels());
        let pixels = preprocess(&example.image, input.shape.w, input.shape.h);
        let image = Map { shape: pixels.shape, data: pixels.data.iter().map(|&p| coding.value(p as u8) as f32).collect() };
        let output = network.float.run(&image, |_, _| ())?;
        let best = head::decode_float(&output.data, output.shape, anchors)?;
        let all = ranked::decode_float(&output.data, output.shape, anchors, keep)?;
        let float = Seen { best: candidate(&best), all: all.iter().map(candidate).collect() };
        let (output, last) = (self.executor.run(&to_format(pixels, coding), maps)?, network.graph.output());
        let best = head::decode(&output, last, anchors)?;
        let all = ranked::decode(&output, last, anchors, keep)?;
        Ok([float, Seen { best: candidate(&best), all: all.iter().map(candidate).collect() }])
    }
}
