//! What a Milvus can't do with a store.

use super::grammar;
use crate::formed;
use crate::refuse::facts::Facts;
use crate::refuse::{No, Rule};
use crate::tag::Version;

pub(super) const AUTHORITY: Rule = Rule {
    name: "s3-authority",
    about: "An authority of one's own vouches for the store, and that Milvus asks no such one.",
    check: authority,
};

/// The first with `minio.ssl.tlsCACert` (milvus: `pkg/util/paramtable/service_param.go`,
/// `SslCACert`). In 2.3.5 what is written in Go takes `SSL_CERT_FILE`, and query nodes, whose
/// storage is written in C++, end with 134; seen with a real store.
const FIRST: Version = Version {
    major: 2,
    minor: 3,
    patch: 12,
    is_final: true,
};

fn authority(facts: &Facts<'_>) -> Vec<No> {
    let case = facts.case;
    let version = formed::version(case.wanted.milvus_image(), case.release);
    let filling = super::filling(case.inventory);
    let names_one = filling.is_some_and(|filling| filling.files.contains_key(grammar::CA));
    if !names_one || version >= FIRST {
        return Vec::new();
    }
    vec![No {
        reason: format!(
            "Milvus {version} takes no authority but those that its image trusts, and `storage.s3.ca` \
             names one: query nodes would end when they first ask the store"
        ),
        hint: format!(
            "set `milvus: {FIRST}` or later, or give the store a certificate of a public authority and \
             leave `ca` out"
        ),
    }]
}
