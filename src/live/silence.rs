//! Hosts from which nothing is heard any more. Swarm calls one down when three of its heartbeats, five
//! seconds apart, are missing (swarmkit: `manager/dispatcher/dispatcher.go`, `DefaultHeartBeatPeriod` and
//! `defaultGracePeriodMultiplier`); who waits for a status does not wait for that.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::{sleep, timeout};

use super::Live;
use crate::gate::Asked;
use crate::question::{Answer, Question};

/// Longer than any question is waited for.
const NEVER: Duration = Duration::from_secs(3600);
/// One process without an answer may be slow; a host has several.
const SEVERAL: usize = 2;

/// Words of the tunnel.
const TIMED_OUT: &str = "timed out";
const NO_ROUTE: &str = "no route to host";

impl Live {
    /// From now on nobody waits longer than this where several processes of one host were asked and
    /// none answers: what else takes that long hangs on it.
    pub fn give_up_silent_hosts(&self, after: Duration) {
        self.silence.set(Some(after));
    }

    /// Whether a host was given up since that was asked for.
    #[must_use]
    pub fn met_silence(&self) -> bool {
        self.met_silence.get()
    }

    /// Asks all at once; the answers are in the order of the questions.
    pub(super) async fn ask_all(&self, asked: &[Asked]) -> Vec<Answer> {
        let mut answers: Vec<Option<Answer>> = vec![None; asked.len()];
        let mut pending: FuturesUnordered<_> = asked
            .iter()
            .enumerate()
            .map(|(at, asked)| async move { (at, self.ask_one(asked).await) })
            .collect();
        let limit = self.silence.get();
        let mut silence = Box::pin(sleep(limit.unwrap_or(NEVER)));
        let mut is_over = limit.is_none();
        while answers.iter().any(Option::is_none) {
            tokio::select! {
                Some((at, answer)) = pending.next() => {
                    answers[at].get_or_insert(answer);
                }
                () = &mut silence, if !is_over => {
                    is_over = true;
                    if self.is_silent(asked, &answers) {
                        self.met_silence.set(true);
                        for answer in &mut answers {
                            answer.get_or_insert_with(timed_out);
                        }
                    }
                }
            }
        }
        answers.into_iter().flatten().collect()
    }

    async fn ask_one(&self, asked: &Asked) -> Answer {
        let answer = async {
            match &asked.question {
                Question::Image { image } => self.image(image).await,
                other => self.question(other.clone()).await,
            }
        };
        match self.patience.get() {
            None => answer.await,
            Some(patience) => timeout(patience, answer)
                .await
                .unwrap_or_else(|_| timed_out()),
        }
    }

    /// Whether several processes of a host were asked and none answered, while some of another did:
    /// where nobody answers at all, it is the way to them that is slow.
    fn is_silent(&self, asked: &[Asked], answers: &[Option<Answer>]) -> bool {
        let last = self.last.borrow();
        let nodes: BTreeMap<IpAddr, &str> = last
            .tasks
            .iter()
            .flat_map(|task| {
                task.addresses
                    .values()
                    .map(|ip| (*ip, task.node_id.as_str()))
            })
            .collect();
        // Who was asked and whether anybody answered, by node.
        let mut hosts = BTreeMap::<&str, (BTreeSet<IpAddr>, bool)>::new();
        for (asked, answer) in asked.iter().zip(answers) {
            let address = asked.question.host().and_then(|host| host.parse().ok());
            let Some(address) = address else { continue };
            if let Some(node) = nodes.get(&address) {
                let (asked, answered) = hosts.entry(node).or_default();
                asked.insert(address);
                *answered |= answer.as_ref().is_some_and(is_heard);
            }
        }
        let is_any_heard = hosts.values().any(|(_, answered)| *answered);
        let mut hosts = hosts.values();
        is_any_heard && hosts.any(|(asked, answered)| asked.len() >= SEVERAL && !answered)
    }
}

/// Whether it came from the host itself: that there is no way to it was said by another.
fn is_heard(answer: &Answer) -> bool {
    !matches!(answer, Answer::Failed(why) if [TIMED_OUT, NO_ROUTE].contains(&why.as_str()))
}

fn timed_out() -> Answer {
    Answer::Failed(TIMED_OUT.to_owned())
}
