//! Births of data: an ID that is made with the data of a system and goes with it, so that data which
//! was emptied, restored or exchanged is told from what the cluster was made with.
//!
//! Labels of the nodes that hold the data remember it. Members check much of it among themselves, but
//! nothing of the system tells that all of them are new: etcd derives the IDs of a cluster and of its
//! members from names and a token (etcd 3.5: `server/etcdserver/api/membership/cluster.go`, `genID`, and
//! `member.go`, `computeMemberId`).

use std::collections::BTreeSet;

use crate::component::{Birth, Component};
use crate::gate::Why;
use crate::observed::Node;
use crate::question::{Answer, Question};
use crate::words::names;

/// Longest birth that is taken for one.
const MOST: usize = 64;

/// What a reason begins with that tells of another birth.
const OTHER: &str = "has data of another birth: ";
/// Where the way out begins in it.
const WAY_OUT: &str = "; ";

/// A birth, as labels and terminals take it.
///
/// # Errors
/// It is none.
pub(crate) fn read(bytes: &[u8]) -> Result<String, String> {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
    if bytes.is_empty() || bytes.len() > MOST || !bytes.iter().all(plain) {
        return Err("what stands for its birth is none".to_owned());
    }
    Ok(String::from_utf8_lossy(bytes).into_owned())
}

/// The label that remembers it.
#[must_use]
pub fn label(cluster: &str, of: &str) -> String {
    format!("milvus.{cluster}.formed.birth.{of}")
}

/// What labels of nodes remember: several where they contradict each other.
#[must_use]
pub fn remembered<'n>(cluster: &str, of: &str, nodes: &'n [Node]) -> BTreeSet<&'n str> {
    let label = label(cluster, of);
    let values = nodes.iter().filter_map(|node| node.labels.get(&label));
    values.map(String::as_str).collect()
}

/// Why data is not what labels remember, if it is not.
#[must_use]
pub fn strange(cluster: &str, of: &str, nodes: &[Node], found: Option<&str>) -> Option<Why> {
    let known = remembered(cluster, of, nodes);
    if known.iter().all(|known| Some(*known) == found) {
        return None;
    }
    let title = Component::named(of).map_or(of, |row| row.title);
    let found = found.map_or_else(|| "has none".to_owned(), |found| format!("has `{found}`"));
    let way_out = way_out(cluster, of, nodes);
    Some(Why {
        subject: title.to_owned(),
        reason: format!(
            "{OTHER}labels of nodes remember {}, and it {found}{WAY_OUT}{way_out}",
            names(known)
        ),
    })
}

/// How to go on where data is of another birth.
#[must_use]
pub fn way_out(cluster: &str, of: &str, nodes: &[Node]) -> String {
    const BACK: &str = "put back the data that it had";
    let birth = Component::all_births().find(|birth| birth.of == of);
    if birth.is_some_and(|birth| !birth.may_change) {
        return format!(
            "{BACK}; to begin anew with nothing: milvus-swarm down --data && milvus-swarm up"
        );
    }
    let label = label(cluster, of);
    let has = nodes.iter().filter(|node| node.labels.contains_key(&label));
    let each = has.map(|node| format!("docker node update --label-rm {label} {}", node.hostname));
    let each: Vec<String> = each.collect();
    format!(
        "{BACK}; to go on with what it has now: {} && milvus-swarm up",
        each.join(" && ")
    )
}

/// The sentence and the way out of a reason that tells of another birth.
#[must_use]
pub fn told(why: &Why) -> Option<(String, String)> {
    let rest = why.reason.strip_prefix(OTHER)?;
    let (what, way_out) = rest.split_once(WAY_OUT)?;
    let reason = format!("`{}` {OTHER}{what}", why.subject);
    Some((reason, way_out.to_owned()))
}

impl Birth {
    /// What a member is asked, where labels remember anything that it may contradict.
    #[must_use]
    pub fn asked(&self, cluster: &str, host: &str, nodes: &[Node]) -> Option<Question> {
        let known = remembered(cluster, self.of, nodes);
        (!known.is_empty()).then(|| (self.question)(cluster, host))
    }

    /// Reads what a member was asked, and says why that is not what labels remember.
    ///
    /// # Errors
    /// It did not say.
    pub fn judge(
        &self,
        cluster: &str,
        nodes: &[Node],
        answer: &Answer,
    ) -> Result<Option<Why>, String> {
        let found = (self.read)(answer)?;
        Ok(strange(cluster, self.of, nodes, found.as_deref()))
    }
}
