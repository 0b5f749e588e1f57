//! What a plan hangs on, asked of a real cluster.

use std::collections::BTreeSet;

use super::Live;
use super::tunnel::NO_PROXY;
use crate::hear::Hearing;
use crate::observed::Observed;
use crate::plan::{Registries, Wanted};

impl Hearing for Live {
    async fn can_ask(&self) -> Result<(), String> {
        let tunnel = self.tunnel_without_probe().await?;
        tunnel.map(drop).ok_or_else(|| NO_PROXY.to_owned())
    }

    async fn reach(&self, seen: &Observed) -> Result<(), String> {
        if !self.probe.has_what_it_needs(seen) {
            // Nothing that is asked runs yet, and a probe could not start.
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
