//! Accidents that can happen to a host, and how they end.

use anyhow::Result;

use crate::lab::Lab;
use crate::state::lock;
use crate::{cgroup, engine, net};

impl Lab {
    /// Stops the engine as an administrator would; its containers are stopped first.
    pub fn stop_host(&self, name: &str) -> Result<()> {
        let _lock = lock(&self.paths)?;
        engine::stop(self.host(name)?)
    }

    /// Power cut: the engine and every container die at once, their network with them.
    pub fn kill_host(&self, name: &str) -> Result<()> {
        let _lock = lock(&self.paths)?;
        engine::kill(&self.paths, self.host(name)?)
    }

    /// Power back: same disk, same address.
    pub fn start_host(&self, name: &str) -> Result<()> {
        let _lock = lock(&self.paths)?;
        let host = self.host(name)?;
        net::make_host(&self.paths, host, self.state.mtu)?;
        engine::start(&self.paths, host)?;
        engine::wait(&self.paths, host)
    }

    /// Stops every process of a host where it is: the host answers pings, keeps its connections and
    /// says nothing, as one whose disk or hypervisor hangs.
    pub fn freeze_host(&self, name: &str) -> Result<()> {
        cgroup::freeze(&self.host(name)?.cgroup(), true)
    }

    /// Lets a frozen host go on, with the time that has passed.
    pub fn thaw_host(&self, name: &str) -> Result<()> {
        cgroup::freeze(&self.host(name)?.cgroup(), false)
    }

    /// Pulls the network cable.
    pub fn partition_host(&self, name: &str) -> Result<()> {
        net::plug(self.host(name)?, false)
    }

    /// Puts the network cable back.
    pub fn heal_host(&self, name: &str) -> Result<()> {
        net::plug(self.host(name)?, true)
    }
}
