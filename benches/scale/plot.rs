//! The measurements as a picture: time over hosts, both axes logarithmic.

use std::fmt::Write as _;

use crate::table::{MOST_TIME, Table};

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 460.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 230.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = 50.0;
const COLOURS: [&str; 7] = [
    "#4477aa", "#66ccee", "#228833", "#ccbb44", "#ee6677", "#aa3377", "#777777",
];

/// A position on the picture.
struct Axes {
    hosts: (f64, f64),
    /// Powers of ten of milliseconds, at the bottom and at the top.
    millis: (f64, f64),
}

impl Axes {
    fn x(&self, hosts: f64) -> f64 {
        let part = (hosts.log10() - self.hosts.0) / (self.hosts.1 - self.hosts.0);
        LEFT + part * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, millis: f64) -> f64 {
        let part = (millis.log10() - self.millis.0) / (self.millis.1 - self.millis.0);
        HEIGHT - BOTTOM - part * (HEIGHT - TOP - BOTTOM)
    }
}

/// The picture as SVG.
pub fn svg(table: &Table) -> String {
    let points: Vec<(f64, f64)> = table
        .rows()
        .iter()
        .flat_map(|(_, row)| points(row))
        .collect();
    let range = |of: fn(&(f64, f64)) -> f64| {
        let logs: Vec<f64> = points.iter().map(|point| of(point).log10()).collect();
        let low = logs.iter().copied().fold(f64::INFINITY, f64::min);
        (low, logs.iter().copied().fold(f64::NEG_INFINITY, f64::max))
    };
    let millis = range(|point| point.1);
    let target = MOST_TIME.as_secs_f64() * 1000.0;
    let axes = Axes {
        hosts: range(|point| point.0),
        millis: (millis.0.floor(), millis.1.max(target.log10()).ceil()),
    };
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n"
    );
    grid(&mut svg, &axes);
    let y = axes.y(target);
    let _ = writeln!(
        svg,
        "<line x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{:.1}\" y2=\"{y:.1}\" stroke=\"#bb0000\" \
         stroke-dasharray=\"6 4\"/>\n<text x=\"{:.1}\" y=\"{:.1}\" fill=\"#bb0000\">target</text>",
        WIDTH - RIGHT,
        LEFT + 6.0,
        y - 5.0
    );
    for (at, (case, row)) in table.rows().iter().enumerate() {
        let colour = COLOURS[at % COLOURS.len()];
        let places: Vec<(f64, f64)> = points_on(&axes, row);
        let path: Vec<String> = places
            .iter()
            .map(|(x, y)| format!("{x:.1},{y:.1}"))
            .collect();
        let _ = writeln!(
            svg,
            "<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" points=\"{}\"/>",
            path.join(" ")
        );
        for (x, y) in places {
            let _ = writeln!(
                svg,
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>"
            );
        }
        let (x, y) = (WIDTH - RIGHT + 16.0, TOP + 20.0 * at as f64);
        let _ = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"{:.1}\" width=\"14\" height=\"4\" fill=\"{colour}\"/>\n\
             <text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            y - 2.0,
            x + 20.0,
            y + 4.0,
            case.title()
        );
    }
    svg.push_str("</svg>\n");
    svg
}

fn points(row: &[(usize, crate::case::Measured)]) -> Vec<(f64, f64)> {
    row.iter()
        .map(|(hosts, measured)| (*hosts as f64, measured.time.as_secs_f64() * 1000.0))
        .collect()
}

fn points_on(axes: &Axes, row: &[(usize, crate::case::Measured)]) -> Vec<(f64, f64)> {
    points(row)
        .into_iter()
        .map(|(hosts, millis)| (axes.x(hosts), axes.y(millis)))
        .collect()
}

/// Lines and labels at every power of ten.
fn grid(svg: &mut String, axes: &Axes) {
    let powers = |(from, to): (f64, f64)| {
        let count = (to.floor() - from.ceil()) as usize;
        (0..=count).map(move |step| 10_f64.powf(from.ceil() + step as f64))
    };
    let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
    for hosts in powers(axes.hosts) {
        let x = axes.x(hosts);
        let _ = writeln!(
            svg,
            "<line x1=\"{x:.1}\" y1=\"{TOP}\" x2=\"{x:.1}\" y2=\"{bottom}\" stroke=\"#dddddd\"/>\n\
             <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{hosts}</text>",
            bottom + 18.0
        );
    }
    for millis in powers(axes.millis) {
        let y = axes.y(millis);
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{right}\" y2=\"{y:.1}\" stroke=\"#dddddd\"/>\n\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{millis} ms</text>",
            LEFT - 6.0,
            y + 4.0
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">hosts</text>",
        f64::midpoint(LEFT, right),
        HEIGHT - 10.0
    );
}
