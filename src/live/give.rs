//! Giving what a member keeps to another user, on the node that holds it.

use super::act::moved;
use super::one_shot::{OneShot, is_volume, mounts};
use super::{Live, failure};
use crate::execute::Failure;
use crate::gate::short;

/// Where the task finds what is given.
const HERE: &str = "/give";

/// What is given, and to whom.
pub(super) struct Gift<'a> {
    pub hostname: &'a str,
    /// Full name of the member's service.
    pub service: &'a str,
    pub volumes: &'a [String],
    pub uid: u32,
    pub image: &'a str,
}

impl Live {
    /// Gives all that is in the volumes and directories of a member to a user. What is that
    /// user's by now is let be, so that a second time is short, and done even where somebody had to
    /// do it by hand.
    pub(super) async fn give(&self, gift: Gift<'_>) -> Result<(), Failure> {
        // A gate was open a moment ago; somebody else may have told the service to run again.
        let seen = self.look().await.map_err(failure)?;
        if seen.tasks_of(gift.service).any(|task| !task.has_ended()) {
            return Err(moved("service", gift.service, "was started"));
        }
        let what = OneShot {
            verb: "give",
            of: short(gift.service),
            hostname: gift.hostname,
            image: gift.image,
            command: command(gift.uid),
            mounts: mounts(gift.volumes, HERE),
        };
        self.run_once(what).await.map_err(|failure| Failure {
            hint: failure.hint.or_else(|| Some(by_hand(&gift))),
            ..failure
        })
    }
}

/// Links are given themselves, not what they point to.
fn command(uid: u32) -> Vec<String> {
    let uid = uid.to_string();
    let owner = format!("{uid}:0");
    [
        "find", HERE, "(", "!", "-uid", &uid, "-o", "!", "-gid", "0", ")", "-exec", "chown", "-h",
        &owner, "{}", "+",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// What a user can do about a host on which that task fails.
fn by_hand(gift: &Gift<'_>) -> String {
    let places: Vec<String> = gift
        .volumes
        .iter()
        .map(|volume| {
            if is_volume(volume) {
                format!("volume `{volume}`")
            } else {
                format!("`{volume}`")
            }
        })
        .collect();
    format!(
        "on {}, give all that is in {} to {}:0 by hand, and run the same command again",
        gift.hostname,
        places.join(" and "),
        gift.uid
    )
}

#[cfg(test)]
mod tests {
    use super::command;

    #[test]
    fn it_is_words_and_no_shell_reads_them() {
        assert_eq!(
            command(10_000).join(" "),
            "find /give ( ! -uid 10000 -o ! -gid 0 ) -exec chown -h 10000:0 {} +"
        );
    }
}
