//! Reports of an evaluation: table, JSON, CSV, plot, contact sheet. They read an [`Evaluation`] and nothing else.

mod csv;
mod plot;
mod sheet;
mod table;

pub use sheet::shown;
pub use table::table;

use super::{NamedFiles, Picture, json};
use crate::error::Result;
use crate::evaluate::Evaluation;

/// The evaluation as JSON.
///
/// # Errors
/// Only when it cannot be written (a bug).
pub fn json(found: &Evaluation) -> Result<String> {
    json::to_json(found)
}

/// The JSON schema of [`Evaluation`].
pub fn schema() -> String {
    let mut text = serde_json::to_string_pretty(&schemars::schema_for!(Evaluation)).expect("a schema is always JSON");
    text.push('\n');
    text
}

/// Every file of an evaluation; `pictures` are the images that [`shown`] asks for, by index.
///
/// # Errors
/// When an encoder fails (a bug).
pub fn files(found: &Evaluation, pictures: &[(usize, Picture)]) -> Result<NamedFiles> {
    let mut files = vec![
        ("evaluate.txt".to_string(), table(found).into_bytes()),
        ("evaluate.json".to_string(), json(found)?.into_bytes()),
        ("evaluate.csv".to_string(), csv::render(found)?.into_bytes()),
        ("contact_sheet.png".to_string(), sheet::render(found, pictures)?),
    ];
    if found.single_object {
        files.push(("iou.svg".to_string(), plot::render(found)?.into_bytes()));
    }
    Ok(files)
}
