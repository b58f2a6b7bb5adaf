//! Numbers and columns as people read them; every function always prints the same digits for the same value.

/// Digits in groups of three: `1 234 567`.
pub fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

/// [`grouped`], or three digits with a prefix where that needs more than `width` characters.
pub fn grouped_within(value: u64, width: usize) -> String {
    let text = grouped(value);
    if text.len() <= width { text } else { prefixed(value as f64).trim_end().to_string() }
}

/// `text` without control characters: a name from a file must not steer a terminal.
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

/// Three significant digits without an exponent, for values in a sensible unit: `0.0123`, `1.23`, `12.3`, `123`, `12 345`.
pub fn significant(value: f64) -> String {
    if !value.is_finite() {
        return "-".into();
    }
    match value.abs() {
        0.0 => "0".into(),
        a if a < 0.0095 => format!("{value:.4}"),
        a if a < 0.0995 => format!("{value:.4}"),
        a if a < 0.9995 => format!("{value:.3}"),
        a if a < 9.995 => format!("{value:.2}"),
        a if a < 99.95 => format!("{value:.1}"),
        a if a < 1e15 => {
            let sign = if value < 0.0 { "-" } else { "" };
            format!("{sign}{}", grouped(a.round() as u64))
        }
        _ => format!("{value:.2e}"),
    }
}

/// `value` with a decimal prefix and three digits: `1.23 M`, `45.6 k`, `789 `; the unit follows.
pub fn prefixed(value: f64) -> String {
    const STEPS: [(f64, &str); 4] = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];
    for (step, prefix) in STEPS {
        if value.abs() >= 0.9995 * step {
            return format!("{} {prefix}", significant(value / step));
        }
    }
    format!("{} ", significant(value))
}

/// Bytes with a binary prefix: `1.50 MiB`.
pub fn bytes(value: u64) -> String {
    const STEPS: [(u64, &str); 4] = [(1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    for (step, unit) in STEPS {
        if value >= step {
            return format!("{} {unit}", significant(value as f64 / step as f64));
        }
    }
    format!("{value} B")
}

/// `part / whole` as a percentage with one digit; `0.0` for an empty whole.
pub fn percent(part: f64, whole: f64) -> String {
    format!("{:.1}", ratio(part, whole) * 100.0)
}

/// `part / whole`, 0 when that is no finite number.
pub fn ratio(part: f64, whole: f64) -> f64 {
    let r = part / whole;
    if r.is_finite() { r } else { 0.0 }
}

/// Printable `text` in at most `width` characters, its middle replaced by `..` when it is longer.
pub fn shortened(text: &str, width: usize) -> String {
    let text = printable(text);
    let chars: Vec<char> = text.chars().collect();
    if chars.len() <= width {
        return text;
    }
    let keep = width.saturating_sub(2);
    let head = keep.div_ceil(2);
    chars[..head].iter().chain("..".chars().collect::<Vec<_>>().iter()).chain(&chars[chars.len() - (keep - head)..]).collect()
}

/// Words, a number with its grouped digits being one.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let is_group = word.chars().take_while(char::is_ascii_digit).count() == 3;
        match words.last_mut().filter(|before| is_group && before.ends_with(|c: char| c.is_ascii_digit())) {
            Some(number) => {
                number.push(' ');
                number.push_str(word);
            }
            None => words.push(word.to_string()),
        }
    }
    words
}

/// Printable `text` in lines of at most `width` characters, broken at spaces outside numbers; a longer word is shortened.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words(text).into_iter().map(|word| shortened(&word, width)) {
        let line = lines.last_mut().expect("there is always a line");
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(word);
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1 234 567");
        assert_eq!(
            [0.0, 0.01234, 0.5, 9.994, 9.996, 99.96, 12345.4].map(significant),
            ["0", "0.0123", "0.500", "9.99", "10.0", "100", "12 345"]
        );
        assert_eq!(prefixed(4.6e8), "460 M");
        assert_eq!(prefixed(999_600.0), "1.00 M");
        assert_eq!(bytes(1536), "1.50 KiB");
        assert_eq!(percent(1.0, 0.0), "0.0");
    }

    #[test]
    fn text_is_cut_in_the_middle_and_broken_at_spaces() {
        assert_eq!(shortened("bundle1.depthwise", 9), "bund..ise");
        assert_eq!(shortened("short", 9), "short");
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("turns: 6 493, or 12", 10), ["turns:", "6 493, or", "12"]);
    }
}
