//! What a search chooses from: dimensions with ordered choices, and how an index into each becomes a network.

use super::bundle::{self, Bundle};
use super::genes::{BITS, DEFAULT_BITS, Genes, MOST_CHANNELS, MOST_REPLICATIONS, default_feature_bits, default_weight_bits};
use crate::config::Source;
use crate::dataset::rng::Rng;
use crate::error::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// An index into each dimension.
pub type Point = Vec<usize>;

/// Where pools stand (the down-sampling vector).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Down {
    /// After replications 1, 2, 3.
    Early,
    /// After replications 1, 2, 4.
    Late,
    /// After replications 1, 2, 3, 4: a stride of 16.
    Deep,
}

impl Down {
    fn pools(self) -> Vec<u8> {
        match self {
            Down::Early => vec![1, 2, 3],
            Down::Late => vec![1, 2, 4],
            Down::Deep => vec![1, 2, 3, 4],
        }
    }
}

/// Channels (the expansion vector): those of the first replication, the factor from each to the next, and where they stop growing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expansion {
    /// Channels of the first replication.
    pub first: u16,
    /// Factor from one replication to the next.
    pub factor: f64,
    /// Channels at most; without it eight times the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<u16>,
}

/// Most choices of a dimension.
const MOST_CHOICES: usize = 64;
/// Most networks: strategies may list them all.
const MOST_POINTS: usize = 1_000_000;
/// Pools stand after up to the fourth replication.
const LEAST_REPLICATIONS: usize = 4;
/// Channels stop growing at this many times those of the first replication where nothing else is said.
const MOST_GROWTH: u16 = 8;

impl Expansion {
    fn channels(self, replications: usize) -> Vec<u16> {
        let most = f64::from(self.most.unwrap_or(self.first * MOST_GROWTH));
        let at = |k: usize| libm::round((f64::from(self.first) * libm::pow(self.factor, k as f64)).min(most) / 8.0) as u16 * 8;
        (0..replications).map(at).collect()
    }
}

/// The dimensions of a search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Space {
    /// Names of bundles to repeat, as `bico bundles` lists them.
    pub bundles: Vec<String>,
    /// How often the bundle is repeated.
    pub replications: Vec<usize>,
    /// Where pools stand.
    pub down: Vec<Down>,
    /// How channels grow.
    pub expansions: Vec<Expansion>,
    /// Bundles to choose from for the first replication; without any it is of the same bundle as the rest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stems: Vec<String>,
    /// Bundles to choose from for the replications behind the last pool; without any they are of the same bundle as the rest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tails: Vec<String>,
    /// Width of feature maps of all networks.
    #[serde(default = "default_feature_bits")]
    #[schemars(range(min = 2, max = 16))]
    pub feature_bits: u8,
    /// Width of weights of all networks.
    #[serde(default = "default_weight_bits")]
    #[schemars(range(min = 2, max = 16))]
    pub weight_bits: u8,
}

impl Default for Space {
    /// The space of the proxy table: 180 networks.
    fn default() -> Space {
        let expansion = |first, factor| Expansion { first, factor, most: None };
        Space {
            bundles: ["dw3-pw", "dw5-pw", "dw7-pw"].map(String::from).to_vec(),
            replications: vec![4, 5, 6, 7],
            down: vec![Down::Early, Down::Late, Down::Deep],
            expansions: vec![expansion(8, 2.0), expansion(16, 1.5), expansion(16, 2.0), expansion(24, 1.5), expansion(24, 2.0)],
            stems: Vec::new(),
            tails: Vec::new(),
            feature_bits: DEFAULT_BITS.0,
            weight_bits: DEFAULT_BITS.1,
        }
    }
}

impl Space {
    /// Choices of each dimension: bundle, replications, down-sampling, expansion, then stem and tail where there are any.
    pub fn sizes(&self) -> Vec<usize> {
        let always = [self.bundles.len(), self.replications.len(), self.down.len(), self.expansions.len()];
        always.into_iter().chain([self.stems.len(), self.tails.len()].into_iter().filter(|n| *n > 0)).collect()
    }

    /// The default, or a TOML file with `bundles`, `replications`, `down` (early, late, deep) and `expansions` (tables of `first`, `factor` and where wanted `most`), and where wanted
    /// `stems`, `tails`, `feature_bits` and `weight_bits`.
    ///
    /// # Errors
    /// When the file is unreadable, or describes no space of networks of these bundles: names the key.
    pub fn open(path: Option<&Path>, pool: &[Bundle]) -> Result<Space> {
        let Some(path) = path else { return Ok(Space::default()) };
        let source = Source::read(path)?;
        let space: Space = source.parse()?;
        space.check(pool).map_err(|e| e.file(path))?;
        Ok(space)
    }

