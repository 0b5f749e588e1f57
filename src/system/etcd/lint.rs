//! What an edited stack file must keep of etcd.

use crate::component::Relied;

/// Arguments that its identity and its gate hang on.
const ARGUMENTS: [&str; 5] = [
    "--name=",
    "--data-dir=",
    "--initial-cluster=",
    "--initial-cluster-token=",
    "--listen-client-urls=",
];

pub(super) const RELIED: Relied = Relied {
    variables: &[],
    forbidden: &[],
    argument: |argument| ARGUMENTS.iter().any(|start| argument.starts_with(start)),
    overrides,
};

/// Of an argument that comes twice the last one counts, with one dash or two, in one word or two
/// (Go: package `flag`).
fn overrides(argument: &str) -> bool {
    let again = |ours: &&str| name(ours) == name(argument);
    let forgets = name(argument) == "force-new-cluster";
    argument.starts_with('-') && (ARGUMENTS.iter().any(again) || forgets)
}

fn name(argument: &str) -> &str {
    let word = argument.trim_start_matches('-');
    word.split('=').next().unwrap_or_default()
}
