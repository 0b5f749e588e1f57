//! The rule that a problem breaks, and the way out of it.

use crate::release;
use crate::role::{Duty, ROLES, Role};
use crate::system::STORAGE;
use crate::system::milvus::{MIXCOORD, MIXED};
use crate::system::minio::shape::is_valid;

use super::names::Form;
use super::owned::alternatives;
use super::problem::Problem;

impl Problem {
    /// The name of the broken rule, stable across releases.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "file-size",
            Self::NotUtf8 { .. } | Self::ControlCharacter { .. } => "not-text",
            Self::Yaml { .. } => "yaml",
            Self::TooMuch { .. } => "yaml-limit",
            Self::SecondDocument => "second-document",
            Self::DuplicateKey { .. } => "duplicate-key",
            Self::UnknownKey { .. } => "unknown-key",
            Self::MissingKey { .. } => "missing-key",
            Self::WrongType { .. } => "wrong-type",
            Self::BadValue { .. } | Self::UnknownWord { .. } | Self::OutOfRange { .. } => {
                "bad-value"
            }
            Self::UnknownRole { .. } => "unknown-role",
            Self::InlinePassword { .. } | Self::EnginePassword => "inline-password",
            Self::ReplicasOfMembers { .. } => "member-replicas",
            Self::ManagerSettings => "manager-settings",
            Self::OwnedConfig { .. } | Self::OwnedBelow { .. } => "owned-config",
            Self::KeptConfig { .. } => "kept-config",
            Self::WordForTruth { .. } => "word-for-truth",
            Self::TwinKeys { .. } => "twin-keys",
            Self::MessageSize { .. } => "message-size",
            Self::TwoFillers { .. } => "two-fillers",
            Self::Filler { .. } => "filler",
            Self::HostsInOverlay { .. } => "overlay-hosts",
            Self::NoHosts => "no-hosts",
            Self::TooManyHosts { .. } => "too-many-hosts",
            Self::DuplicateHost { .. } | Self::SameName { .. } => "duplicate-host",
            Self::RangeInHost { .. } => "host-range",
            Self::RangeMismatch { .. } => "range-mismatch",
            Self::SameValue { .. } => "duplicate-address",
            Self::Conflict { .. } => "conflict",
            Self::NoRole { .. } => "no-role",
            Self::ThisNotAlone { .. } => "this-host",
            Self::MissingRoles { .. } => "missing-role",
            Self::EvenMembers { .. } => "even-members",
            Self::MinioShape { .. } => "minio-shape",
            Self::QuorumOrder { .. } => "quorum-order",
            Self::FewMembers { .. } => "few-members",
            Self::TooManyReplicas { .. } => "too-many-replicas",
            Self::RoleEarly { .. } => "role-version",
            Self::Coordinators { .. } => "coordinators-version",
            Self::ReserveOverLimit { .. } => "reserve-over-limit",
            Self::JvmOverLimit { .. } => "jvm-over-limit",
            Self::PortTwice { .. } | Self::PortPerHost { .. } => "port-clash",
            Self::SmallSubnet { .. } => "small-subnet",
            Self::SubnetsOverlap { .. } => "subnets-overlap",
        }
    }

    /// What to do about it, where there is more to say than the error itself says.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::TooLong { .. } => "is this an inventory? ranges such as node[0001-5000] keep one short".into(),
            Self::NotUtf8 { .. } | Self::ControlCharacter { .. } => {
                "an inventory is YAML text; is this the right file?".into()
            }
            Self::Yaml { message } if message.starts_with("tab") => "YAML is indented with spaces".into(),
            Self::Yaml { .. } | Self::OutOfRange { .. } => return None,
            Self::TooMuch { .. } => "inventories need few anchors and little nesting; use groups and ranges".into(),
            Self::SecondDocument => "give each file its own `-i`: the later ones are laid over the first".into(),
            Self::DuplicateKey { key } => format!("put everything about `{key}` under one key"),
            Self::UnknownKey { key, known, .. } => near(key, known).map_or_else(
                || format!("the keys here are {}", known.join(", ")),
                |word| format!("did you mean `{word}`?"),
            ),
            Self::MissingKey { key, .. } => format!("add `{key}: ...`"),
            Self::WrongType { expected, found, .. } => return type_hint(expected, found),
            Self::BadValue { noun, text, .. } => return value_hint(noun, text),
            Self::UnknownWord { text, words } => format!("did you mean `{}`?", near(text, words)?),
            Self::UnknownRole { role } => role_hint(role),
            Self::InlinePassword { key } => format!(
                "inventories get copied and committed: write `{key}: {{ file: PATH }}`, or leave it out and one is generated"
            ),
            Self::EnginePassword => {
                "leave the user and the password out: an engine behind `tcp://` knows its users by their certificates \
                 (DOCKER_CERT_PATH), one behind `ssh://` by their keys"
                    .into()
            }
            Self::ReplicasOfMembers { role } => format!("give more hosts the role `{role}`, or take it from some"),
            Self::ManagerSettings => "proxies run on the managers by default; their settings are under `proxy`".into(),
            Self::OwnedConfig { instead, .. } => format!("leave it out: {instead}"),
            Self::OwnedBelow { owned, instead, .. } => {
                format!("leave it out, or write the keys below it; of `{owned}`, {instead}")
            }
            Self::KeptConfig { values, why, .. } => {
                format!("leave it out, or let it be {}: {why}", alternatives(values))
            }
            Self::WordForTruth { means, .. } => format!("write `{means}`"),
            Self::TwinKeys { .. } => "it compares keys without case, `_`, `.` and `/`: keep one of them".into(),
            Self::MessageSize { most, .. } => format!("write a number up to {most}, or leave it out"),
            Self::TwoFillers { key } => format!("leave one of the keys under `{key}` out"),
            Self::Filler { .. } => return None,
            Self::HostsInOverlay { .. } => "name hosts and groups in the first file; overlays change settings".into(),
            Self::NoHosts => "name some under `hosts` or `groups`; `milvus-swarm init` writes an example".into(),
            Self::TooManyHosts { .. } => "a Swarm of this size will not work; split the cluster".into(),
            Self::DuplicateHost { .. } => {
                "list its roles in one place; a host may also be in several groups, whose roles add up".into()
            }
            Self::SameName { .. } => "names of hosts have no case: write it the same way everywhere".into(),
            Self::RangeInHost { name } => format!("write it as a group: `groups: [{{ hosts: \"{name}\", roles: [...] }}]`"),
            Self::RangeMismatch { key, .. } => format!("`{key}` counts in step with `hosts`: one value for each host"),
            Self::SameValue { key, .. } => format!("each host has its own {key}"),
            Self::Conflict { key, .. } => format!("roles of several groups add up, but `{key}` has one value: remove one"),
            Self::NoRole { host } => format!("give `{host}` a role, or leave it out: hosts that are not listed are left alone"),
            Self::ThisNotAlone { .. } => "`@this` is for a cluster on one machine; use host names".into(),
            Self::MissingRoles { roles } => missing_hint(roles),
            Self::EvenMembers { role, count } => {
                format!("take `{role}` from one host or give it to one more: {} or {}", count - 1, count + 1)
            }
            Self::MinioShape { hosts, drives } => minio_hint(*hosts, *drives),
            Self::QuorumOrder { larger, smaller, .. } => format!("raise `{larger}` or lower `{smaller}`"),
            Self::FewMembers { role, setting, fewer, .. } => {
                let or = fewer.map(|fewer| format!(", or set `{}: {fewer}`", setting.join(".")));
                format!("give more hosts the role `{role}`{}", or.unwrap_or_default())
            }
            Self::TooManyReplicas { role, replicas, .. } => format!(
                "`milvus-swarm scale {role}={replicas} --on HOST,...` gives the role to more hosts; or raise `roles.{role}.per_host`"
            ),
            Self::RoleEarly { role, .. } => {
                let since = role.duty().and_then(|duty| duty.since).unwrap_or_default();
                let since = release::show(since);
                format!("it comes with {since}: remove the role and its settings, or set `milvus: \"{since}\"`")
            }
            Self::Coordinators { mixed: true, .. } => {
                format!("remove the key, or set `milvus: \"{}\"` or later", release::show(MIXED))
            }
            Self::Coordinators { .. } => {
                let first = release::show(MIXCOORD.releases.0);
                format!("remove the key: from {first} on there is one process for all")
            }
            Self::ReserveOverLimit { .. } => "lower `reserve` or raise `limit`".into(),
            Self::JvmOverLimit { role, .. } => {
                format!("lower `roles.{role}.heap` or `direct`, or raise `memory.limit`: it would be killed when busy")
            }
            Self::PortTwice { .. } => "give each its own port".into(),
            Self::PortPerHost { .. } => "set `roles.proxy.per_host: 1`, or `publish.proxy: null`".into(),
            Self::SmallSubnet { subnet, .. } => format!(
                "take a larger one, such as {}/{}: a network can't be changed later", subnet.address, subnet.prefix.min(20)
            ),
            Self::SubnetsOverlap { .. } => "give each network its own part".into(),
        };
        Some(hint)
    }
}

