//! A pool of MinIO is formed once: its servers and drives stay as they are.

use super::MINIO;
use super::shape::is_valid;
use crate::count::count;
use crate::formed::{self, Shape};
use crate::refuse::facts::Facts;
use crate::refuse::muster::Muster;
use crate::refuse::{No, Rule};
use crate::spec::ServiceSpec;
use crate::words::names;

pub(super) const SHAPE: Rule = Rule {
    name: "minio-pool-shape",
    about: "The pool of MinIO has another number of servers or drives than it was formed with, \
            or one that can't form.",
    check: shape,
};

fn shape(facts: &Facts<'_>) -> Vec<No> {
    let muster = facts.muster(MINIO.name);
    let Some(muster) = muster.filter(|muster| !muster.shrinks() && !muster.is_muddled()) else {
        return Vec::new();
    };
    changed(facts, muster)
        .or_else(|| grown(muster))
        .or_else(|| remembered(facts, muster))
        .or_else(|| impossible(facts, muster))
        .into_iter()
        .collect()
}

fn stays(was: Shape) -> String {
    format!(
        "give {} the role `minio` and set `roles.minio.drives: {}`, as it was; for another shape, \
         bring up a second cluster under another `name:` and copy with milvus-backup",
        count(was.0, "host"),
        was.1
    )
}

fn describe((servers, drives): Shape) -> String {
    format!(
        "{} with {} each",
        count(servers, "server"),
        count(drives, "drive")
    )
}

/// A server that exists was started for another pool.
fn changed(facts: &Facts<'_>, muster: &Muster<'_>) -> Option<No> {
    muster.members.iter().find_map(|member| {
        let found = &facts.found.get(member.name.as_str())?.spec;
        let wanted = facts.specs.get(member.name.as_str())?;
        if drives(found) == drives(wanted) {
            return None;
        }
        let (was, will) = (pool(found), pool(wanted));
        Some(match was.zip(will).filter(|(was, will)| was != will) {
            Some((was, will)) => reshaped(was, will),
            None => No {
                reason: format!(
                    "the pool of MinIO was formed as `{}`, and would be `{}`",
                    drives(found).join(" "),
                    drives(wanted).join(" ")
                ),
                hint: "a pool keeps its servers and drives for good: write them as they were"
                    .to_owned(),
            },
        })
    })
}

fn reshaped(was: Shape, will: Shape) -> No {
    No {
        reason: format!(
            "the pool of MinIO was formed from {}, and would be {}",
            describe(was),
            describe(will)
        ),
        hint: stays(was),
    }
}

/// After a `down`, labels tell how many drives there were, unless an earlier version of this tool
/// set them. Before the first secret nothing was formed: what labels say may still be changed.
fn remembered(facts: &Facts<'_>, muster: &Muster<'_>) -> Option<No> {
    let mut members = muster.members.iter();
    if !facts.has_run() || members.any(|member| facts.found.contains_key(member.name.as_str())) {
        return None;
    }
    let inventory = facts.case.inventory;
    let drives = usize::try_from(inventory.settings(MINIO.role).drives).ok()?;
    let will = (muster.members.len(), drives);
    let mut shapes = formed::shapes(&inventory.name, &facts.case.seen.nodes).into_iter();
    shapes
        .find(|was| *was != will)
        .map(|was| reshaped(was, will))
}

/// After a `down`, member labels tell how many servers there were.
fn grown(muster: &Muster<'_>) -> Option<No> {
    let new = muster.new.len();
    (new > 0).then(|| No {
        reason: format!(
            "the pool of MinIO was formed from {}, and would be {}",
            count(muster.members.len() - new, "server"),
            muster.members.len()
        ),
        hint: format!(
            "take the role `minio` from {}; for a larger pool, bring up a second cluster under \
             another `name:` and copy with milvus-backup",
            names(muster.new.iter().map(|member| &member.host))
        ),
    })
}

fn impossible(facts: &Facts<'_>, muster: &Muster<'_>) -> Option<No> {
    let hosts = muster.members.len() as u64;
    let drives = facts.case.inventory.settings(MINIO.role).drives;
    (hosts > 0 && !is_valid(hosts, drives)).then(|| No {
        reason: format!(
            "MinIO can't be built from {}",
            describe((muster.members.len(), usize::try_from(drives).unwrap_or(0)))
        ),
        hint: "one drive alone, or at least 4 in all that divide evenly over the hosts: set \
               `roles.minio.drives`"
            .to_owned(),
    })
}

/// The words of the command line that name drives.
fn drives(spec: &ServiceSpec) -> Vec<&str> {
    let args = spec.task_template.container_spec.args.iter();
    args.map(String::as_str)
        .skip_while(|arg| *arg != "server")
        .skip(1)
        .take_while(|arg| !arg.starts_with("--"))
        .collect()
}

/// The pool of `http://minio-{0...3}:9000/data{1...2}` or of `/data1`.
fn pool(spec: &ServiceSpec) -> Option<Shape> {
    let [word] = drives(spec)[..] else {
        return None;
    };
    let (servers, path) = match word.strip_prefix("http://") {
        Some(rest) => {
            let (host, path) = rest.split_once('/')?;
            (span(host)?, path)
        }
        None => (1, word),
    };
    Some((servers, span(path).unwrap_or(1)))
}

/// How many `{0...3}` stands for.
fn span(text: &str) -> Option<usize> {
    let (_, rest) = text.split_once('{')?;
    let (range, _) = rest.split_once('}')?;
    let (from, to) = range.split_once("...")?;
    let (from, to): (usize, usize) = (from.parse().ok()?, to.parse().ok()?);
    Some(to.checked_sub(from)? + 1)
}