    fn check(&self, pool: &[Bundle]) -> Result<()> {
        let wrong = |key: &str, value: String, allowed: String| {
            Err(Error::input(format!("`{key}` of the search space is out of range")).value(value).allowed(allowed))
        };
        let always = [self.bundles.len(), self.replications.len(), self.down.len(), self.expansions.len()].map(|n| (n, 1));
        let choices = always.iter().copied().chain([(self.stems.len(), 0), (self.tails.len(), 0)]);
        for (key, (choices, least)) in ["bundles", "replications", "down", "expansions", "stems", "tails"].into_iter().zip(choices) {
            if !(least..=MOST_CHOICES).contains(&choices) {
                return wrong(key, format!("{choices} choices"), format!("{least} to {MOST_CHOICES} choices"));
            }
        }
        for (key, names) in [("bundles", &self.bundles), ("stems", &self.stems), ("tails", &self.tails)] {
            if let Some(name) = names.iter().find(|n| pool.iter().all(|b| b.name != **n)) {
                return wrong(key, name.clone(), bundle::names(pool));
            }
        }
        for (key, bits) in [("feature_bits", self.feature_bits), ("weight_bits", self.weight_bits)] {
            if !BITS.contains(&bits) {
                return wrong(key, bits.to_string(), format!("{} to {}", BITS.start(), BITS.end()));
            }
        }
        let points = always.iter().map(|(n, _)| *n).chain([self.stems.len().max(1), self.tails.len().max(1)]).product::<usize>();
        if points > MOST_POINTS {
            return wrong("networks", format!("{points} networks"), format!("at most {MOST_POINTS}"));
        }
        if let Some(n) = self.replications.iter().find(|n| !(LEAST_REPLICATIONS..=MOST_REPLICATIONS).contains(*n)) {
            return wrong("replications", n.to_string(), format!("{LEAST_REPLICATIONS} (what is pooled last) to {MOST_REPLICATIONS}"));
        }
        if let Some(e) = self.expansions.iter().find(|e| !(8..=128).contains(&e.first) || !(1.0..=4.0).contains(&e.factor)) {
            return wrong("expansions", format!("first = {}, factor = {}", e.first, e.factor), "first 8 to 128, factor 1 to 4".into());
        }
        if let Some(e) = self.expansions.iter().find(|e| !e.first.is_multiple_of(8)) {
            return wrong("expansions", format!("first = {}", e.first), "multiples of 8".into());
        }
        let mut capped = self.expansions.iter().filter_map(|e| Some((e.first, e.most?)));
        if let Some((first, most)) = capped.find(|(first, most)| !(*first..=MOST_CHANNELS).contains(most) || !most.is_multiple_of(8)) {
            return wrong("expansions", format!("most = {most}"), format!("multiples of 8 from `first` ({first}) to {MOST_CHANNELS}"));
        }
        let makes = |name: &String| pool.iter().any(|b| b.name == *name && b.makes_channels());
        // Each network once: searches count distinct points as distinct networks.
        let repeated = [
            ("bundles", first_repeated(&self.bundles).cloned()),
            ("stems", first_repeated(&self.stems).cloned()),
            ("tails", first_repeated(&self.tails).cloned()),
            ("replications", first_repeated(&self.replications).map(usize::to_string)),
            ("down", first_repeated(&self.down).map(|d| format!("{d:?}").to_lowercase())),
            (
                "expansions",
                self.replications.iter().find_map(|&n| {
                    // Behind a stem that makes no channels nobody asks for those of the first replication.
                    let first = usize::from(self.stems.iter().any(|stem| !makes(stem)));
                    let channels: Vec<Vec<u16>> = self.expansions.iter().map(|e| e.channels(n).split_off(first)).collect();
                    first_repeated(&channels).map(|c| format!("channels {c:?} twice, at {n} replications"))
                }),
            ),
        ];
        // A bundle that makes no channels keeps those of what it reads, whatever the expansion says.
        if let Some(tail) = self.tails.iter().find(|t| !makes(t)) {
            return wrong("tails", tail.clone(), "bundles that make channels: expansions differ there".into());
        }
        let firsts: Vec<u16> = self.expansions.iter().map(|e| e.first).collect();
        for bundle in self.bundles.iter().filter(|b| !makes(b)) {
            let stems = if self.stems.is_empty() { std::slice::from_ref(bundle) } else { &self.stems };
            let alike = |stem: &String| if makes(stem) { first_repeated(&firsts).is_some() } else { firsts.len() > 1 };
            if let Some(stem) = stems.iter().find(|stem| alike(stem)) {
                let value = format!("{} choices for bundle `{bundle}` behind `{stem}`", firsts.len());
                return wrong("expansions", value, "choices that give different networks: this bundle makes no channels".into());
            }
        }
        if let Some((key, value)) = repeated.into_iter().find_map(|(key, value)| Some((key, value?))) {
            return wrong(key, value, "choices that give different networks".into());
        }
        Ok(())
    }

