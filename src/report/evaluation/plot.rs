//! How IoU is distributed: the share of images below each IoU, float against executed and by size of the object.

use crate::error::Result;
use crate::evaluate::{Evaluation, SIZES};
use crate::report::plot::canvas::{Anchor, Canvas, legend_height, svg};
use crate::report::plot::palette;
use crate::report::plot::scale::{Scale, label};
use plotters::style::RGBColor;

/// Side of a panel, pixels.
const SIDE: i32 = 380;
/// Room for the labels of an axis, pixels.
const LEFT: i32 = 70;
const TOP: i32 = 70;
const BOTTOM: i32 = 56;

/// One curve: name, sorted values, colour.
struct Curve(String, Vec<f32>, RGBColor);

pub(super) fn render(found: &Evaluation) -> Result<String> {
    let panels = [("float, executed and baselines", by_column(found)), ("executed, by size of the object", by_size(found))];
    let legends = panels.each_ref().map(|(_, curves)| curves.iter().map(|c| (c.0.clone(), c.2)).collect::<Vec<_>>());
    let deepest = legends.iter().map(|l| legend_height(l, SIDE)).max().unwrap_or(0);
    let (width, height) = (2 * (LEFT + SIDE) + 30, TOP + SIDE + BOTTOM + deepest);
    svg(width, height, "Share of images whose IoU is lower", |canvas| {
        for (k, (title, curves)) in panels.iter().enumerate() {
            let left = LEFT + k as i32 * (LEFT + SIDE);
            panel(canvas, left, title, curves);
            // A legend wraps at the right edge of its own panel.
            let full = canvas.width;
            canvas.width = left + SIDE;
            canvas.legend(&legends[k], (left, TOP + SIDE + BOTTOM - 8));
            canvas.width = full;
        }
    })
}

fn by_column(found: &Evaluation) -> Vec<Curve> {
    let colours = palette::PARTS.iter().cycle();
    let of = |(column, colour): (usize, &RGBColor)| {
        let values = found.images.iter().filter_map(|i| i.answers[column].iou).collect();
        curve(&found.columns[column], values, *colour)
    };
    (0..found.columns.len()).zip(colours).map(of).collect()
}

/// Of the first network's executed column.
fn by_size(found: &Evaluation) -> Vec<Curve> {
    let of = |(size, colour): (&crate::evaluate::SizeClass, &RGBColor)| {
        let inside = found.images.iter().filter(|i| i.objects.iter().any(|o| size.shares.contains(&(o.area.w * o.area.h))));
        curve(size.name, inside.filter_map(|i| i.answers[1].iou).collect(), *colour)
    };
    SIZES.iter().zip(&palette::PARTS).map(of).filter(|c| !c.1.is_empty()).collect()
}

fn curve(name: &str, mut values: Vec<f32>, colour: RGBColor) -> Curve {
    values.sort_by(f32::total_cmp);
    Curve(format!("{name} ({})", values.len()), values, colour)
}

fn panel(canvas: &mut Canvas, left: i32, title: &str, curves: &[Curve]) {
    let x = Scale::linear(1.0, left, left + SIDE);
    let y = Scale::linear(1.0, TOP + SIDE, TOP);
    for tick in x.ticks(5) {
        canvas.line((x.pixel(tick), TOP), (x.pixel(tick), TOP + SIDE), palette::GRID, 1);
        canvas.line((left, y.pixel(tick)), (left + SIDE, y.pixel(tick)), palette::GRID, 1);
        canvas.muted((x.pixel(tick), TOP + SIDE + 14), &label(tick), Anchor::Middle);
        canvas.muted((left - 6, y.pixel(tick)), &label(tick), Anchor::End);
    }
    for Curve(_, values, colour) in curves {
        let mut from = (x.pixel(0.0), y.pixel(0.0));
        for (k, &value) in values.iter().enumerate() {
            let share = (k + 1) as f64 / values.len() as f64;
            let to = (x.pixel(value.into()), y.pixel(share));
            canvas.line(from, (to.0, from.1), *colour, 2);
            canvas.line((to.0, from.1), to, *colour, 2);
            from = to;
        }
        canvas.line(from, (x.pixel(1.0), from.1), *colour, 2);
    }
    canvas.text((left, TOP - 24), title, Anchor::Start);
    canvas.muted((left + SIDE / 2, TOP + SIDE + 32), "IoU", Anchor::Middle);
}
