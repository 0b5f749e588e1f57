//! Which Milvus has no Woodpecker, and which Woodpecker is none for it.

use super::{EMBEDDED, SERVER, SERVICE, grammar};
use crate::formed;
use crate::refuse::facts::Facts;
use crate::refuse::{No, Rule};
use crate::system::{Slot, pulsar};
use crate::tag::Version;

pub(super) const EARLY: Rule = Rule {
    name: "woodpecker-early",
    about: "Woodpecker keeps the log of a Milvus that has none.",
    check: |facts| early(facts, EMBEDDED.name, grammar::EMBEDDED.name, FIRST),
};

pub(super) const NO_SERVICE: Rule = Rule {
    name: "woodpecker-service-early",
    about: "Servers of Woodpecker keep the log of a Milvus that can't use them.",
    check: |facts| early(facts, SERVICE.name, grammar::SERVICE.name, FIRST_SERVICE),
};

pub(super) const IMAGE: Rule = Rule {
    name: "woodpecker-image",
    about: "An image of Woodpecker's servers without a version, or older than those that upstream advises.",
    check: image,
};

/// The first with `woodpecker` among the values of `mq.type` (milvus:
/// `internal/util/dependency/factory.go`; in 2.5 it is not there).
const FIRST: Version = Version {
    major: 2,
    minor: 6,
    patch: 0,
    is_final: true,
};

/// The first that can ask servers (milvus: `pkg/streaming/walimpls/impls/wp/builder.go`, `NewClient`;
/// `woodpecker#216`: 2.6 has no service mode).
const FIRST_SERVICE: Version = Version {
    major: 3,
    minor: 0,
    patch: 0,
    is_final: true,
};

/// What upstream advises at least (milvus-docs#3593): those before keep what is in the store already, and
/// fewer of them tell who they know in JSON.
const OLDEST: Version = Version {
    major: 0,
    minor: 1,
    patch: 36,
    is_final: true,
};

fn early(facts: &Facts<'_>, system: &str, key: &str, first: Version) -> Vec<No> {
    let case = facts.case;
    let version = formed::version(case.wanted.milvus_image(), case.release);
    let filling = case.inventory.fillers.get(&Slot::Log);
    let is_chosen = filling.is_some_and(|filling| filling.system == system);
    if !is_chosen || version.line() >= first.line() {
        return Vec::new();
    }
    let roles = [pulsar::BOOKIES.role, pulsar::BROKERS.role];
    let (what, line) = (
        if system == SERVICE.name {
            "no use for servers of Woodpecker"
        } else {
            "no Woodpecker"
        },
        format!("{}.{}", first.major, first.minor),
    );
    vec![No {
        reason: format!("Milvus {version} has {what}, and `log.{key}` chooses it"),
        hint: format!(
            "set `milvus: \"{line}\"` or later for a new cluster, or leave `log` out and give hosts the roles \
             `{}` and `{}`",
            roles[0], roles[1]
        ),
    }]
}

fn image(facts: &Facts<'_>) -> Vec<No> {
    let case = facts.case;
    let members = facts
        .muster(SERVER.name)
        .map_or(&[][..], |muster| muster.members);
    let specs = members
        .iter()
        .filter_map(|member| facts.specs.get(member.name.as_str()));
    let mut images: Vec<&str> = specs
        .map(|spec| spec.task_template.container_spec.image.as_str())
        .collect();
    images.dedup();
    let default = (super::IMAGE.of)(case.release);
    let fault = |image: &str| match Version::of_image(image) {
        Some(version) if version >= OLDEST => None,
        Some(version) => Some(format!(
            "is Woodpecker {version}, and upstream advises {OLDEST} or later"
        )),
        // Another digest is another image, whatever it is called.
        None if image.contains('@') => None,
        None => Some(
            "names no version of Woodpecker: another one may start with the next task".to_owned(),
        ),
    };
    let faults = images
        .into_iter()
        .filter_map(|image| Some((image, fault(image)?)));
    faults
        .map(|(image, why)| No {
            reason: format!("image `{image}` {why}"),
            hint: format!(
                "set `images.woodpecker` to a version, such as `{default}`, or to a digest"
            ),
        })
        .collect()
}
