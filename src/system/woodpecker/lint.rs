//! What an edited stack file must keep of Woodpecker's servers.

use crate::component::Relied;

/// Each server is known by its name, in the lists of the others and in what etcd says of the log.
pub(super) const RELIED: Relied = Relied {
    variables: &[
        "NODE_NAME",
        "SERVICE_PORT",
        "GOSSIP_PORT",
        "ADVERTISE_SERVICE_ADDR",
        "ADVERTISE_GOSSIP_ADDR",
        "SEEDS",
    ],
    forbidden: &[
        ("MINIO_ACCESS_KEY", KEYS),
        ("MINIO_SECRET_KEY", KEYS),
        ("METRICS_PORT", "gates ask on 9091"),
    ],
    argument: |_| false,
    overrides: |_| false,
};

const KEYS: &str = "whoever may inspect the service reads it; servers have the keys of the store in a \
                    file that is made on their node";