/// The word that was probably meant.
pub(crate) fn near<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let word = word.get(..64).unwrap_or(word).to_lowercase();
    known
        .iter()
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(&word, candidate);
            (distance, *candidate)
        })
        .filter(|(distance, candidate)| {
            *distance * 3 <= candidate.len().max(3) || (*distance <= 2 && candidate.len() > 4)
        })
        .min()
        .map(|(_, candidate)| candidate)
}

fn role_hint(role: &str) -> String {
    let names = Role::ALL.map(Role::name);
    let role = role.to_lowercase();
    let also = |duty: &&Duty| duty.also.contains(&role.as_str());
    let known = ROLES.iter().find(also).map(|duty| duty.role.name());
    let meant = known.or_else(|| near(&role, &names));
    meant.map_or_else(
        || format!("the roles are {}", names.join(", ")),
        |word| format!("did you mean `{word}`?"),
    )
}

fn missing_hint(roles: &[Role]) -> String {
    let [role] = roles else {
        return "a cluster needs each of them: add them to the roles of hosts".into();
    };
    match role {
        Role::Manager => {
            "give it to the hosts that are managers of the Swarm; proxies run there".into()
        }
        role => role.duty().and_then(|duty| duty.beside).map_or_else(
            || format!("add `{role}` to the roles of a host"),
            |(beside, runs)| {
                format!("give it to a host; without any, {runs} on the hosts with `{beside}`")
            },
        ),
    }
}

