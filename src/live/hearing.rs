//! What a plan hangs on, asked of a real cluster.

use std::collections::BTreeSet;

use super::Live;
use crate::hear::Hearing;
use crate::observed::Observed;
use crate::plan::{Registries, Wanted};

impl Hearing for Live {
    async fn can_ask(&self) -> Result<(), String> {
        self.tunnel().await.map(drop)
    }

    async fn reach(&self, seen: &Observed) -> Result<(), String> {
        if !seen.networks.contains_key(&self.probe.network) {
            // Nothing runs yet: a probe would have no network to ask through.
            return Ok(());
        }
        match self.can_ask().await {
            Err(_) if self.may_start_probe => self.ready_to_ask().await,
            known => known,
        }
    }

    async fn registries(&self, images: &BTreeSet<String>) -> Registries {
        self.ask_registries(images).await
    }

    async fn stand_ins(&self, wanted: &Wanted) -> Option<String> {
        self.point_out_stand_ins(wanted).await
    }
}
