//! Refusals: rules that a plan must not break. Each says what is wrong with names and numbers,
//! and the way out.
//!
//! A rule is a function of the inventory, the topology, the wanted specs and what was seen of the
//! Swarm. `plan` prints what it finds, `up` stops before its first action. The table below is
//! all of them; `docs/refusals.md` lists it.

mod away;
mod birth;
mod config;
pub(crate) mod facts;
mod filler;
mod fit;
mod hole;
pub(crate) mod image;
mod join;
mod moves;
pub(crate) mod muster;
mod network;
mod node;
mod place;
mod port;
mod quorum;
mod replicas;
mod shrink;
mod taken;
mod version;
mod voters;
mod words;

use crate::component::Component;
use crate::inventory::{Image, Inventory};
use crate::observed::Observed;
use crate::plan::{Refusal, Verdicts, Wanted};
use crate::release::Release;
use crate::role::Agreement;
use crate::system::{FRONT, SYSTEMS};
use crate::topology::Topology;

use facts::Facts;

/// What rules look at.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    pub inventory: &'a Inventory,
    pub release: &'a Release,
    pub topology: &'a Topology,
    pub wanted: &'a Wanted,
    pub seen: &'a Observed,
}

/// A row of the table of rules.
#[derive(Debug)]
pub struct Rule {
    /// As it is printed in brackets: `member-moves`.
    pub name: &'static str,
    /// What it keeps from happening, in one line of Markdown. `{voters}`, `{members}` and `{images}`
    /// stand for those that there are.
    pub(crate) about: &'static str,
    pub(crate) check: fn(&Facts<'_>) -> Vec<No>,
}

/// What a rule found: the sentence and the way out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct No {
    pub reason: String,
    pub hint: String,
}

impl No {
    fn by(self, rule: &str) -> Refusal {
        Refusal {
            rule: rule.to_owned(),
            reason: self.reason,
            hint: self.hint,
        }
    }
}

/// What is wrong with the hosts, then with the data of any system.
const HOSTS_AND_DATA: &[Rule] = &[
    Rule {
        name: "no-such-node",
        about: "A host of the inventory is not a node of this Swarm.",
        check: node::missing,
    },
    Rule {
        name: "ambiguous-node",
        about: "Several live nodes of this Swarm have the name of one host.",
        check: node::ambiguous,
    },
    Rule {
        name: "not-a-manager",
        about: "A host with the role `manager` is a Swarm worker.",
        check: node::workers,
    },
    Rule {
        name: "node-platform",
        about: "A host is no Linux machine, or of an architecture that Milvus is not built for.",
        check: node::platform,
    },
    Rule {
        name: "member-moves",
        about: "A member would start away from its data: its host lost the role, or left the Swarm \
                and joined it again without its labels.",
        check: moves::away,
    },
    Rule {
        name: "member-twice",
        about: "Two nodes carry the label of one member.",
        check: moves::twice,
    },
    Rule {
        name: "members-share-host",
        about: "One host carries the labels of two members of one component.",
        check: moves::shared,
    },
    Rule {
        name: "member-gap",
        about: "Members are not numbered from 0 without a gap.",
        check: moves::gap,
    },
    Rule {
        name: "member-joins",
        about: "An {voters} member is new beside members that formed without it: it would \
                found a second cluster.",
        check: join::joins,
    },
    Rule {
        name: "shrink-stateful",
        about: "Fewer {members} members than hold data.",
        check: shrink::shrinks,
    },
    Rule {
        name: "data-moves",
        about: "A member that exists would look for its data in another volume or directory.",
        check: place::moved,
    },
    Rule {
        name: "directory-shared",
        about: "Two tasks on one host would write to one directory or volume.",
        check: place::shared,
    },
    Rule {
        name: "filler-moves",
        about: "Data of the cluster is kept in another system, or another place of it.",
        check: filler::moved,
    },
    Rule {
        name: BIRTH,
        about: "The data of {births} is not what the cluster was made with: it was emptied, or is of \
                another cluster.",
        check: birth::contradicted,
    },
];

