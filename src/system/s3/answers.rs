//! What a store answers, as sentences: which word of the inventory is wrong, where it is one.
//!
//! Words of errors: Amazon S3 API Reference, "Error responses"; MinIO has the same and a few of its
//! own (minio: `cmd/api-errors.go`).

use jiff::Timestamp;

use super::{ACCESS_KEY, Place, SECRET_KEY};
use crate::question::{Answer, Outcome};

/// What was asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Deed {
    List,
    Read,
    Write,
    Delete,
}

impl Deed {
    const fn word(self) -> &'static str {
        match self {
            Self::List => "list objects",
            Self::Read => "read objects",
            Self::Write => "write objects",
            Self::Delete => "delete objects",
        }
    }
}

/// Whether the object is not there.
pub(super) fn is_absent(answer: &Answer) -> bool {
    matches!(answer, Answer::Http { status: 404, body } if code(body) == "NoSuchKey")
}

/// Whether a write that must not replace anything was refused for that reason.
pub(super) const fn was_there(answer: &Answer) -> bool {
    matches!(
        answer,
        Answer::Http {
            status: 409 | 412,
            ..
        }
    )
}

/// Whether the store does not know what it was asked for.
pub(super) const fn is_unknown(answer: &Answer) -> bool {
    matches!(answer, Answer::Http { status: 501, .. })
}

/// The keys in a list of objects, whatever namespace its elements are in; none of something else.
pub(super) fn keys(body: &[u8]) -> Option<Vec<String>> {
    let body = String::from_utf8_lossy(body);
    if !body.contains("<ListBucketResult") {
        return None;
    }
    let keys = body.split("<Key>").skip(1);
    let keys = keys.filter_map(|rest| rest.split_once("</Key>"));
    Some(keys.map(|(key, _)| key.replace("%2F", "/")).collect())
}

/// The body of a good answer, or what is wrong.
pub(super) fn good(
    place: &Place,
    at: Option<Timestamp>,
    deed: Deed,
    answer: &Answer,
) -> Result<Vec<u8>, Outcome> {
    match answer {
        Answer::Http {
            status: 200..=299,
            body,
        } => Ok(body.clone()),
        Answer::Http { status, body } => Err(refused(place, at, deed, *status, body)),
        Answer::Failed(why) => Err(unanswered(place, why)),
        Answer::Bytes(_) => Err(Outcome::NotYet("was not asked over HTTP".to_owned())),
    }
}

fn refused(place: &Place, at: Option<Timestamp>, deed: Deed, status: u16, body: &[u8]) -> Outcome {
    let (code, message) = (code(body), text(body, "Message"));
    let endpoint = place.endpoint();
    let says = |text: &str| message.to_ascii_lowercase().contains(text);
    let is_late = says("expired") || says("not valid yet");
    Outcome::Wrong(match &*code {
        "InvalidAccessKeyId" => format!(
            "`{endpoint}` does not know the access key: `access_key` names the file with it; {}",
            anew(ACCESS_KEY)
        ),
        "SignatureDoesNotMatch" => format!(
            "`{endpoint}` knows the access key, and the secret key is not the one that goes with it: \
             `secret_key` names the file with it; {}",
            anew(SECRET_KEY)
        ),
        "RequestTimeTooSkewed" | "AccessDenied" | "ExpiredToken"
            if is_late || code == "RequestTimeTooSkewed" =>
        {
            let at = at.map_or_else(|| "unknown".to_owned(), |at| at.to_string());
            format!(
                "`{endpoint}` refuses the date of what is signed: it is {at} on the manager; set the \
                 clocks of hosts and store (`timedatectl`)"
            )
        }
        "NoSuchBucket" => format!(
            "`{endpoint}` has no bucket `{}`: make it, or name another with `bucket`",
            place.bucket
        ),
        "AuthorizationHeaderMalformed"
        | "AuthorizationQueryParametersError"
        | "InvalidRegion"
        | "PermanentRedirect"
        | "IllegalLocationConstraintException" => {
            let region = text(body, "Region");
            let other = if region.is_empty() {
                String::new()
            } else {
                format!(", it is in `{}`", plain(&region))
            };
            format!(
                "the bucket `{}` is not in the region `{}`{other}: set `region`, and the `endpoint` \
                 that goes with it",
                place.bucket, place.region
            )
        }
        "AccessDenied" | "AllAccessDisabled" => format!(
            "this key may not {} in `{}`: Milvus lists, reads, writes and deletes there",
            deed.word(),
            place.shown()
        ),
        _ if status == 301 => format!(
            "the bucket `{}` is not in the region `{}`: set `region`, and the `endpoint` that goes \
             with it",
            place.bucket, place.region
        ),
        _ if status == 400 && String::from_utf8_lossy(body).contains("HTTPS server") => {
            format!("`{endpoint}` speaks TLS: leave `tls: false` out")
        }
        // What stands before a store may answer in its place.
        _ if status >= 500
            || matches!(status, 408 | 409 | 429)
            || code.is_empty()
            || code == "RequestTimeout" =>
        {
            return Outcome::NotYet(format!(
                "`{endpoint}` can't {} now: {}",
                deed.word(),
                shown(status, &code, &message)
            ));
        }
        _ => format!(
            "`{endpoint}` does not {}: {}",
            deed.word(),
            shown(status, &code, &message)
        ),
    })
}

