//! The answer of `what-if` for people.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::Style;
use crate::component::Component;
use crate::count::count;
use crate::inventory::size::show_bytes;
use crate::system::striping;
use crate::system::{SEARCH, STORAGE};
use crate::what_if::{Answer, Capacity, Effect, Level, Pending, Quorum, Rule};

/// Names or rows of one kind that are shown before they are counted.
const SHOWN: usize = 6;

/// The whole answer as text.
#[must_use]
pub fn what_if_text(answer: &Answer, style: Style) -> String {
    let mut out = String::new();
    head(answer, style, &mut out);
    effect("reads", &answer.reads, style, &mut out);
    effect("writes", &answer.writes, style, &mut out);
    data(answer, style, &mut out);
    quorums(answer, style, &mut out);
    capacity(answer, style, &mut out);
    swarm(answer, style, &mut out);
    if !answer.next.is_empty() {
        out.push('\n');
        for step in &answer.next {
            let _ = writeln!(out, "  {} {step}", style.change("->"));
        }
    }
    if !answer.notes.is_empty() {
        out.push('\n');
    }
    for note in &answer.notes {
        let _ = writeln!(out, "{} {note}", style.change("note:"));
    }
    out
}

fn head(answer: &Answer, style: Style, out: &mut String) {
    let verdict = match (answer.survives, answer.survives_now) {
        (true, _) => style.good("it survives"),
        (false, true) => style.bad("it does not survive"),
        (false, false) => style.bad("it does not work now, and would not after"),
    };
    let _ = writeln!(
        out,
        "cluster {} without {}: {verdict} the loss of {} of {}",
        style.strong(&answer.cluster),
        style.strong(names(&answer.lost)),
        answer.lost.len(),
        count(answer.hosts, "host")
    );
    if !answer.already_down.is_empty() {
        let _ = writeln!(
            out,
            "{} {} down already",
            style.change("note:"),
            names(&answer.already_down)
        );
    }
    out.push('\n');
}

/// The first names of many.
fn names(all: &[String]) -> String {
    if all.len() <= SHOWN + 1 {
        return all.join(", ");
    }
    format!("{} and {} more", all[..SHOWN].join(", "), all.len() - SHOWN)
}

fn effect(word: &str, effect: &Effect, style: Style, out: &mut String) {
    let goes = if effect.go_on {
        style.good("go on")
    } else {
        style.bad("stop ")
    };
    let mut lines = effect.why.iter();
    let first = lines.next().map(String::as_str).unwrap_or_default();
    let text = format!("  {word:<7} {goes}  {first}");
    let _ = writeln!(out, "{}", text.trim_end());
    for line in lines {
        let _ = writeln!(out, "                 {line}");
    }
}

fn data(answer: &Answer, style: Style, out: &mut String) {
    if answer.data.is_empty() {
        let _ = writeln!(
            out,
            "  data    {}",
            style.good("is all there, with copies to spare")
        );
    }
    for (at, risk) in answer.data.iter().enumerate() {
        let level = match risk.level {
            Level::Lost => style.bad("lost "),
            Level::ByHand => style.change("hand "),
            Level::Thin => style.change("thin "),
        };
        let word = if at == 0 { "data" } else { "" };
        let _ = writeln!(out, "  {word:<7} {level}  {}", risk.what);
    }
}

/// Letters of the first column of quorums, where no system has a longer name.
const NARROW: usize = 28;

fn quorums(answer: &Answer, style: Style, out: &mut String) {
    let widths = answer.quorums.iter().map(|row| label(row).len());
    let width = widths.max().unwrap_or_default().max(NARROW);
    let _ = writeln!(
        out,
        "\n  {}",
        style.faint(format!(
            "{:<width$} {:>9}  {:>5}",
            "QUORUM", "LEFT", "NEEDS"
        ))
    );
    let mut sets: BTreeMap<Rule, (u64, u64)> = BTreeMap::new();
    for row in &answer.quorums {
        if row.set.is_none() {
            quorum(row, width, style, out);
            continue;
        }
        let (all, held) = sets.entry(row.rule).or_default();
        *all += 1;
        *held += u64::from(row.held);
        // Of many erasure sets only those that miss drives are of interest.
        let broken = *all - *held;
        if !row.away.is_empty() && (row.held || broken <= SHOWN as u64) && *all <= 32 {
            quorum(row, width, style, out);
        }
    }
    for (rule, (all, held)) in sets {
        let what = if rule == Rule::ErasureRead {
            "reads"
        } else {
            "writes"
        };
        let text = format!(
            "  {:<width$} {:>9}  ",
            format!("{} {what}, all sets", STORAGE.whole),
            format!("{held}/{all}")
        );
        let verdict = if held == all {
            style.good("held")
        } else {
            style.bad("lost")
        };
        let _ = writeln!(out, "{text}{:>5}  {verdict}", all);
    }
}