/// What would be wrong with what runs.
const RUNNING: &[Rule] = &[
    Rule {
        name: "even-members",
        about: "An even number of {voters} members.",
        check: voters::even,
    },
    Rule {
        name: "quorum-loss",
        about: "The plan would leave fewer {voters} members than a quorum, or fewer drives, \
                bookies or servers of the log than a write needs.",
        check: quorum::lost,
    },
    Rule {
        name: "name-taken",
        about: "A network, secret, config or service of somebody else has the name of one of ours.",
        check: taken::names,
    },
    Rule {
        name: "network-changes",
        about: "A network of the cluster is not as wanted: its driver, encryption, MTU or subnet, who may join it \
                or whether it has a way out.",
        check: network::changes,
    },
    Rule {
        name: "network-without-host",
        about: "Networks are to be made anew while the host of a member takes no tasks.",
        check: network::without_hosts,
    },
    Rule {
        name: "network-has-guests",
        about: "Networks are to be made anew while something that is not of the cluster is on them.",
        check: network::guests,
    },
    Rule {
        name: "network-full",
        about: "More tasks than the cluster's network has addresses.",
        check: network::full,
    },
    Rule {
        name: "config-changes",
        about: "A config of the cluster holds something else than the wanted one of its name.",
        check: config::changes,
    },
    Rule {
        name: "too-many-replicas",
        about: "More tasks of a role than its hosts may run.",
        check: replicas::too_many,
    },
    Rule {
        name: "reservation-fits-no-node",
        about: "CPUs or memory that are reserved for a task are not free on the hosts where it may \
                run.",
        check: fit::unfit,
    },
    Rule {
        name: "port-clash",
        about: "A published port is taken on the host by another service.",
        check: port::clashes,
    },
    Rule {
        name: "version-jump",
        about: "Milvus can't be brought from the version that runs to the wanted one.",
        check: version::jump,
    },
    Rule {
        name: "milvus-mixed",
        about: "Services of Milvus would run several minor versions.",
        check: version::mixed,
    },
    Rule {
        name: "image-goes-back",
        about: "An older image of {images} than the one that runs.",
        check: image::goes_back,
    },
];

/// What goes last, since what is before it tells more.
const LAST: &[Rule] = &[
    Rule {
        name: "role-not-in-version",
        about: "A role or process that the wanted Milvus does not have, or an image of another minor \
                version than the inventory says or that the tool does not know.",
        check: version::absent,
    },
    Rule {
        name: HOLE,
        about: "A release, or a port that is published, with a known hole that the inventory does not \
                accept by name.",
        check: hole::open,
    },
];

/// The rule against data of another birth.
const BIRTH: &str = "other-birth";

/// The rule against known holes.
pub const HOLE: &str = "known-hole";

/// The rules, in the order in which they are printed: what is wrong with the hosts, then with the
/// data, then with what would run. Rules of one system are in its folder.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    let of_data = SYSTEMS.iter().flat_map(|system| system.rules_of_data);
    let of_images = SYSTEMS.iter().flat_map(|system| system.rules_of_images);
    let (first, then) = (HOSTS_AND_DATA.iter(), RUNNING.iter());
    first
        .chain(of_data)
        .chain(then)
        .chain(of_images)
        .chain(LAST)
}

impl Rule {
    /// What it keeps from happening, in one line of Markdown.
    #[must_use]
    pub fn about(&self) -> String {
        let wholes = |agreements: &[Agreement]| {
            let rows = agreements.iter().flat_map(|one| Component::agreeing(*one));
            any(rows.map(|row| row.whole).collect())
        };
        let births = Component::all_births().filter_map(|birth| Component::named(birth.of));
        let births = births.map(|row| row.title);
        let needs = Image::all().filter(|image| *image != FRONT.image);
        self.about
            .replace("{voters}", &wholes(&[Agreement::Majority]))
            .replace(
                "{members}",
                &wholes(&[Agreement::Majority, Agreement::Erasure, Agreement::Ensemble]),
            )
            .replace("{births}", &any(births.collect()))
            .replace("{images}", &any(needs.map(|image| image.title).collect()))
    }
}

/// `a, b or c`
fn any(all: Vec<&str>) -> String {
    match all.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => all.concat(),
    }
}

/// Everything that forbids the plan, in the order of the table.
#[must_use]
pub fn refusals(case: &Case<'_>) -> Vec<Refusal> {
    let facts = Facts::of(case);
    let by = |rule: &'static Rule| (rule.check)(&facts).into_iter().map(|no| no.by(rule.name));
    rules().flat_map(by).collect()
}

/// The known holes of what is wanted that the inventory does not accept.
#[must_use]
pub(crate) fn holes(wanted: &Wanted, inventory: &Inventory, release: &Release) -> Vec<Refusal> {
    let open = hole::of(wanted, inventory, release).into_iter();
    open.map(|no| no.by(HOLE)).collect()
}

/// What members say of the birth of their data that forbids it.
#[must_use]
pub(crate) fn births(verdicts: &Verdicts) -> Vec<Refusal> {
    let heard = birth::heard(verdicts).into_iter();
    heard.map(|no| no.by(BIRTH)).collect()
}

/// The table of rules in Markdown, as `docs/refusals.md` has it.
#[must_use]
pub fn table() -> String {
    let rows = rules().map(|rule| format!("| [`{0}`](#{0}) | {1} |\n", rule.name, rule.about()));
    format!(
        "| rule | what is refused |\n|---|---|\n{}",
        rows.collect::<String>()
    )
}
