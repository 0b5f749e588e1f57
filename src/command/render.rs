//! `render`: the stack files as `docker stack deploy` takes them, and the commands around them.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{CommandError, Context};
use crate::cli::RenderArgs;
use crate::render::Sources;
use crate::source;
use crate::wanted::Cluster;

pub(super) fn render(context: &Context, args: &RenderArgs) -> Result<u8, CommandError> {
    let loaded = context.load()?;
    let sources: Sources = Context::templates(args.stacks.as_deref())?;
    let cluster = Cluster::work_out(&loaded.inventory, None, &sources)?;
    let mut files = BTreeMap::new();
    for file in &cluster.files {
        files.insert(format!("{}.yml", file.name), file.text.clone());
        files.extend(file.files.clone());
    }
    files.insert("README.txt".to_owned(), commands(&cluster));
    source::write_tree(&args.out, &files)?;
    for name in files.keys() {
        context
            .output
            .print(&format!("{}\n", args.out.join(name).display()));
    }
    Ok(0)
}

/// What a person types around `docker stack deploy`.
fn commands(cluster: &Cluster) -> String {
    let wanted = &cluster.wanted;
    let mut text = format!(
        "What `milvus-swarm up` does for cluster {}, by hand, on a manager:\n\n",
        wanted.cluster
    );
    let _ = writeln!(
        text,
        "1. Labels (`milvus-swarm plan` lists the node of each):\n"
    );
    for (component, members) in &cluster.topology.members {
        for member in members {
            let _ = writeln!(
                text,
                "   docker node update --label-add {}=true {}   # {component}",
                crate::topology::member_label(&wanted.cluster, &member.name),
                member.host
            );
        }
    }
    // The task that writes Pulsar's metadata runs on any ZooKeeper host.
    for member in cluster.topology.members("zookeeper") {
        let _ = writeln!(
            text,
            "   docker node update --label-add {}=true {}",
            crate::topology::role_label(&wanted.cluster, crate::role::Role::Zookeeper),
            member.host
        );
    }
    for pool in cluster.topology.pool_labels(&wanted.cluster) {
        let _ = writeln!(
            text,
            "   docker node update --label-add {}=true {}",
            pool.0, pool.1
        );
    }
    let _ = writeln!(text, "\n2. Network and secrets:\n");
    let encrypted = if wanted.network.options.contains_key("encrypted") {
        " --opt encrypted"
    } else {
        ""
    };
    let subnet = wanted
        .network
        .ipam
        .as_ref()
        .and_then(|ipam| ipam.config.first())
        .map(|config| format!(" --subnet {}", config.subnet))
        .unwrap_or_default();
    let _ = writeln!(
        text,
        "   docker network create --driver overlay --attachable{encrypted}{subnet} \
         --label milvus-swarm.cluster={} {}",
        wanted.cluster, wanted.network.name
    );
    for secret in &wanted.secrets {
        let _ = writeln!(
            text,
            "   tr -dc A-Za-z0-9 </dev/urandom | head -c 32 | docker secret create \
             --label milvus-swarm.cluster={} {} -",
            wanted.cluster, secret.name
        );
    }
    let _ = writeln!(
        text,
        "\n3. Stacks, each when the one before it is healthy:\n"
    );
    for file in &cluster.files {
        let _ = writeln!(
            text,
            "   docker stack deploy -c {}.yml {}",
            file.name, file.namespace
        );
    }
    let _ = writeln!(
        text,
        "\n4. Milvus started this way has its default root password until you change it at \
         once;\n   `milvus-swarm up` sets it before the first start."
    );
    text
}
