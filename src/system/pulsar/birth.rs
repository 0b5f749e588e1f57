//! The birth of what ZooKeeper keeps: the ID that BookKeeper makes for a cluster of its own when metadata is
//! first written, and once (bookkeeper: `initNewCluster` in `discover/ZKRegistrationManager.java` creates
//! `/ledgers/INSTANCEID` with `UUID.randomUUID()`, together with `/ledgers` itself).
//!
//! It is BookKeeper's too: a bookie has it in the cookie of each of its directories and does not start
//! where ZooKeeper has another one (bookkeeper: `verifyInternal` in `bookie/Cookie.java`).

use std::time::Duration;

use super::{ZOOKEEPER_PORT, zk};
use crate::component::Birth;
use crate::question::{Answer, Question};

/// Where it stands.
pub(super) const AT: &str = "/ledgers/INSTANCEID";

/// BookKeeper's ID.
pub(super) const BIRTH: Birth = Birth {
    of: "zookeeper",
    question,
    read,
    write: None,
    by_hand: None,
    has_users: false,
    // Bookies keep to the one that they know.
    may_change: false,
};

fn question(_: &str, host: &str) -> Question {
    Question::Tcp {
        host: host.to_owned(),
        port: ZOOKEEPER_PORT,
        send: zk::data_request(AT),
        timeout: Duration::from_secs(5),
    }
}

fn read(answer: &Answer) -> Result<Option<String>, String> {
    let found = zk::data_reply(answer.ok()?)?;
    found.map(crate::birth::read).transpose()
}
