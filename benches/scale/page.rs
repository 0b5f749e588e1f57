//! The measurements as a page of the documentation.

use std::fs;
use std::path::Path;

use crate::plot;
use crate::table::{MOST_MEMORY, MOST_TIME, Table, memory, time};

const BEFORE: &str = "# How it scales

Made by `make bench-scale`; the numbers are of one run on one machine. In these inventories half of
the hosts hold a member of a stateful role (MinIO, bookies, brokers, etcd with ZooKeeper), each a
service of its own: 10 000 hosts are about 5 000 services and 10 000 tasks. Time is the median of
several runs, on the processor: the work has one thread and waits for nothing. Memory is the most
that the whole process ever had, the inventory and the Swarm that it was shown included.

";

/// Writes `docs/scale.md` and `docs/scale.svg`.
pub fn write(table: &Table) {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let missed = match table.missed().as_slice() {
        [] => "Each met it in this run.".to_owned(),
        missed => format!("Missed in this run: {}.", missed.join("; ")),
    };
    let after = format!(
        "\nThe target for each of them at 10 000 hosts is less than {}, and less than {} for every plan\n\
         that it holds (to compare takes two). {missed}\n\n\
         ![Time over hosts, both logarithmic](scale.svg)\n\n\
         Planning covers everything between the inventory and the plan: hosts are matched with\n\
         nodes, stack files rendered, read back as `docker stack deploy` reads them, and compared\n\
         with what runs. It does not cover asking the Swarm and the components. A changed key renews the\n\
         query, index and data nodes and the proxies one task after the other, each in a step of its\n\
         own with a gate behind it: about 7 000 steps with 10 000 hosts. Under the lock a plan is made\n\
         once more and compared with the one that was agreed on, both in memory.\n",
        time(MOST_TIME),
        memory(MOST_MEMORY)
    );
    let page = format!("{BEFORE}{}{after}", table.text());
    fs::write(docs.join("scale.md"), page).expect("docs/scale.md");
    fs::write(docs.join("scale.svg"), plot::svg(table)).expect("docs/scale.svg");
}