/// Secrets can't be changed, and one that is there is left alone.
fn anew(key: &str) -> String {
    format!(
        "it is read when its secret is made: where Milvus runs already `milvus-swarm down`, then `docker \
         secret rm` the one whose name ends with `-{key}-v1`, then `milvus-swarm up`"
    )
}

fn shown(status: u16, code: &str, message: &str) -> String {
    let said = [code, message]
        .iter()
        .filter(|text| !text.is_empty())
        .map(|text| plain(text))
        .collect::<Vec<_>>();
    if said.is_empty() {
        format!("HTTP {status}")
    } else {
        format!("HTTP {status}, {}", said.join(": "))
    }
}

/// Of curl's complaints those that a person mends are told apart (curl: `include/curl/curl.h`,
/// `CURLcode`); the tunnel has put the others into words.
fn unanswered(place: &Place, why: &str) -> Outcome {
    let endpoint = place.endpoint();
    let is = |number: u8| why.contains(&format!("({number})"));
    if is(60) || is(51) || is(83) {
        let detail = why.rsplit("curl: ").next().unwrap_or(why);
        let detail = detail.split_once(") ").map_or(detail, |(_, detail)| detail);
        let detail = detail.split("More details").next().unwrap_or(detail);
        return Outcome::Wrong(format!(
            "nobody who is trusted vouches for the certificate of `{endpoint}` ({}): `ca` names the \
             file with the certificates of who does",
            plain(detail)
        ));
    }
    if is(77) {
        return Outcome::Wrong("the file that `ca` names has no certificate in it".to_owned());
    }
    let is_plain = ["wrong version number", "packet length too long"];
    if is(35) && is_plain.iter().any(|sign| why.contains(sign)) {
        return Outcome::Wrong(format!(
            "`{endpoint}` does not speak TLS on port {}: set `tls: false` if that is meant",
            place.port
        ));
    }
    if why == "what answers does not speak HTTP" {
        return Outcome::Wrong(format!(
            "`{endpoint}` does not speak HTTP on port {}",
            place.port
        ));
    }
    Outcome::NotYet(format!("`{endpoint}` does not answer: {}", plain(why)))
}

/// Of what comes from outside only the first characters, and none that a terminal obeys.
fn plain(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).take(200).collect();
    text.trim().to_owned()
}

fn code(body: &[u8]) -> String {
    text(body, "Code")
}