    /// Refuses a space whose networks a proxy table can not name.
    ///
    /// # Errors
    /// When there are stems or tails.
    pub fn check_tabled(&self) -> Result<()> {
        match [("stems", &self.stems), ("tails", &self.tails)].into_iter().find(|(_, names)| !names.is_empty()) {
            None => Ok(()),
            Some((key, _)) => {
                Err(Error::usage(format!("a proxy table has no column for {key}")).hint(format!("leave `{key}` out of the space")))
            }
        }
    }

    /// The network at a point.
    ///
    /// # Panics
    /// When an index is beyond its dimension.
    pub fn genes(&self, point: &[usize]) -> Genes {
        let n = self.replications[point[1]];
        let bundle = &self.bundles[point[0]];
        let mut more = point[4..].iter();
        let mut other = |names: &[String]| names.get(*more.next()?).filter(|name| *name != bundle).cloned();
        Genes {
            stem: if self.stems.is_empty() { None } else { other(&self.stems) },
            tail: if self.tails.is_empty() { None } else { other(&self.tails) },
            feature_bits: self.feature_bits,
            weight_bits: self.weight_bits,
            ..Genes::new(bundle, self.expansions[point[3]].channels(n), self.down[point[2]].pools())
        }
    }

    /// All points, the last dimension fastest.
    pub fn points(&self) -> Vec<Point> {
        points(&self.sizes())
    }
}

fn first_repeated<T: PartialEq>(choices: &[T]) -> Option<&T> {
    choices.iter().enumerate().find(|(k, c)| choices[..*k].contains(c)).map(|(_, c)| c)
}

/// All points of this many choices in each dimension, the last fastest.
pub fn points(sizes: &[usize]) -> Vec<Point> {
    let count: usize = sizes.iter().product();
    (0..count)
        .map(|mut k| {
            let mut point = vec![0; sizes.len()];
            for (at, size) in point.iter_mut().zip(sizes).rev() {
                (*at, k) = (k % size, k / size);
            }
            point
        })
        .collect()
}

/// The same in an order drawn from a seed.
pub fn shuffled(sizes: &[usize], seed: u64) -> Vec<Point> {
    let all = points(sizes);
    Rng::new(seed).permutation(all.len()).into_iter().map(|k| all[k].clone()).collect()
}

