//! `report.html`: everything on one page. One file, no network, no script; plots are laid out twice, for a desk and for a phone.

mod base64;
mod glossary;
mod sections;

use super::plot::canvas::escaped;
use super::text::significant;
use super::{Extras, derive::notes};
use crate::error::Result;
use crate::record::RunRecord;
use std::fmt::Write;

pub(super) fn render(record: &RunRecord, extras: &Extras) -> Result<String> {
    let title = format!("{} on {}", record.network, record.accelerator);
    let mut page = String::with_capacity(1 << 20);
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title} - bico</title>\n<style>\n{style}</style>\n\
         </head>\n<body>\n<header><h1>{title}</h1><p>{widths}{board} at {clock} MHz{settings}, simulated by bico {version}</p></header>\n<main>\n",
        title = escaped(&title),
        style = include_str!("style.css"),
        board = escaped(&record.board),
        clock = significant(record.clock_mhz),
        version = escaped(&record.bico_version),
        widths = record.widths_bits.map_or(String::new(), |[f, w]| format!("{f}-bit features, {w}-bit weights, ")),
        settings = escaped(&record.and_settings()),
    );
    page.push_str(&sections::headline(record));
    section(&mut page, "notes", "What to know before using these numbers", &list(&notes(record)));
    let detections = sections::detections(record, extras)?;
    if !detections.is_empty() {
        section(&mut page, "detections", "Detections", &detections);
    }
    section(&mut page, "layers", "Where the cycles went", &sections::layers(record)?);
    section(&mut page, "units", "Units", &sections::units(record)?);
    section(&mut page, "memory", "Memory", &sections::memory(record)?);
    section(&mut page, "resources", "Resources", &sections::resources(record)?);
    section(&mut page, "power", "Power and energy", &sections::power(record)?);
    if let Some(toml) = &extras.resolved_toml {
        let body = format!("<details><summary>every value, as it was used</summary><pre>{}</pre></details>", escaped(toml));
        section(&mut page, "configuration", "Resolved configuration", &body);
    }
    section(&mut page, "glossary", "Terms", &glossary::html());
    page.push_str("</main>\n</body>\n</html>\n");
    Ok(page)
}

fn section(page: &mut String, id: &str, heading: &str, body: &str) {
    let _ = write!(page, "<section id=\"{id}\">\n<h2>{heading}</h2>\n{body}</section>\n");
}

fn list(items: &[String]) -> String {
    let items: String = items.iter().map(|item| format!("<li>{}</li>\n", escaped(item))).collect();
    format!("<ul>\n{items}</ul>\n")
}
