//! What was seen of a Swarm, as text: recorded here, planned from elsewhere.
//!
//! A snapshot holds everything that a plan is made from, so the plan made from it is the plan
//! that would have been made on the spot. It holds no secret: Swarm never tells the bytes of
//! one, of the data of configs it has a hash, and what people put into a service by hand is
//! hidden where it could be a credential ([`hide`]).

mod hide;
mod problem;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use crate::spec::HIDDEN;
pub use problem::SnapshotError;

use crate::compose::image::ResolveImage;
use crate::gate::{Gate, Verdict};
use crate::observed::Observed;
use crate::plan::{self, Heard, Images, Leaver, Verdicts, Wanted};
use crate::wanted::Cluster;

/// The format that this version writes and reads.
pub const FORMAT: u64 = 1;

/// A Swarm as it was at one moment.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    pub format: u64,
    /// The cluster whose objects were looked at.
    pub cluster: String,
    /// Version of the tool that recorded it.
    pub tool: String,
    /// What was left out because it might be a credential.
    pub hidden: Vec<String>,
    /// What the gates said; what is missing here was not asked.
    pub gates: Vec<Judged>,
    /// Query nodes in the order in which they would leave, where that was asked.
    pub leavers: Option<Vec<Leaver>>,
    pub observed: Observed,
}

/// A gate and what it said.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Judged {
    pub of: Gate,
    pub verdict: Verdict,
}

impl Snapshot {
    /// Records what was seen of a cluster.
    #[must_use]
    pub fn of(
        cluster: &Cluster,
        seen: &Observed,
        verdicts: &Verdicts,
        leavers: Option<Vec<Leaver>>,
    ) -> Self {
        let mut observed = seen.clone();
        let ours = cluster.wanted.phases.iter().flat_map(|p| &p.services);
        let hidden = hide::hide(&mut observed, ours);
        Self {
            format: FORMAT,
            cluster: cluster.wanted.cluster.clone(),
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            hidden,
            gates: verdicts
                .iter()
                .map(|(gate, verdict)| Judged {
                    of: gate.clone(),
                    verdict: verdict.clone(),
                })
                .collect(),
            leavers,
            observed,
        }
    }

    /// The text of the file.
    ///
    /// # Errors
    /// It would be longer than what is read back.
    pub fn to_text(&self, most: u64) -> Result<String, SnapshotError> {
        let mut text = serde_json::to_string_pretty(self)
            .map_err(|error| SnapshotError::Malformed(error.to_string()))?;
        text.push('\n');
        if text.len() as u64 > most {
            let bytes = text.len() as u64;
            return Err(SnapshotError::TooLong { bytes, most });
        }
        Ok(text)
    }

    /// Reads a file back.
    ///
    /// # Errors
    /// It is cut short, of another kind, of another format, or has keys that no snapshot has.
    pub fn parse(text: &str) -> Result<Self, SnapshotError> {
        // Read as what it should be: of ten thousand hosts it is tens of megabytes, and a tree in
        // between is several times that. What is wrong with another one is looked for in the tree.
        if let Ok(snapshot) = serde_json::from_str::<Self>(text)
            && snapshot.format == FORMAT
        {
            return Ok(snapshot);
        }
        let value: Value = serde_json::from_str(text).map_err(|e| problem::syntax(&e, text))?;
        match value.get("format").map(Value::as_u64) {
            // A saved plan has a format of its own.
            _ if value.get("steps").is_some() => return Err(problem::not_one(&value)),
            Some(Some(FORMAT)) => {}
            Some(Some(format)) => return Err(SnapshotError::OtherFormat { format }),
            _ => return Err(problem::not_one(&value)),
        }
        serde_json::from_value(value).map_err(|error| SnapshotError::Malformed(error.to_string()))
    }

    /// Whether the file is about this cluster.
    ///
    /// # Errors
    /// It is about another one.
    pub fn check(&self, cluster: &str) -> Result<(), SnapshotError> {
        if self.cluster == cluster {
            return Ok(());
        }
        Err(SnapshotError::OtherCluster {
            recorded: self.cluster.clone(),
            wanted: cluster.to_owned(),
        })
    }

    /// What `up` would have heard. Registries are not asked here, so an image that is new to its
    /// service keeps its tag, and a saved plan of it would not stand: a warning says so.
    #[must_use]
    pub fn heard(&self, wanted: &Wanted, mode: ResolveImage) -> Heard {
        // What a registry says today is not in the record; what it said then is.
        let mode = match mode {
            ResolveImage::Always => ResolveImage::Changed,
            mode => mode,
        };
        let new = wanted.to_resolve(&self.observed, mode);
        let new: Vec<String> = new
            .iter()
            .filter(|image| !image.contains('@'))
            .map(|image| format!("`{image}`"))
            .collect();
        let warning = (!new.is_empty()).then(|| {
            format!(
                "a plan from a record asks no registry, so these have no digest: {}",
                new.join(", ")
            )
        });
        let judged = self.gates.iter();
        Heard {
            verdicts: judged
                .map(|judged| (judged.of.clone(), judged.verdict.clone()))
                .collect(),
            leavers: self.leavers(wanted),
            images: Some(Images {
                mode,
                ..Images::default()
            }),
            warnings: warning.into_iter().collect(),
        }
    }

    /// The query nodes as they would leave, if there are more than wanted.
    fn leavers(&self, wanted: &Wanted) -> Vec<Leaver> {
        let Some(drain) = wanted.shrinks(&self.observed) else {
            return Vec::new();
        };
        self.leavers.clone().unwrap_or_else(|| {
            let unknown = |_: &_| Err("not recorded".to_owned());
            plan::leavers(&self.observed, &drain.service, unknown)
        })
    }

    /// Gates of services that run but whose answer is not in the file: a plan counts them as
    /// unknown and waits for them.
    #[must_use]
    pub fn unknown<'a>(&self, cluster: &'a Cluster) -> Vec<&'a Gate> {
        let known: BTreeSet<&Gate> = self.gates.iter().map(|judged| &judged.of).collect();
        let runs = |name: &str| self.observed.services.contains_key(name);
        let phases = cluster.wanted.phases.iter();
        phases
            .filter(|phase| phase.services.iter().any(|spec| runs(&spec.name)))
            .flat_map(|phase| phase.opens.iter().chain(&phase.settles))
            .filter(|gate| !known.contains(gate))
            .collect()
    }
}