/// The text of an element of an error, which has no others of the same name.
fn text(body: &[u8], element: &str) -> String {
    let body = String::from_utf8_lossy(body);
    let (open, close) = (format!("<{element}>"), format!("</{element}>"));
    let inside = body
        .split_once(&open)
        .and_then(|(_, rest)| rest.split_once(&close));
    inside.map_or_else(String::new, |(inside, _)| plain(inside))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn place() -> Place {
        let settings = [
            ("endpoint", "s3.example.com"),
            ("bucket", "vectors"),
            ("region", "eu-west-1"),
        ];
        let settings: BTreeMap<&str, String> =
            settings.map(|(key, text)| (key, text.to_owned())).into();
        Place::of(&settings)
    }

    fn said(status: u16, code: &str, message: &str) -> String {
        let body = format!(
            "<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
        );
        let body = body.into_bytes();
        match good(&place(), None, Deed::Write, &Answer::Http { status, body }) {
            Err(Outcome::Wrong(why)) => why,
            Err(Outcome::NotYet(why)) => format!("not yet: {why}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_mistake_has_its_sentence() {
        for (status, code, message, part) in [
            (
                403,
                "InvalidAccessKeyId",
                "",
                "does not know the access key",
            ),
            (403, "SignatureDoesNotMatch", "", "the secret key is not"),
            (403, "RequestTimeTooSkewed", "", "refuses the date"),
            (
                403,
                "AccessDenied",
                "Request has expired",
                "refuses the date",
            ),
            (
                403,
                "AccessDenied",
                "Request is not valid yet",
                "refuses the date",
            ),
            (
                403,
                "AccessDenied",
                "Access Denied.",
                "may not write objects",
            ),
            (404, "NoSuchBucket", "", "has no bucket `vectors`"),
            (
                400,
                "AuthorizationHeaderMalformed",
                "",
                "not in the region `eu-west-1`",
            ),
            (
                301,
                "PermanentRedirect",
                "",
                "not in the region `eu-west-1`",
            ),
            (
                503,
                "SlowDown",
                "Reduce",
                "not yet: `s3.example.com` can't write",
            ),
            (418, "Odd", "", "does not write objects: HTTP 418, Odd"),
            (404, "", "", "not yet: `s3.example.com` can't write"),
            (409, "OperationAborted", "", "not yet"),
        ] {
            let said = said(status, code, message);
            assert!(said.contains(part), "{code}: {said}");
        }
    }

    #[test]
    fn a_certificate_is_a_mistake_and_silence_is_not() {
        let ask = |why: &str| good(&place(), None, Deed::List, &Answer::Failed(why.to_owned()));
        let cert = "curl: (60) SSL certificate problem: unable to get local issuer certificate";
        let Err(Outcome::Wrong(why)) = ask(cert) else {
            panic!("{:?}", ask(cert));
        };
        assert!(why.contains("(SSL certificate problem: unable"), "{why}");
        let plain = "curl: (35) error:1408F10B:SSL routines:ssl3_get_record:wrong version number";
        assert!(matches!(ask(plain), Err(Outcome::Wrong(_))));
        // A balancer without a store behind it.
        let cut = "curl: (35) OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to s3";
        assert!(matches!(ask(cut), Err(Outcome::NotYet(_))));
        assert!(matches!(ask("timed out"), Err(Outcome::NotYet(_))));
        assert!(matches!(
            ask("the name is not known"),
            Err(Outcome::NotYet(_))
        ));
    }

    #[test]
    fn lists_are_read_whoever_made_them() {
        let list = |space: &str| {
            format!(
                "<?xml version=\"1.0\"?><ListBucketResult{space}><Contents><Key>files%2Fa</Key></Contents>\
                 <Contents><Key>files/b</Key></Contents></ListBucketResult>"
            )
        };
        let amazons = " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";
        for text in [list(""), list(amazons)] {
            let found = keys(text.as_bytes());
            assert_eq!(
                found,
                Some(vec!["files/a".to_owned(), "files/b".to_owned()])
            );
        }
        assert_eq!(keys(b"<html>login</html>"), None);
    }

    #[test]
    fn nothing_from_outside_reaches_a_terminal() {
        let said = said(418, "A\u{1b}[31m", &"x".repeat(5_000));
        assert!(!said.contains('\u{1b}') && said.len() < 600, "{said}");
    }
}
