//! What templates of an older version lack of what the shipped ones have by now. It is allowed, since
//! somebody may want it so, and told, since somebody may not know.

use super::settings::is_started_by;
use crate::compose::Stack;
use crate::render::StackFile;
use crate::spec::{ContainerSpec, ServiceSpec};
use crate::words::{list, names};

/// One line for the services of a file that lack the same, and one for each start file.
#[must_use]
pub fn missing(files: &[StackFile], edited: &[Stack], shipped: &[Stack]) -> Vec<String> {
    let mut found = Vec::new();
    for ((file, edited), shipped) in files.iter().zip(edited).zip(shipped) {
        let mut alike: Vec<(Vec<String>, Vec<&str>)> = Vec::new();
        for (name, ours) in &shipped.services {
            let theirs = edited.services.get(name);
            let lacks = theirs.map_or_else(Vec::new, |theirs| lacks(theirs, ours));
            match alike.iter_mut().find(|(other, _)| *other == lacks) {
                Some((_, services)) => services.push(name),
                None => alike.push((lacks, vec![name])),
            }
        }
        alike.retain(|(lacks, _)| !lacks.is_empty());
        found.extend(alike.into_iter().map(|(lacks, services)| {
            let verb = if services.len() == 1 { "lacks" } else { "lack" };
            let who = names(services);
            format!(
                "{}.yml: {who} {verb} {}; {TAKE_OVER}",
                file.name,
                list(lacks)
            )
        }));
        for (key, ours) in &shipped.configs {
            let theirs = edited.configs.get(key);
            let lines = theirs.map_or_else(Vec::new, |theirs| gone(&theirs.data, &ours.data));
            if !lines.is_empty() {
                let lines = list(lines);
                found.push(format!(
                    "{}.yml: `{key}` lacks {lines}; {TAKE_OVER}",
                    file.name
                ));
            }
        }
    }
    found
}

const TAKE_OVER: &str = "the shipped templates have it (`milvus-swarm eject` into another folder shows \
                         them): take it over, unless it was left out on purpose";

/// What a spec has none of, whatever the value is in ours: another value is an edit.
fn lacks(theirs: &ServiceSpec, ours: &ServiceSpec) -> Vec<String> {
    let scripts = scripts(theirs, ours);
    let (theirs, ours) = (
        &theirs.task_template.container_spec,
        &ours.task_template.container_spec,
    );
    let mut lacks = Vec::new();
    let sysctls = ours.sysctls.iter();
    let sysctls = sysctls.filter(|(key, _)| !theirs.sysctls.contains_key(*key));
    lacks.extend(sysctls.map(|(key, value)| format!("`sysctls: {key}: {value}`")));
    lacks.extend(scripts.map(|script| format!("`command: bash {script}`")));
    if let (Some(check), None) = (&ours.healthcheck, &theirs.healthcheck) {
        lacks.push(format!("`healthcheck: {}`", check.test.join(" ")));
    }
    let names = |spec: &ContainerSpec| -> Vec<String> {
        let pairs = spec.env.iter();
        let names = pairs.map(|pair| pair.split('=').next().unwrap_or_default().to_owned());
        names.collect()
    };
    let have = names(theirs);
    let variables = names(ours).into_iter().zip(&ours.env);
    let variables = variables.filter(|(name, _)| !have.contains(name));
    lacks.extend(variables.map(|(_, pair)| format!("`environment: {pair}`")));
    let ulimits = ours.ulimits.iter();
    let ulimits = ulimits.filter(|one| theirs.ulimits.iter().all(|other| other.name != one.name));
    lacks.extend(ulimits.map(|one| format!("`ulimits: {}: {}`", one.name, one.soft)));
    if ours.stop_grace_period.is_some() && theirs.stop_grace_period.is_none() {
        lacks.push("`stop_grace_period`".to_owned());
    }
    if ours.init == Some(true) && theirs.init.is_none() {
        lacks.push("`init: true`".to_owned());
    }
    lacks
}

/// The files that our command runs and theirs does not.
fn scripts<'a>(theirs: &'a ServiceSpec, ours: &'a ServiceSpec) -> impl Iterator<Item = &'a String> {
    let configs = ours.task_template.container_spec.configs.iter();
    let targets = configs.filter_map(|config| Some(&config.file.as_ref()?.name));
    targets.filter(|target| is_started_by(ours, target) && !is_started_by(theirs, target))
}

/// The lines of a script of ours that another one has nowhere. A setting has another value where
/// somebody wanted it so; a script is whole or is not.
fn gone(theirs: &[u8], ours: &[u8]) -> Vec<String> {
    let (theirs, ours) = (
        String::from_utf8_lossy(theirs),
        String::from_utf8_lossy(ours),
    );
    if !ours.starts_with("#!") {
        return Vec::new();
    }
    let have: Vec<&str> = theirs.lines().map(str::trim).collect();
    let lines = ours.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let lines = lines.filter(|line| !have.contains(line));
    lines.map(|line| format!("`{line}`")).collect()
}
