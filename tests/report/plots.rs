//! Plots and the page are well-formed, whatever names they carry, and need nothing from outside.

use crate::fixture;
use bico::report::{Extras, REGISTRY};

fn file(name: &str, record: &bico::record::RunRecord, extras: &Extras) -> String {
    let report = REGISTRY.iter().find(|r| r.name == name).unwrap();
    String::from_utf8(report.files(record, extras).unwrap().remove(0).1).unwrap()
}

#[test]
fn plots_are_well_formed_and_say_what_they_show() {
    let mut record = fixture::record();
    record.layers[2].name = "<script>\u{7}&\"'".into();
    record.power.parts[0].0 = "<b>".into();
    record.resources.components[0].0 = "a & b".into();
    for name in ["latency", "utilisation", "roofline", "resources", "power"] {
        let text = file(name, &record, &Extras::default());
        let parsed = roxmltree::Document::parse(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(parsed.root_element().attribute("aria-label").is_some_and(|l| !l.is_empty()), "{name}");
    }
}

/// Text right of the page or left of it would be cut off.
#[test]
fn no_shape_lies_outside_its_plot() {
    for name in ["latency", "utilisation", "roofline", "resources", "power"] {
        let text = file(name, &fixture::crowded(), &Extras::default());
        let parsed = roxmltree::Document::parse(&text).unwrap();
        let number = |node: &roxmltree::Node, key: &str| node.attribute(key).and_then(|v| v.parse::<f64>().ok());
        let (width, height) = (number(&parsed.root_element(), "width").unwrap(), number(&parsed.root_element(), "height").unwrap());
        for node in parsed.descendants().filter(|n| n.is_element() && !n.has_tag_name("svg")) {
            let (x, y) = (number(&node, "x").unwrap_or(0.0), number(&node, "y").unwrap_or(0.0));
            let size = number(&node, "font-size").unwrap_or(0.0) * 0.5 * node.text().unwrap_or("").trim().chars().count() as f64;
            let left = match node.attribute("text-anchor") {
                Some("end") => x - size,
                Some("middle") => x - size / 2.0,
                _ => x,
            };
            let right = left + size + number(&node, "width").unwrap_or(0.0);
            assert!(left >= 0.0 && right <= width && (0.0..=height).contains(&y), "{name}: {left} to {right}: {:?}", node.text());
        }
    }
}

#[test]
fn the_page_is_self_contained_and_escapes_names() {
    let mut record = fixture::record();
    record.network = "<script>alert(1)</script>".into();
    let page = file("html", &record, &fixture::extras());
    assert!(!page.contains("<script"));
    for outside in ["src=\"http", "href=\"http", "@import", "url(http"] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert_eq!(page.matches("data:image/jpeg;base64,").count(), 12);
    assert!(page.contains("name=\"viewport\"") && page.contains("Resolved configuration"));
}

#[test]
fn csv_has_a_full_row_for_each_layer() {
    let record = fixture::record();
    let text = file("layers", &record, &Extras::default());
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let cycles = reader.headers().unwrap().iter().position(|h| h == "cycles").unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
    let expected: Vec<String> = record.layers.iter().map(|l| l.cycles.to_string()).collect();
    assert_eq!(rows.iter().map(|r| r[cycles].to_string()).collect::<Vec<_>>(), expected);
}

#[test]
fn boxes_are_drawn_where_the_label_says() {
    let (record, extras) = (fixture::record(), fixture::extras());
    let report = REGISTRY.iter().find(|r| r.name == "detections").unwrap();
    let files = report.files(&record, &extras).unwrap();
    assert_eq!(files.len(), 1 + 24);
    let image = image::load_from_memory(&files[1].1).unwrap().to_rgb8();
    let detection = &record.accuracy.as_ref().unwrap().detections[0];
    let (w, h) = (320.0, 180.0);
    let middle = ((detection.found.x + detection.found.w / 2.0) * w) as u32;
    let top = (detection.found.y * h).round() as u32 + image.height() - 180;
    assert_eq!(image.get_pixel(middle, top).0, [0x2A, 0xC4, 0xFF], "the found box's upper side");
}