fn minio_hint(hosts: u64, drives: u64) -> String {
    let needed = (1..=16).find(|drives| is_valid(hosts, *drives));
    match needed {
        Some(needed) if needed > drives => format!(
            "it takes one drive, or four and more that divide into equal sets of 4 to 16: set `roles.{}.drives: {needed}`, or use 4 hosts",
            STORAGE.role
        ),
        _ => "it takes one drive, or four and more that divide into equal sets of 4 to 16: use 4 hosts, or a multiple".into(),
    }
}

fn type_hint(expected: &str, found: &str) -> Option<String> {
    if expected == Form::HostName.noun() && found == "text" {
        return Some("a host is a map: `- name: node06`".into());
    }
    if expected.starts_with("a whole number") {
        return Some("write it in digits and without quotes".into());
    }
    match (expected, found) {
        ("true or false", "text") => Some("write `true` or `false`, without quotes".into()),
        ("a map", _) => {
            Some("what belongs to it stands below it, indented, as `key: value`".into())
        }
        (_, "true or false" | "a number") => Some("quote it if it is meant as text".into()),
        _ => None,
    }
}

fn value_hint(noun: &str, text: &str) -> Option<String> {
    if noun == Form::HostPattern.noun() && text.contains(',') && !text.contains('[') {
        return Some("write a list: `[node01, node02]`".into());
    }
    let is_host = [Form::HostName, Form::HostPattern]
        .map(Form::noun)
        .contains(&noun);
    if is_host && text.contains('_') {
        // Linux allows it, DNS does not, and what connects to such a name may refuse it.
        return Some(format!(
            "names in DNS have no `_`: on that host, `hostnamectl set-hostname {}` and restart Docker; \
             its node stays and has the new name then",
            text.replace('_', "-")
        ));
    }
    if noun == Form::MilvusVersion.noun() {
        return Some(format!(
            "write one of {}, or a patch release of one, such as `2.3.21`; another Milvus needs another \
             version of this tool",
            release::lines().join(", ")
        ));
    }
    if noun == Form::Image.noun() {
        return Some("name a fixed tag or digest: milvusdb/milvus:v2.3.21".into());
    }
    None
}
