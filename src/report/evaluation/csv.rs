//! `evaluate.csv`: a line for each image.

use crate::error::{Error, Kind, Result};
use crate::evaluate::{Evaluation, ImageRecord};

pub(super) fn render(found: &Evaluation) -> Result<String> {
    let failed = |e: &dyn std::fmt::Display| Error::new(Kind::Fault, format!("cannot write CSV: {e}"));
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    writer.write_record(header(found)).map_err(|e| failed(&e))?;
    for image in &found.images {
        writer.write_record(row(found, image)).map_err(|e| failed(&e))?;
    }
    let bytes = writer.into_inner().map_err(|e| failed(&e))?;
    String::from_utf8(bytes).map_err(|e| failed(&e))
}

fn header(found: &Evaluation) -> Vec<String> {
    let fixed = ["image", "objects", "largest_share_percent"].map(str::to_string);
    let of = |column: &String| {
        let name = column.replace(' ', "_");
        ["iou", "confidence", "boxes", "x", "y", "w", "h"].map(|what| format!("{name}_{what}"))
    };
    fixed.into_iter().chain(found.columns.iter().flat_map(of)).collect()
}

fn row(found: &Evaluation, image: &ImageRecord) -> Vec<String> {
    let largest = image.objects.iter().map(|o| o.area.w * o.area.h).fold(0.0, f32::max);
    let mut row = vec![image.image.clone(), image.objects.len().to_string(), format!("{:.3}", largest * 100.0)];
    let number = |v: Option<f32>| v.map_or(String::new(), |v| format!("{v:.6}"));
    for answer in &image.answers {
        let b = answer.best.area;
        let boxes = if found.single_object { 1 } else { answer.found.len() };
        row.extend([number(answer.iou), number(answer.best.confidence), boxes.to_string()]);
        row.extend([b.x, b.y, b.w, b.h].map(|v| number(Some(v))));
    }
    row
}
