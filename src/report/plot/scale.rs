//! Axes: ticks at round values, linear and logarithmic, mapped to pixels.

/// A linear or logarithmic map from values to pixels.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    from: f64,
    to: f64,
    pixel_from: f64,
    pixel_to: f64,
    log: bool,
}

impl Scale {
    /// Values 0 to `max` on pixels; an empty range becomes 0 to 1.
    pub fn linear(max: f64, pixel_from: i32, pixel_to: i32) -> Scale {
        let max = if max > 0.0 && max.is_finite() { max } else { 1.0 };
        Scale { from: 0.0, to: max, pixel_from: f64::from(pixel_from), pixel_to: f64::from(pixel_to), log: false }
    }
    /// The range of `values` with a margin at either end, for scatter plots, whose axes need not begin at 0; never below 0 where nothing is.
    pub fn around(values: impl IntoIterator<Item = f64>, pixel_from: i32, pixel_to: i32) -> Scale {
        let (low, high) =
            values.into_iter().filter(|v| v.is_finite()).fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
        if low > high {
            return Scale::linear(1.0, pixel_from, pixel_to);
        }
        // One value alone, or nearly: a tenth of it to either side.
        let margin = if high - low > 1e-9 * high.abs() { (high - low) * 0.12 } else { high.abs().max(1.0) * 0.1 };
        let from = if low >= 0.0 { (low - margin).max(0.0) } else { low - margin };
        Scale { from, to: high + margin, ..Scale::linear(1.0, pixel_from, pixel_to) }
    }
    /// Values `from` to `to`, both positive, on pixels.
    pub fn log(from: f64, to: f64, pixel_from: i32, pixel_to: i32) -> Scale {
        let from = if from > 0.0 && from.is_finite() { from } else { 1.0 };
        let to = if to > from * 1.001 && to.is_finite() { to } else { from * 10.0 };
        Scale { from: libm::log10(from), to: libm::log10(to), pixel_from: f64::from(pixel_from), pixel_to: f64::from(pixel_to), log: true }
    }
    /// The pixel of a value; values outside the range land on its ends.
    pub fn pixel(&self, value: f64) -> i32 {
        let v = if self.log { libm::log10(value.max(1e-300)) } else { value };
        let share = ((v - self.from) / (self.to - self.from)).clamp(0.0, 1.0);
        (self.pixel_from + share * (self.pixel_to - self.pixel_from)).round() as i32
    }
    /// The value at a pixel.
    pub fn value(&self, pixel: i32) -> f64 {
        let share = (f64::from(pixel) - self.pixel_from) / (self.pixel_to - self.pixel_from);
        let v = self.from + share * (self.to - self.from);
        if self.log { libm::pow(10.0, v) } else { v }
    }
    /// Round values in the range: about `count` on a linear scale, 1-2-5 or powers of ten on a logarithmic one.
    pub fn ticks(&self, count: usize) -> Vec<f64> {
        if self.log {
            let steps: &[f64] = if self.to - self.from < 2.2 { &[1.0, 2.0, 5.0] } else { &[1.0] };
            let decades = self.from.floor() as i32..=self.to.ceil() as i32;
            let all = decades.flat_map(|d| steps.iter().map(move |s| s * libm::pow(10.0, f64::from(d))));
            let (low, high) = (libm::pow(10.0, self.from) * 0.999, libm::pow(10.0, self.to) * 1.001);
            return all.filter(|v| (low..=high).contains(v)).collect();
        }
        let step = round_step((self.to - self.from) / count.max(1) as f64);
        let first = libm::ceil(self.from / step - 1e-9);
        (0..=count * 3).map(|i| (first + i as f64) * step).filter(|v| *v <= self.to + step * 1e-4).collect()
    }
}

/// The smallest of 1, 2, 2.5, 5 times a power of ten that is at least `value`.
fn round_step(value: f64) -> f64 {
    let magnitude = libm::pow(10.0, libm::floor(libm::log10(value.max(1e-12))));
    [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|m| m * magnitude).find(|step| *step >= value * 0.9999).unwrap_or(10.0 * magnitude)
}

/// A tick's label: no more digits than a round value needs.
pub fn label(value: f64) -> String {
    let text = if value.abs() >= 1e15 { format!("{value:.0e}") } else { format!("{value:.4}") };
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linear_ticks_are_round_and_few() {
        assert_eq!(Scale::linear(14.3, 0, 100).ticks(5), [0.0, 5.0, 10.0]);
        assert_eq!(Scale::linear(1.0, 0, 100).ticks(4), [0.0, 0.25, 0.5, 0.75, 1.0]);
        assert_eq!(Scale::linear(0.0, 0, 100).pixel(0.5), 50);
    }

    #[test]
    fn a_scale_around_values_has_a_margin_and_stays_above_nothing() {
        let scale = Scale::around([49.2, 63.9, 48.0], 0, 1000);
        assert_eq!(scale.ticks(5), [50.0, 55.0, 60.0, 65.0]);
        assert!(scale.pixel(48.0) > 90 && scale.pixel(63.9) < 910);
        assert_eq!(Scale::around([0.01, 0.5], 0, 100).ticks(5), [0.0, 0.2, 0.4]);
        assert_eq!(Scale::around([2.0], 0, 100).pixel(2.0), 50);
        assert_eq!(Scale::around([], 0, 100).pixel(0.5), 50);
        assert_eq!(Scale::around([-3.0, -1.0], 0, 100).ticks(2), [-2.0]);
    }

    #[test]
    fn log_ticks_are_powers_or_one_two_five() {
        let ticks: Vec<String> = Scale::log(3.0, 60.0, 0, 100).ticks(0).into_iter().map(label).collect();
        assert_eq!(ticks, ["5", "10", "20", "50"]);
        let ticks: Vec<String> = Scale::log(0.1, 1000.0, 0, 100).ticks(0).into_iter().map(label).collect();
        assert_eq!(ticks, ["0.1", "1", "10", "100", "1000"]);
    }
}
