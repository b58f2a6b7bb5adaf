//! "Did you mean": the known word nearest to an unknown one.

/// The member of `known` nearest to `word` by edit distance (letters inserted, dropped, replaced or two neighbours swapped), ignoring
/// case and `-`/`_`; `None` when none is near enough to be a slip of the pen. Ties go to the earlier member.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let fold = |s: &str| s.chars().take(64).map(|c| if c == '-' { '_' } else { c.to_ascii_lowercase() }).collect::<Vec<_>>();
    let word = fold(word);
    let limit = match word.len() {
        0..=3 => 1,
        4..=7 => 2,
        _ => 3,
    };
    let near = known.into_iter().map(|k| (distance(&word, &fold(k)), k)).filter(|&(d, k)| d <= limit && d < k.len());
    near.min_by_key(|&(d, _)| d).map(|(_, k)| k)
}

/// The hint for an unknown word: the nearest known one, or nothing.
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(word, known).map(|k| format!("did you mean `{k}`?"))
}

/// Optimal string alignment distance, by rows.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replace = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replace.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_strangers_are_not() {
        let ops = ["conv", "depthwise", "pointwise", "max_pool"];
        assert_eq!(nearest("depthwize", ops), Some("depthwise"));
        assert_eq!(nearest("Max-Pool", ops), Some("max_pool"));
        assert_eq!(nearest("ocnv", ops), Some("conv"));
        assert_eq!(nearest("lstm", ops), None);
        assert_eq!(nearest("", ["a"]), None);
    }
}