/// A point at random.
pub fn random_point(sizes: &[usize], rng: &mut Rng) -> Point {
    sizes.iter().map(|&n| rng.below(n)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_default_space_has_180_different_networks() {
        let space = Space::default();
        let all: BTreeSet<Genes> = space.points().iter().map(|p| space.genes(p)).collect();
        assert_eq!(all.len(), space.points().len());
        assert!(all.iter().all(|g| g.check().is_ok()));
        assert_eq!(all.len(), 180);
    }

    #[test]
    fn stems_are_a_dimension_where_there_are_any() {
        let space = Space { stems: vec!["dw3-pw".into(), "pw".into()], feature_bits: 8, weight_bits: 8, ..Space::default() };
        let all: BTreeSet<Genes> = space.points().iter().map(|p| space.genes(p)).collect();
        assert_eq!(all.len(), 360);
        assert!(all.iter().all(|g| g.check().is_ok() && (g.feature_bits, g.weight_bits) == (8, 8)));
        assert_eq!(all.iter().filter(|g| g.stem.as_deref() == Some("pw")).count(), 180);
        assert_eq!(all.iter().filter(|g| g.stem.is_none()).count(), 60, "its own bundle is no stem of another");
        assert!(space.check(&super::super::bundle::builtin()).is_ok());
        let e = Space { stems: vec!["pv".into()], ..Space::default() }.check(&super::super::bundle::builtin()).unwrap_err().to_string();
        assert!(e.contains("`stems`") && e.contains("dw3-pw"), "{e}");
    }

    #[test]
    fn tails_are_a_dimension_where_there_are_any() {
        let pool = super::super::bundle::builtin();
        let with = |stems: &[&str], tails: &[&str]| {
            let [stems, tails] = [stems, tails].map(|names| names.iter().map(|s| s.to_string()).collect());
            Space { bundles: vec!["dw3-pw".into()], stems, tails, ..Space::default() }
        };
        for (space, stem) in [(with(&[], &["dw3-pw", "dw5-pw"]), 0), (with(&["dw3-pw", "pw"], &["dw3-pw", "dw5-pw"]), 1)] {
            assert!(space.check(&pool).is_ok());
            assert_eq!(space.sizes().len(), 5 + stem);
            let all: BTreeSet<Genes> = space.points().iter().map(|p| space.genes(p)).collect();
            assert_eq!(all.len(), 120 << stem);
            assert_eq!(all.iter().filter(|g| g.tail.as_deref() == Some("dw5-pw")).count(), 60 << stem);
            assert_eq!(all.iter().filter(|g| g.stem.as_deref() == Some("pw")).count(), 120 * stem);
            // Four replications, the last of them pooled: nothing is left for a tail.
            assert_eq!(all.iter().filter(|g| g.check().is_err()).count(), 10 << stem);
        }
        for (tails, what) in [(["dw3-pw", "dw5"], "make channels"), (["dw3-pw", "pv"], "dw3-pw"), (["pw", "pw"], "different")] {
            let e = with(&[], &tails).check(&pool).unwrap_err().to_string();
            assert!(e.contains("`tails`") && e.contains(what), "{e}");
        }
    }

    #[test]
    fn a_bundle_that_makes_no_channels_has_one_expansion() {
        let pool = super::super::bundle::builtin();
        let of = |stems: &[&str], firsts: &[u16]| {
            let expansions = firsts.iter().map(|&first| Expansion { first, factor: 2.0, most: None }).collect();
            let stems = stems.iter().map(|s| s.to_string()).collect();
            Space { bundles: vec!["dw5".into()], stems, expansions, ..Space::default() }.check(&pool)
        };
        assert!(of(&[], &[8]).is_ok() && of(&["pw"], &[8, 16]).is_ok());
        for (stems, firsts) in [(&[][..], [8, 16]), (&["dw3"], [8, 16]), (&["pw", "dw5"], [8, 16])] {
            let e = of(stems, &firsts).unwrap_err().to_string();
            assert!(e.contains("`dw5`") && e.contains("makes no channels"), "{e}");
        }
    }

    #[test]
    fn a_stem_that_makes_no_channels_makes_the_first_of_them_nobodys() {
        let expansion = |first, factor| Expansion { first, factor, most: Some(64) };
        let of = |stem: &str| {
            let expansions = vec![expansion(8, 4.0), expansion(16, 2.0)];
            Space { stems: vec![stem.into()], expansions, ..Space::default() }.check(&super::super::bundle::builtin())
        };
        assert!(of("pw").is_ok());
        assert!(of("dw3").unwrap_err().to_string().contains("twice"));
    }

    #[test]
    fn a_space_has_an_end() {
        let expansions = (0..64).map(|k| Expansion { first: 8 + 8 * (k % 16), factor: 1.0 + f64::from(k) / 32.0, most: None }).collect();
        let names: Vec<String> = super::super::bundle::builtin().iter().filter(|b| b.makes_channels()).map(|b| b.name.clone()).collect();
        let space = Space { bundles: names.clone(), stems: names.clone(), tails: names, expansions, ..Space::default() };
        let e = space.check(&super::super::bundle::builtin()).unwrap_err().to_string();
        assert!(e.contains("`networks`") && e.contains("1000000"), "{e}");
    }

    #[test]
    fn channels_stop_growing_where_a_space_says_so() {
        let capped = |most| Expansion { first: 16, factor: 3.0, most };
        assert_eq!(capped(None).channels(5), [16, 48, 128, 128, 128]);
        assert_eq!(capped(Some(192)).channels(5), [16, 48, 144, 192, 192]);
        let check = |most| Space { expansions: vec![capped(Some(most))], ..Space::default() }.check(&super::super::bundle::builtin());
        assert!(check(192).is_ok());
        for most in [8, 100, 2048] {
            let e = check(most).unwrap_err().to_string();
            assert!(e.contains(&format!("most = {most}")) && e.contains("multiples of 8 from `first` (16) to 1024"), "{e}");
        }
    }
}
