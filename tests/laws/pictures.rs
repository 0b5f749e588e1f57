//! The picture of a plan and the page of a run say what the plan and the events say, stand
//! alone, and hold no text that gets out of its place.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use milvus_swarm::event::Event;
use milvus_swarm::execute::Outcome;
use milvus_swarm::inventory::PRODUCTION_26;
use milvus_swarm::plan::{Action, Because, Plan, Step};
use milvus_swarm::report::{Timings, graph};
use milvus_swarm::system;
use regex::Regex;

use crate::harness::{Run, execute, parse, plan_up, run, swarm};
use crate::inventories;
use crate::sim::{Fault, When};

/// Where people look at what the tests drew.
fn keep(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).expect("a file");
    println!("{}", path.display());
}

fn took(run: &Run) -> Duration {
    let last = run.events.iter().rev().find_map(|event| match event {
        Event::Started { at, .. }
        | Event::Waiting { at, .. }
        | Event::Passed { at, .. }
        | Event::Failed { at, .. } => Some(*at),
        Event::Note { .. } => None,
    });
    last.unwrap_or_default()
}

fn brought_up(text: &str, prepare: impl Fn(&crate::sim::Sim)) -> (Plan, Run) {
    let inventory = parse(text);
    run(async {
        let sim = swarm(&inventory, 1);
        prepare(&sim);
        let (plan, seen) = plan_up(&sim, &inventory).await;
        let run = execute(&sim, &plan, seen).await;
        (plan, run)
    })
}

