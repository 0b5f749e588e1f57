//! What an inventory may say of S3-compatible storage: the words are those of Milvus' own settings
//! and of milvus-operator.

use crate::inventory::names::Form;
use crate::inventory::shape::{Key, Shape};
use crate::system::Filling;

pub(super) const ENDPOINT: &str = "endpoint";
pub(super) const TLS: &str = "tls";
pub(super) const CA: &str = "ca";
pub(super) const REGION: &str = "region";
pub(super) const BUCKET: &str = "bucket";
pub(super) const ROOT_PATH: &str = "root_path";
pub(super) const PROVIDER: &str = "provider";
pub(super) const VIRTUAL_HOST: &str = "virtual_host";
pub(super) const ACCESS_KEY: &str = "access_key";
pub(super) const SECRET_KEY: &str = "secret_key";
pub(super) const IAM: &str = "iam";

/// The values of `minio.cloudProvider` that speak the protocol of S3 with its signatures of
/// version 4 (milvus: `pkg/util/paramtable/service_param.go`, `CloudProvider`). The others were not
/// tried in any way.
const PROVIDERS: &[&str] = &["aws", "aliyun", "tencent"];

const S3: Shape = Shape::Map(&[
    Key::new(
        ENDPOINT,
        Shape::Word(Form::Endpoint),
        "Host of the store, with a port where it is not that of the protocol: s3.eu-central-1.amazonaws.com.",
    ),
    Key::new(
        TLS,
        Shape::Bool,
        "Whether the store speaks TLS; default true.",
    ),
    Key::new(
        CA,
        Shape::Word(Form::File),
        "File with the certificates (PEM) of who vouches for the store, in place of those that images bring. A relative path begins at the inventory.",
    ),
    Key::new(
        REGION,
        Shape::Word(Form::Zone),
        "Region of the bucket; default us-east-1.",
    ),
    Key::new(
        BUCKET,
        Shape::Word(Form::Bucket),
        "A bucket that is there; it can't be changed later.",
    ),
    Key::new(
        ROOT_PATH,
        Shape::Word(Form::ObjectPath),
        "What keys of this cluster's objects begin with; default files. It can't be changed later.",
    ),
    Key::new(
        PROVIDER,
        Shape::OneOf(PROVIDERS),
        "Milvus' word for who runs the store; default aws, which is right for everything that speaks as Amazon S3 does.",
    ),
    Key::new(
        VIRTUAL_HOST,
        Shape::Bool,
        "Whether the bucket is part of the host's name instead of the path; default false.",
    ),
    Key::new(
        ACCESS_KEY,
        Shape::Password,
        "File that holds the access key.",
    ),
    Key::new(
        SECRET_KEY,
        Shape::Password,
        "File that holds the secret key.",
    ),
    Key::new(
        IAM,
        Shape::Bool,
        "Whether the IAM role of the hosts is asked with, in place of keys; default false.",
    ),
]);

pub(super) const SETTINGS: Key = Key::new(
    "s3",
    S3,
    "S3-compatible storage that is there already, in place of MinIO.",
);

/// What its keys may not say together.
pub(super) fn check(filling: &Filling) -> Vec<(&'static str, String)> {
    let is = |key: &str| filling.settings.get(key).is_some_and(|text| text == "true");
    let names = |key: &str| filling.files.contains_key(key);
    let mut wrong = Vec::new();
    // An overlay may name one of them alone, so the grammar of a file asks for neither.
    for key in [ENDPOINT, BUCKET] {
        if !filling.settings.contains_key(key) {
            wrong.push(("", format!("it lacks the key `{key}`")));
        }
    }
    let keys = [ACCESS_KEY, SECRET_KEY];
    match keys.iter().filter(|key| names(key)).count() {
        0 if !is(IAM) => wrong.push((
            "",
            "it is asked with keys: `access_key: { file: PATH }` and `secret_key: { file: PATH }`, \
             or with `iam: true` as what its hosts are"
                .to_owned(),
        )),
        1 => wrong.push((
            "",
            "`access_key` and `secret_key` are one credential: name both files".to_owned(),
        )),
        2 if is(IAM) => wrong.push((
            IAM,
            "Milvus takes no keys where it asks as an IAM role: leave one of both out".to_owned(),
        )),
        _ => {}
    }
    let provider = filling.settings.get(PROVIDER).map_or("aws", String::as_str);
    if is(IAM) && provider != "aws" {
        let why =
            format!("keys of a role are known how to ask for at `aws` only, not at `{provider}`");
        wrong.push((IAM, why));
    }
    let is_plain = filling
        .settings
        .get(TLS)
        .is_some_and(|text| text == "false");
    if is_plain && names(CA) {
        wrong.push((
            TLS,
            "nobody vouches for a store without TLS: leave `ca` out".to_owned(),
        ));
    }
    let host = filling.settings.get(ENDPOINT).map_or("", String::as_str);
    let host = host.split(':').next().unwrap_or_default();
    if host == "localhost" || host.starts_with("127.") {
        wrong.push((
            ENDPOINT,
            format!("each task would ask itself at `{host}`: write the name that all hosts know"),
        ));
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::NamedPath;

    fn wrong(settings: &[(&'static str, &str)], files: &[&'static str]) -> Vec<&'static str> {
        let filling = Filling {
            system: "s3",
            settings: settings
                .iter()
                .map(|(key, text)| (*key, (*text).to_owned()))
                .collect(),
            files: files
                .iter()
                .map(|key| {
                    let path = "f".to_owned();
                    (*key, NamedPath { path, source: 0 })
                })
                .collect(),
        };
        check(&filling).into_iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn who_asks_is_said_once() {
        let (host, bucket) = ((ENDPOINT, "s3.example.com"), (BUCKET, "vectors"));
        let keys = [ACCESS_KEY, SECRET_KEY];
        assert!(wrong(&[host, bucket], &keys).is_empty());
        assert!(wrong(&[host, bucket, (IAM, "true")], &[]).is_empty());
        assert_eq!(wrong(&[host, bucket], &[]), [""]);
        assert_eq!(wrong(&[host, bucket], &[ACCESS_KEY]), [""]);
        assert_eq!(wrong(&[host, bucket, (IAM, "true")], &keys), [IAM]);
        assert_eq!(wrong(&[host], &keys), [""]);
        assert_eq!(wrong(&[bucket], &keys), [""]);
    }

    #[test]
    fn a_store_is_reached_as_it_says() {
        let keys = [ACCESS_KEY, SECRET_KEY, CA];
        let bucket = (BUCKET, "vectors");
        let plain = [(ENDPOINT, "s3.example.com:9000"), bucket, (TLS, "false")];
        assert_eq!(wrong(&plain, &keys), [TLS]);
        let here = [(ENDPOINT, "localhost:9000"), bucket];
        assert_eq!(wrong(&here, &keys), [ENDPOINT]);
    }
}
