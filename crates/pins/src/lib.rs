//! Are the images still there that `milvus-swarm` takes where the inventory names none? A tag
//! that its maintainers took away fails in somebody's Swarm, hours later, as `No such image`.

pub mod reference;
pub mod registry;

use std::fmt::Write;

use futures_util::{StreamExt, stream};
use milvus_swarm::inventory::Image;
use milvus_swarm::release;
use serde::Serialize;

use registry::{Answer, Registries};

/// Registries are shared: more at once gains little.
const AT_ONCE: usize = 4;

/// An image, and what is known of it.
#[derive(Debug, Serialize)]
pub struct Pin {
    pub image: String,
    /// Which minors of Milvus default to it: `2.3`.
    pub minors: Vec<String>,
    #[serde(flatten)]
    pub answer: Answer,
}

/// The default images of every known minor, each once, with the minors that take it.
#[must_use]
pub fn defaults() -> Vec<(String, Vec<String>)> {
    let mut pins: Vec<(String, Vec<String>)> = Vec::new();
    for release in release::known() {
        for image in Image::all().map(|image| (image.of)(&release)) {
            let minor = release::show(release.line);
            match pins.iter_mut().find(|(known, _)| *known == image) {
                Some((_, minors)) => minors.push(minor),
                None => pins.push((image, vec![minor])),
            }
        }
    }
    pins.sort();
    pins
}

/// Asks for all of them, a few at a time; answers come in the order of the questions.
pub async fn ask(registries: &Registries, images: Vec<(String, Vec<String>)>) -> Vec<Pin> {
    let questions = images.into_iter().map(|(image, minors)| async move {
        let answer = registries.ask(&image).await;
        Pin {
            image,
            minors,
            answer,
        }
    });
    stream::iter(questions).buffered(AT_ONCE).collect().await
}

/// 0: all there. 1: one is not there. 2: none of that is known, but not all could be asked for.
#[must_use]
pub fn exit_code(pins: &[Pin]) -> u8 {
    let code = |pin: &Pin| match pin.answer {
        Answer::NotThere => 1,
        Answer::Denied { .. } | Answer::Unreachable { .. } => 2,
        Answer::There { .. } => 0,
    };
    let codes: Vec<u8> = pins.iter().map(code).collect();
    let worst = codes.iter().max().copied().unwrap_or_default();
    if codes.contains(&1) { 1 } else { worst }
}

/// A line for each image.
#[must_use]
pub fn table(pins: &[Pin]) -> String {
    let head = ["IMAGE", "MILVUS", "ANSWER", "DIGEST OR REASON"].map(str::to_owned);
    let rows = pins.iter().map(|pin| {
        let (answer, more) = match &pin.answer {
            Answer::There { digest } => ("there", digest.as_str()),
            Answer::NotThere => ("NOT THERE", ""),
            Answer::Denied { reason } => ("denied", reason.as_str()),
            Answer::Unreachable { reason } => ("unreachable", reason.as_str()),
        };
        let minors = pin.minors.join(" ");
        [pin.image.clone(), minors, answer.into(), more.into()]
    });
    let rows: Vec<[String; 4]> = std::iter::once(head).chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let [image, minors, answer] = [0, 1, 2].map(width);
    let mut text = String::new();
    for [a, b, c, d] in &rows {
        let line = format!("{a:image$}  {b:minors$}  {c:answer$}  {d}");
        // Writing to a string does not fail.
        writeln!(text, "{}", line.trim_end()).ok();
    }
    text
}
