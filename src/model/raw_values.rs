//! Values of `network.toml` that may be written in more than one way, with messages that say which.

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::fmt;

/// `3` or `[3, 5]` (rows, columns).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum RawPair {
    /// The same in both directions.
    Both(i64),
    /// Rows, columns.
    Each([i64; 2]),
}

/// `1` or `[top, left, bottom, right]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum RawSides {
    /// The same on all sides.
    All(i64),
    /// Top, left, bottom, right.
    Each([i64; 4]),
}

/// `"none"`, `"relu"`, `"relu4"`, `"relu6"`, `"relu8"`, `{ clip = 5.5 }` or `{ leaky = 3 }`.
#[derive(Clone, Copy, Debug, PartialEq, schemars::JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub enum RawActivation {
    /// Nothing.
    None,
    /// Negative values become zero.
    Relu,
    /// ReLU that ends at 4.
    Relu4,
    /// ReLU that ends at 6.
    Relu6,
    /// ReLU that ends at 8.
    Relu8,
    /// ReLU that ends at this value.
    Clip(f64),
    /// Negative values times `2^-slope`.
    Leaky(i64),
}

const NAMED: [(&str, RawActivation); 5] = [
    ("none", RawActivation::None),
    ("relu", RawActivation::Relu),
    ("relu4", RawActivation::Relu4),
    ("relu6", RawActivation::Relu6),
    ("relu8", RawActivation::Relu8),
];
const KNOWN: &[&str] = &["none", "relu", "relu4", "relu6", "relu8", "{ clip = NUMBER }", "{ leaky = INTEGER }"];

/// Reads one integer or exactly `N` of them.
struct Integers<const N: usize>(&'static str);

impl<'de, const N: usize> Visitor<'de> for Integers<N> {
    type Value = (i64, Option<[i64; N]>);

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.0)
    }
    fn visit_i64<E>(self, v: i64) -> Result<Self::Value, E> {
        Ok((v, None))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut values = [0; N];
        for (i, v) in values.iter_mut().enumerate() {
            *v = seq.next_element()?.ok_or_else(|| A::Error::invalid_length(i, &self))?;
        }
        match seq.next_element::<serde::de::IgnoredAny>()? {
            Some(_) => Err(A::Error::invalid_length(N + 1, &self)),
            None => Ok((0, Some(values))),
        }
    }
}

impl<'de> Deserialize<'de> for RawPair {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let (one, each) = d.deserialize_any(Integers::<2>("an integer or [rows, columns]"))?;
        Ok(each.map_or(RawPair::Both(one), RawPair::Each))
    }
}

impl<'de> Deserialize<'de> for RawSides {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let (one, each) = d.deserialize_any(Integers::<4>("an integer or [top, left, bottom, right]"))?;
        Ok(each.map_or(RawSides::All(one), RawSides::Each))
    }
}

impl<'de> Deserialize<'de> for RawActivation {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_any(ActivationVisitor)
    }
}

struct ActivationVisitor;

impl<'de> Visitor<'de> for ActivationVisitor {
    type Value = RawActivation;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("\"none\", \"relu\", \"relu4\", \"relu6\", \"relu8\", { clip = NUMBER } or { leaky = INTEGER }")
    }
    fn visit_str<E: serde::de::Error>(self, v: &str) -> Result<RawActivation, E> {
        NAMED.iter().find(|(name, _)| *name == v).map(|&(_, a)| a).ok_or_else(|| E::unknown_variant(v, KNOWN))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawActivation, A::Error> {
        let value = match map.next_key::<String>()?.as_deref() {
            Some("clip") => RawActivation::Clip(map.next_value()?),
            Some("leaky") => RawActivation::Leaky(map.next_value()?),
            Some(other) => return Err(A::Error::unknown_field(other, &["clip", "leaky"])),
            None => return Err(A::Error::invalid_length(0, &self)),
        };
        match map.next_key::<String>()? {
            Some(_) => Err(A::Error::invalid_length(2, &self)),
            None => Ok(value),
        }
    }
}

impl Serialize for RawActivation {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if let Some((name, _)) = NAMED.iter().find(|(_, a)| a == self) {
            return s.serialize_str(name);
        }
        let mut map = s.serialize_map(Some(1))?;
        match self {
            RawActivation::Clip(v) => map.serialize_entry("clip", v)?,
            RawActivation::Leaky(v) => map.serialize_entry("leaky", v)?,
            _ => {}
        }
        map.end()
    }
}
