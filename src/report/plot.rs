//! How cost grows, drawn: a panel for each dimension, both axes logarithmic, so that a power of the
//! size is a straight line. Drawn in middle tones on nothing, to be read on white and on black.

use std::io::{self, Write};

use plotters::coord::Shift;
use plotters::prelude::*;

use super::bench::{Growth, GrowthPoint};

const SIZE: (u32, u32) = (880, 600);
const TEXT: RGBColor = RGBColor(128, 128, 128);
/// Of a dimension's first line, its second, and so on.
const LINES: [RGBColor; 3] =
    [RGBColor(0x3b, 0x8e, 0xd0), RGBColor(0xd9, 0x82, 0x2b), RGBColor(0x4c, 0xa8, 0x6a)];
const FONT: &str = "sans-serif";

/// Writes the growth along all dimensions as one picture.
///
/// # Errors
///
/// If writing fails.
pub fn write_svg(growth: &[Growth], out: &mut dyn Write) -> io::Result<()> {
    let mut dimensions: Vec<&str> = growth.iter().map(|it| &*it.dimension).collect();
    dimensions.dedup();
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        let panels = area.split_evenly((dimensions.len().div_ceil(2), 2));
        for (dimension, panel) in dimensions.iter().zip(&panels) {
            let lines: Vec<&Growth> =
                growth.iter().filter(|it| it.dimension == *dimension).collect();
            draw(&lines, panel).map_err(io::Error::other)?;
        }
        area.present().map_err(io::Error::other)?;
    }
    out.write_all(svg.as_bytes())
}

/// Size and cost: of the run where paths grow, of a path elsewhere.
fn place(point: &GrowthPoint) -> (f64, f64) {
    (point.size as f64, point.cpu_seconds_per_unit * point.size as f64)
}

fn draw(
    lines: &[&Growth],
    panel: &DrawingArea<SVGBackend<'_>, Shift>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let Some(first) = lines.first() else { return Ok(()) };
    let places = || lines.iter().flat_map(|it| it.points.iter().map(place));
    let ends = |of: fn((f64, f64)) -> f64| {
        let low = places().map(of).fold(f64::INFINITY, f64::min);
        let high = places().map(of).fold(f64::NEG_INFINITY, f64::max);
        // Room around the points, of half an octave a side.
        low / std::f64::consts::SQRT_2..high * std::f64::consts::SQRT_2
    };
    let what = if first.dimension == "paths" { "a run" } else { "a path" };
    let mut chart = ChartBuilder::on(panel)
        .caption(format!("CPU-seconds of {what}, by {}", first.dimension), (FONT, 18, &TEXT))
        .margin(10)
        .x_label_area_size(28)
        .y_label_area_size(64)
        .build_cartesian_2d(ends(|it| it.0).log_scale(), ends(|it| it.1).log_scale())?;
    chart
        .configure_mesh()
        .axis_style(TEXT)
        .bold_line_style(TEXT.mix(0.3))
        .light_line_style(TRANSPARENT)
        .label_style((FONT, 15, &TEXT))
        .x_labels(5)
        .y_labels(5)
        .x_label_formatter(&size_shown)
        .y_label_formatter(&|seconds| format!("{seconds:.0e}"))
        .draw()?;
    for (line, color) in lines.iter().zip(LINES.iter().cycle()) {
        let points: Vec<(f64, f64)> = line.points.iter().map(place).collect();
        let series = chart.draw_series(LineSeries::new(points.clone(), color.stroke_width(2)))?;
        if let Some(variant) = &line.variant {
            series.label(variant).legend(|(x, y)| {
                PathElement::new(vec![(x, y), (x + 16, y)], color.stroke_width(2))
            });
        }
        chart.draw_series(points.iter().map(|at| Circle::new(*at, 3, color.filled())))?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .label_font((FONT, 15, &TEXT))
        .draw()?;
    Ok(())
}

/// In digits while there are few.
fn size_shown(size: &f64) -> String {
    if *size < 1e4 { format!("{size}") } else { format!("{size:e}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::bench::fixture;

    #[test]
    fn every_dimension_has_a_panel_and_every_size_a_point() {
        let growth = fixture::growth();
        let mut svg = Vec::new();
        write_svg(&growth, &mut svg).unwrap();
        let svg = String::from_utf8(svg).unwrap();
        let document = roxmltree::Document::parse(&svg).unwrap();
        let n_circles = document.descendants().filter(|it| it.has_tag_name("circle")).count();
        let n_points: usize = growth.iter().map(|it| it.points.len()).sum();
        assert_eq!(n_circles, n_points);
        for words in ["by paths", "by assets", "by a matrix", "by 3 factors"] {
            assert!(svg.contains(words), "{words}");
        }
        // A rectangle over the whole picture would hide the page behind it.
        let width = SIZE.0.to_string();
        assert!(
            !document
                .descendants()
                .any(|it| it.attribute("width") == Some(&*width) && it.has_tag_name("rect"))
        );
    }
}