/// No resource from elsewhere, in any way that a browser would fetch one.
fn stands_alone(text: &str) {
    let fetches = Regex::new(r#"(?i)\s(src|href|action|data)\s*=|url\(|@import|https?://"#);
    let plain = text
        .replace("url(#tip)", "")
        .replace("http://www.w3.org/2000/svg", "");
    let fetches = fetches.expect("a pattern");
    let found: Vec<&str> = fetches.find_iter(&plain).map(|m| m.as_str()).collect();
    assert_eq!(found, Vec::<&str>::new());
}

/// Tags open and close in order: what a browser's XML parser insists on.
fn is_well_formed(svg: &str) {
    let tag = Regex::new(r"<(/?)([a-z]+)([^<>]*?)(/?)>").expect("a pattern");
    let mut open: Vec<String> = Vec::new();
    let mut end = 0;
    for found in tag.captures_iter(svg) {
        let whole = found.get(0).expect("a tag");
        let between = &svg[end..whole.start()];
        assert!(!between.contains(['<', '>']) || open.last().is_some_and(|t| t == "style"));
        end = whole.end();
        match (&found[1], &found[4]) {
            ("/", _) => assert_eq!(open.pop().as_deref(), Some(&found[2])),
            (_, "/") => {}
            _ => open.push(found[2].to_owned()),
        }
    }
    assert_eq!(open, Vec::<String>::new());
}

#[test]
fn a_graph_shows_every_step_and_stands_alone() {
    for (name, text) in ["local", "three-host", "production-26"]
        .into_iter()
        .zip(inventories::shipped())
    {
        let (plan, _) = brought_up(text, |_| {});
        let svg = graph(&plan);
        keep(&format!("graph-{name}.svg"), &svg);
        for step in &plan.steps {
            assert!(
                svg.contains(&step.action.title()),
                "{}",
                step.action.title()
            );
        }
        let gates = plan
            .steps
            .iter()
            .filter(|step| matches!(step.action, Action::Await { .. }))
            .count();
        assert_eq!(svg.matches("<polygon class=\"gate\"").count(), gates);
        assert_eq!(svg, graph(&plan), "the same plan, the same bytes");
        is_well_formed(&svg);
        stands_alone(&svg);
    }
}

/// Boxes do not overlap, and no arrow between boxes runs through one.
#[test]
fn arrows_of_a_graph_run_through_no_box() {
    let number = r"(-?[0-9.]+)";
    let boxes = Regex::new(&format!(
        r#"translate\({number} {number}\)"><rect class="box" width="{number}" height="{number}""#
    ))
    .expect("a pattern");
    let arrows = Regex::new(r#"<path class="arrow( opens)?" d="([^"]+)""#).expect("a pattern");
    let straight = Regex::new(&format!("{number} H{number}")).expect("a pattern");
    for seed in 0..16 {
        let (plan, _) = brought_up(&inventories::generated(seed), |_| {});
        let svg = graph(&plan);
        let read = |text: &str| text.parse::<f64>().expect("a number");
        let boxes: Vec<[f64; 4]> = boxes
            .captures_iter(&svg)
            .map(|b| [1, 2, 3, 4].map(|at| read(&b[at])))
            .collect();
        assert!(boxes.len() > 8, "{} boxes", boxes.len());
        for (at, a) in boxes.iter().enumerate() {
            for b in &boxes[at + 1..] {
                let apart = a[0] + a[2] <= b[0]
                    || b[0] + b[2] <= a[0]
                    || a[1] + a[3] <= b[1]
                    || b[1] + b[3] <= a[1];
                assert!(apart, "{a:?} {b:?}");
            }
        }
        for arrow in arrows.captures_iter(&svg) {
            let pieces: Vec<(f64, f64)> = straight
                .captures_iter(&arrow[2])
                .map(|piece| (read(&piece[1]), read(&piece[2])))
                .collect();
            // The first and the last piece are inside the boxes that they join. The others are
            // columns that the arrow crosses.
            for (y, x) in pieces.iter().skip(1).rev().skip(1) {
                for b in &boxes {
                    let inside = *x > b[0] && *x <= b[0] + b[2] && *y > b[1] && *y < b[1] + b[3];
                    assert!(!inside, "seed {seed}: {arrow:?} runs through {b:?}");
                }
            }
        }
    }
}

#[test]
fn rolling_changes_and_removals_can_be_drawn() {
    let inventory = parse(PRODUCTION_26);
    run(async {
        let sim = swarm(&inventory, 3);
        crate::harness::up_well(&sim, &inventory).await;
        let mut other = inventory.clone();
        let etcd = "quay.io/coreos/etcd:v3.5.99".to_owned();
        other.images.overrides.insert(system::etcd::IMAGE, etcd);
        let (plan, _) = plan_up(&sim, &other).await;
        let svg = graph(&plan);
        keep("graph-rolling.svg", &svg);
        is_well_formed(&svg);
        let (down, _) = crate::harness::plan_down(&sim, &inventory, true);
        let svg = graph(&down);
        keep("graph-down.svg", &svg);
        is_well_formed(&svg);
        is_well_formed(&graph(&Plan::default()));
    });
}

/// Parts that wait for each other in turn, which no plan of today has.
#[test]
fn parts_that_alternate_can_be_drawn() {
    let step = |part: &str, after: Vec<usize>| Step {
        part: part.to_owned(),
        action: Action::Smoke {
            service: part.to_owned(),
        },
        after,
        because: Because::Asked,
        ends: None,
    };
    let plan = Plan {
        steps: vec![
            step("a", vec![]),
            step("b", vec![]),
            step("a", vec![1]),
            step("b", vec![0]),
            step("a", vec![3]),
        ],
        ..Plan::default()
    };
    is_well_formed(&graph(&plan));
}

#[test]
fn timings_show_a_run_that_was_done() {
    let (plan, run) = brought_up(PRODUCTION_26, |_| {});
    let outcome = run.outcome.clone().expect("an end");
    let timings = Timings::of(&plan, &run.events, took(&run), &outcome);
    let page = timings.page();
    keep("timings-done.html", &page);
    assert!(timings.done);
    assert_eq!(page.matches("<tr class=").count(), plan.steps.len());
    assert_eq!(page.matches("<i class=\"bar ").count(), plan.steps.len());
    stands_alone(&page);

    // The path is a chain of the plan; each step of it began when the one before had passed.
    let path = &timings.critical;
    assert!(plan.steps[path[0]].after.is_empty());
    let last = timings.bars.iter().map(|bar| bar.end).max();
    assert_eq!(Some(timings.bars[path[path.len() - 1]].end), last);
    for pair in path.windows(2) {
        assert!(plan.steps[pair[1]].after.contains(&pair[0]));
        let latest = plan.steps[pair[1]].after.iter();
        let latest = latest.map(|&before| timings.bars[before].end).max();
        assert_eq!(Some(timings.bars[pair[0]].end), latest);
        assert!(timings.bars[pair[0]].end <= timings.bars[pair[1]].start);
    }
    // Almost all of the time is on it: a bring-up waits for components, not for the tool.
    let share = timings.critical_time().as_secs_f64() / timings.took.as_secs_f64();
    assert!((0.9..=1.0).contains(&share), "{share}");
}

#[test]
fn timings_show_a_run_that_failed_in_the_middle() {
    let (plan, run) = brought_up(PRODUCTION_26, |sim| {
        sim.plant(50, Fault::Refuse, When::Before)
    });
    let outcome = run.outcome.clone().expect("an end");
    assert!(matches!(outcome, Outcome::Failed(..)), "{outcome:?}");
    let timings = Timings::of(&plan, &run.events, took(&run), &outcome);
    let page = timings.page();
    keep("timings-failed.html", &page);
    assert!(!timings.done);
    assert!(page.contains("<td>failed</td>") && page.contains("<td>not started</td>"));
    assert!(page.contains("<p class=\"bad\">failed:"));
    assert_eq!(page.matches("<tr class=").count(), plan.steps.len());
}

#[test]
fn timings_show_what_was_under_way_when_the_user_stopped() {
    let (plan, run) = brought_up(PRODUCTION_26, |_| {});
    let half = Duration::from_secs_f64(took(&run).as_secs_f64() / 2.0);
    let events: Vec<Event> = run
        .events
        .into_iter()
        .filter(|event| match event {
            Event::Started { at, .. } | Event::Waiting { at, .. } => *at <= half,
            Event::Passed { at, .. } | Event::Failed { at, .. } => *at <= half,
            Event::Note { .. } => true,
        })
        .collect();
    let timings = Timings::of(&plan, &events, half, &Outcome::Interrupted);
    let page = timings.page();
    keep("timings-interrupted.html", &page);
    assert!(page.contains("<td>under way</td>") && page.contains("<td>not started</td>"));
    let nothing = Timings::of(&plan, &[], Duration::ZERO, &Outcome::Interrupted);
    assert!(nothing.critical.is_empty());
    assert!(nothing.page().contains("no step was started"));
}

#[test]
fn names_and_reasons_stay_text() {
    let hostile = "</script></style></title><script>alert(1)</script><img src=x onerror='a'>\"'&";
    let (mut plan, mut run) = brought_up(inventories::shipped()[0], |_| {});
    plan.cluster = hostile.to_owned();
    let tags = |text: &str| -> BTreeSet<String> {
        let tag = Regex::new(r"<(script|img|style|title)[ >]").expect("a pattern");
        tag.find_iter(text).map(|m| m.as_str().to_owned()).collect()
    };
    let calm = Timings::of(&plan, &[], Duration::ZERO, &Outcome::Interrupted);
    let before = tags(&calm.page());
    for step in &mut plan.steps {
        hostile.clone_into(&mut step.part);
    }
    for event in &mut run.events {
        if let Event::Passed { saw, .. } = event {
            hostile.clone_into(saw);
        }
    }
    let timings = Timings::of(&plan, &run.events, Duration::from_secs(9), &Outcome::Done);
    let page = timings.page();
    assert_eq!(tags(&page), before);
    assert_eq!(page.matches("<script").count(), 1);
    assert!(!page.contains("alert(1)</script>"));
    let svg = graph(&plan);
    assert_eq!(
        svg.matches("<script").count() + svg.matches("<img").count(),
        0
    );
    is_well_formed(&svg);
}
