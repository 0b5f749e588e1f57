//! Values in specs that may be credentials: people put them there by hand, and what they would be
//! compared with is known.

use std::collections::BTreeMap;

use super::ServiceSpec;

/// Stands where a value was left out.
pub const HIDDEN: &str = "(hidden)";

/// Parts of names whose values are credentials more often than not.
const WORDS: [&str; 9] = [
    "pass",
    "pwd",
    "secret",
    "token",
    "credential",
    "apikey",
    "accesskey",
    "privatekey",
    "auth",
];

type Map = BTreeMap<String, String>;

/// Hides what may be a credential in a spec that was found, given the one that is wanted; says what.
pub fn hide(found: &mut ServiceSpec, wanted: &ServiceSpec, say: &mut impl FnMut(String)) {
    hide_labels(&mut found.labels, &wanted.labels, say);
    if let Some(driver) = &mut found.task_template.log_driver {
        let known = wanted.task_template.log_driver.as_ref();
        options(&mut driver.options, known.map(|d| &d.options), say);
    }
    let (found, wanted) = (
        &mut found.task_template.container_spec,
        &wanted.task_template.container_spec,
    );
    hide_labels(&mut found.labels, &wanted.labels, say);
    environment(&mut found.env, &wanted.env, say);
    arguments(&mut found.command, &wanted.command, say);
    arguments(&mut found.args, &wanted.args, say);
    if let Some(check) = &mut found.healthcheck {
        let known = wanted.healthcheck.as_ref();
        arguments(&mut check.test, known.map_or(&[], |known| &known.test), say);
    }
    for mount in &mut found.mounts {
        let known = wanted.mounts.iter().find(|one| one.target == mount.target);
        let driver = mount.volume_options.as_mut();
        if let Some(driver) = driver.and_then(|options| options.driver_config.as_mut()) {
            let known = known.and_then(|known| known.volume_options.as_ref());
            let known = known.and_then(|known| known.driver_config.as_ref());
            options(&mut driver.options, known.map(|known| &known.options), say);
        }
    }
}

/// Every variable that is not wanted, and those whose names say that they hold a credential: a
/// user's own templates may set them. The path of a file that holds one is none.
fn environment(found: &mut [String], wanted: &[String], say: &mut impl FnMut(String)) {
    let key = |entry: &str| entry.split('=').next().unwrap_or_default().to_owned();
    for entry in found {
        let name = key(entry);
        let is_wanted = wanted.iter().any(|ours| key(ours) == name);
        let may_be_one = is_credential(&name) && !name.ends_with("_FILE");
        if entry.len() > name.len() && (may_be_one || !is_wanted) {
            *entry = format!("{name}={HIDDEN}");
            say(format!("variable {name}"));
        }
    }
}

/// `--password=x`, and the word after `--password`.
fn arguments(found: &mut [String], wanted: &[String], say: &mut impl FnMut(String)) {
    let mut next = false;
    for argument in found {
        if wanted.contains(argument) {
            next = false;
            continue;
        }
        if next {
            HIDDEN.clone_into(argument);
            next = false;
            continue;
        }
        if !is_credential(argument) {
            continue;
        }
        match argument.find(['=', ':', ' ']) {
            Some(at) => {
                let name = argument[..at].to_owned();
                *argument = format!("{name}={HIDDEN}");
                say(format!("argument {name}"));
            }
            None if argument.starts_with('-') => {
                next = true;
                say(format!("argument after {argument}"));
            }
            None => {
                HIDDEN.clone_into(argument);
                say("an argument".to_owned());
            }
        }
    }
}

fn is_credential(name: &str) -> bool {
    let plain: String = name
        .to_lowercase()
        .chars()
        .filter(|c| !matches!(c, '-' | '_' | '.'))
        .collect();
    WORDS.iter().any(|word| plain.contains(word))
}

pub(crate) fn hide_labels(found: &mut Map, wanted: &Map, say: &mut impl FnMut(String)) {
    for (key, value) in found {
        if is_credential(key) && wanted.get(key) != Some(value) {
            HIDDEN.clone_into(value);
            say(format!("label {key}"));
        }
    }
}

/// Options of a driver: logs go to services that want tokens, volumes to shares that want
/// passwords, under names of their own.
fn options(found: &mut Map, wanted: Option<&Map>, say: &mut impl FnMut(String)) {
    for (key, value) in found {
        if wanted.and_then(|wanted| wanted.get(key)) != Some(value) {
            HIDDEN.clone_into(value);
            say(format!("driver option {key}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A user's own template may set a credential, and then it is wanted too.
    #[test]
    fn wanted_credentials_are_hidden_and_paths_of_files_are_not() {
        let own = [
            "AWS_SECRET_ACCESS_KEY=x",
            "MINIO_ROOT_PASSWORD_FILE=/run/secrets/minio-root",
            "PULSAR_MEM=-Xmx1g",
        ]
        .map(str::to_owned);
        let mut found = own.to_vec();
        found.push("S3_KEY=y".to_owned());
        let mut said = Vec::new();
        environment(&mut found, &own, &mut |what| said.push(what));
        assert_eq!(found[0], format!("AWS_SECRET_ACCESS_KEY={HIDDEN}"));
        assert_eq!(found[1..3], own[1..3]);
        assert_eq!(found[3], format!("S3_KEY={HIDDEN}"));
        assert_eq!(said, ["variable AWS_SECRET_ACCESS_KEY", "variable S3_KEY"]);
    }
}
