//! Two runs held against each other.

use crate::fixture;
use bico::report::compare;

#[test]
fn a_run_equals_itself() {
    let record = fixture::record();
    let c = compare(&record, &record);
    assert!(c.is_same());
    assert!(c.text().contains("no difference in 7 layers and 15 totals"), "{}", c.text());
}

#[test]
fn names_the_layers_that_changed_and_the_first_whose_integers_differ() {
    let a = fixture::record();
    let mut b = a.clone();
    b.layers[1].cycles += 1000;
    b.layers[3].output_sha256 = Some("0".repeat(64));
    b.layers[4].output_sha256 = Some("1".repeat(64));
    b.power.total_w += 0.5;
    let c = compare(&a, &b);
    assert!(!c.is_same());
    assert_eq!(c.layers.iter().map(|l| l.index[0]).collect::<Vec<_>>(), [Some(1), Some(3), Some(4)]);
    assert_eq!(c.first_values_differ.as_deref(), Some(a.layers[3].name.as_str()));
    assert_eq!(c.totals.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["power, W"]);
    assert_eq!(c.layers[0].cycles.b.unwrap() - c.layers[0].cycles.a.unwrap(), 1000.0);
    let text = c.text();
    assert!(text.contains("483 195 -> 484 195 (+0.2 %)") && text.lines().all(|l| l.chars().count() <= 100), "{text}");
    let parsed: serde_json::Value = serde_json::from_str(&c.json().unwrap()).unwrap();
    assert_eq!(parsed["layers"].as_array().unwrap().len(), 3);
}

#[test]
fn layers_of_one_run_only_are_listed() {
    let a = fixture::record();
    let mut b = a.clone();
    let removed = b.layers.remove(2);
    b.layers[0].name = "new".into();
    let text = compare(&a, &b).text();
    assert_eq!((text.matches("only in A").count(), text.matches("only in B").count()), (2, 1), "{text}");
    assert!(text.contains(&removed.name[..12]));
}