/// `bookies for a new ledger`
fn ensemble(row: &Quorum) -> String {
    let component = Component::named(row.of);
    let striped =
        component.and_then(|component| Some((component.title, striping(component.role)?)));
    striped.map_or_else(String::new, |(title, striping)| {
        format!("{title} for a new {}", striping.one)
    })
}

fn label(row: &Quorum) -> String {
    let set = row
        .set
        .map_or_else(String::new, |number| format!(", set {number}"));
    let whole = Component::named(row.of).map_or(row.of, |component| component.whole);
    match row.rule {
        Rule::Raft => "Swarm managers".to_owned(),
        Rule::ErasureRead => format!("{whole} drives to read{set}"),
        Rule::ErasureWrite => format!("{whole} drives to write{set}"),
        Rule::Ensemble => ensemble(row),
        Rule::Majority => Component::named(row.of)
            .map_or(row.of, |c| c.title)
            .to_owned(),
    }
}

fn quorum(row: &Quorum, width: usize, style: Style, out: &mut String) {
    let verdict = match (row.held, row.spare) {
        (false, _) => style.bad("lost"),
        (true, 0) if row.total == 1 => style.good("held"),
        (true, 0) => style.change("held, none to spare"),
        (true, spare) => format!("{}, {spare} to spare", style.good("held")),
    };
    let lost = if row.lost.is_empty() {
        String::new()
    } else {
        style.faint(format!("  without {}", names(&row.lost)))
    };
    let _ = writeln!(
        out,
        "  {:<width$} {:>9}  {:>5}  {verdict}{lost}",
        label(row),
        format!("{}/{}", row.left, row.total),
        row.needs
    );
}

fn capacity(answer: &Answer, style: Style, out: &mut String) {
    let (same, changed): (Vec<&Capacity>, Vec<&Capacity>) = answer
        .capacity
        .iter()
        .partition(|row| row.left == row.had && row.after == row.had);
    let _ = writeln!(
        out,
        "\n  {}",
        style.faint(format!(
            "{:<20} {:>6} {:>6} {:>6}",
            "ROLE", "BEFORE", "AFTER", "LATER"
        ))
    );
    for row in changed {
        let memory = row.memory.map_or_else(String::new, |(after, had)| {
            style.faint(format!(
                "  {} of memory left of {}",
                show_bytes(after),
                show_bytes(had)
            ))
        });
        let text = format!(
            "{:<20} {:>6} {:>6} {:>6}",
            row.title, row.had, row.left, row.after
        );
        let text = if row.after == 0 {
            style.bad(text)
        } else if row.after < row.had {
            style.change(text)
        } else {
            text
        };
        // What query nodes lose in memory is what the others must hold.
        let memory = if row.after < row.had && row.role == SEARCH.role {
            memory
        } else {
            String::new()
        };
        let _ = writeln!(out, "  {text}{memory}");
    }
    if !same.is_empty() {
        let titles: Vec<String> = same
            .iter()
            .map(|row| format!("{} ({})", row.title, row.had))
            .collect();
        let _ = writeln!(
            out,
            "  {}",
            style.faint(format!("untouched: {}", titles.join(", ")))
        );
    }
}

fn swarm(answer: &Answer, style: Style, out: &mut String) {
    if answer.moves.is_empty() && answer.pending.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n  {}", style.faint("WHAT SWARM DOES"));
    for one in answer.moves.iter().take(SHOWN) {
        let _ = writeln!(
            out,
            "  {}  {} on {} instead of {}",
            style.good("starts"),
            one.task,
            one.to,
            one.from
        );
    }
    if answer.moves.len() > SHOWN {
        let _ = writeln!(
            out,
            "  {}  {} more on other hosts (--json lists them)",
            style.good("starts"),
            count(answer.moves.len() - SHOWN, "task")
        );
    }
    // One line for each lost host with members, and for each reason.
    let mut why: Vec<(bool, &str, Vec<&Pending>)> = Vec::new();
    for task in &answer.pending {
        let key = if task.pinned { &task.from } else { &task.why };
        let same = |line: &&mut (bool, &str, Vec<&Pending>)| line.0 == task.pinned && line.1 == key;
        match why.iter_mut().find(same) {
            Some((_, _, tasks)) => tasks.push(task),
            None => why.push((task.pinned, key, vec![task])),
        }
    }
    let lines = why.len();
    for (pinned, key, tasks) in why.into_iter().take(2 * SHOWN) {
        let of: Vec<String> = tasks.iter().map(|task| task.task.clone()).collect();
        let of = names(&of);
        let text = match (pinned, tasks.len()) {
            (true, 1) => format!("{of} for {key}, where its data is"),
            (true, _) => format!("{of} for {key}, where their data is"),
            (false, _) => format!("{of}: {key}"),
        };
        let _ = writeln!(out, "  {}  {text}", style.change("waits "));
    }
    if lines > 2 * SHOWN {
        let more = lines - 2 * SHOWN;
        let _ = writeln!(
            out,
            "  {}  {} more (--json)",
            style.change("waits "),
            count(more, "line")
        );
    }
}
