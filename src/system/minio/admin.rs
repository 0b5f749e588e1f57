//! Requests to MinIO's administration: signed as S3 is, and with bodies that only whoever has the key
//! of who asks can read.

use std::fmt::Write;
use std::num::NonZeroU32;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::digest::{SHA256, digest};
use ring::{hmac, pbkdf2};

use super::{MINIO, PORT};
use crate::question::Question;

/// Of each question.
const LIMIT: Duration = Duration::from_secs(5);
/// What a request is signed for; MinIO takes any where it is not told its own.
const REGION: &str = "us-east-1";

/// Who asks.
#[derive(Clone, Copy)]
pub(super) struct Who<'a> {
    pub(super) user: &'a str,
    pub(super) key: &'a str,
    pub(super) at: Timestamp,
}

/// What is asked.
pub(super) struct Request<'a> {
    pub(super) method: &'static str,
    /// Without anything that must be escaped.
    pub(super) path: &'a str,
    /// In the order of their names.
    pub(super) query: &'a [(&'a str, &'a str)],
    pub(super) body: Option<Vec<u8>>,
}

impl Who<'_> {
    /// Signature Version 4 in headers (AWS General Reference, `Create a signed AWS API request`):
    /// MinIO's administration takes no other (minio: `cmd/auth-handler.go`, `validateAdminSignature`).
    pub(super) fn ask(self, request: Request<'_>) -> Question {
        let Request {
            method,
            path,
            query,
            body,
        } = request;
        let host = MINIO.alias.unwrap_or(MINIO.name);
        let at = self.at.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ");
        let at = at.to_string();
        let date = at.split('T').next().unwrap_or_default();
        let hash = hex(digest(&SHA256, body.as_deref().unwrap_or_default()).as_ref());
        let query: Vec<String> = query
            .iter()
            .map(|(key, value)| format!("{}={}", escaped(key), escaped(value)))
            .collect();
        let query = query.join("&");
        let names = "host;x-amz-content-sha256;x-amz-date";
        let canonical = format!(
            "{method}\n{path}\n{query}\nhost:{host}:{PORT}\nx-amz-content-sha256:{hash}\nx-amz-date:{at}\n\n\
             {names}\n{hash}"
        );
        let scope = format!("{date}/{REGION}/s3/aws4_request");
        let canonical = hex(digest(&SHA256, canonical.as_bytes()).as_ref());
        let to_sign = format!("AWS4-HMAC-SHA256\n{at}\n{scope}\n{canonical}");
        let mut key = format!("AWS4{}", self.key).into_bytes();
        for part in [date, REGION, "s3", "aws4_request"] {
            key = mac(&key, part.as_bytes());
        }
        let signature = hex(&mac(&key, to_sign.as_bytes()));
        let user = self.user;
        let headers = [
            ("X-Amz-Date", at.clone()),
            ("X-Amz-Content-Sha256", hash),
            (
                "Authorization",
                format!(
                    "AWS4-HMAC-SHA256 Credential={user}/{scope}, SignedHeaders={names}, Signature={signature}"
                ),
            ),
        ];
        let path = if query.is_empty() {
            path.to_owned()
        } else {
            format!("{path}?{query}")
        };
        Question::Http {
            method,
            host: host.to_owned(),
            port: PORT,
            tls: None,
            path,
            headers: headers.map(|(name, value)| (name.to_owned(), value)).into(),
            body,
            timeout: LIMIT,
        }
    }

    /// A body for nobody but MinIO: `salt | id | nonce | sealed` (minio/madmin-go: `encrypt.go`,
    /// `DecryptData`). What is sealed ends in its first fragment, which holds 16 KiB (secure-io/sio-go:
    /// `sio.go`, `BufSize`; `writer.go`, `Close`). The salt follows from what is sealed, so no key is
    /// used twice for two texts.
    pub(super) fn sealed(self, text: &str) -> Option<Vec<u8>> {
        /// PBKDF2 with AES-GCM.
        const ID: u8 = 0x02;
        const ROUNDS: NonZeroU32 = NonZeroU32::new(8192).unwrap();
        const FRAGMENT: usize = 1 << 14;
        if text.len() > FRAGMENT {
            return None;
        }
        let salt = mac(
            self.key.as_bytes(),
            format!("{} {text}", self.at).as_bytes(),
        );
        let nonce = mac(self.key.as_bytes(), &salt);
        let nonce = &nonce[..8];
        let mut key = [0; 32];
        let password = self.key.as_bytes();
        pbkdf2::derive(
            pbkdf2::PBKDF2_HMAC_SHA256,
            ROUNDS,
            &salt,
            password,
            &mut key,
        );
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key).ok()?);
        // The first seal of the stream is of nothing: its tag is what all fragments are bound to.
        let of = |number: u32| {
            let mut whole = [0; 12];
            whole[..8].copy_from_slice(nonce);
            whole[8..].copy_from_slice(&number.to_le_bytes());
            Nonce::assume_unique_for_key(whole)
        };
        let bound = key.seal_in_place_separate_tag(of(0), Aad::empty(), &mut []);
        let bound = bound.ok()?;
        // The mark of the last fragment.
        let mut with = vec![0x80];
        with.extend(bound.as_ref());
        let mut sealed = text.as_bytes().to_vec();
        key.seal_in_place_append_tag(of(1), Aad::from(with), &mut sealed)
            .ok()?;
        Some([salt.as_slice(), &[ID], nonce, &sealed].concat())
    }
}

fn mac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::sign(&key, text).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// As signatures count it: all but letters, digits and `-._~`.
fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

/// As MinIO opens it.
#[cfg(test)]
pub(super) fn opened(key: &str, body: &[u8]) -> Option<String> {
    let (salt, rest) = body.split_at_checked(32)?;
    let (id, rest) = rest.split_at_checked(1)?;
    let (nonce, sealed) = rest.split_at_checked(8)?;
    let mut derived = [0; 32];
    let rounds = NonZeroU32::new(8192)?;
    let kind = pbkdf2::PBKDF2_HMAC_SHA256;
    pbkdf2::derive(kind, rounds, salt, key.as_bytes(), &mut derived);
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &derived).ok()?);
    let of = |number: u32| {
        let whole = [nonce, &number.to_le_bytes()].concat();
        Nonce::try_assume_unique_for_key(&whole).ok()
    };
    let bound = key.seal_in_place_separate_tag(of(0)?, Aad::empty(), &mut []);
    let with = [&[0x80], bound.ok()?.as_ref()].concat();
    let mut sealed = sealed.to_vec();
    let text = key
        .open_in_place(of(1)?, Aad::from(with), &mut sealed)
        .ok()?;
    (id == [2]).then(|| String::from_utf8_lossy(text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_is_opened_with_the_key_of_who_asks_alone() {
        let who = |key| Who {
            user: "root",
            key,
            at: Timestamp::UNIX_EPOCH,
        };
        let body = who("one key").sealed("a secret").expect("short enough");
        assert_eq!(opened("one key", &body).as_deref(), Some("a secret"));
        assert_eq!(opened("another", &body), None);
        assert_ne!(who("one key").sealed("a secres"), Some(body));
        assert_eq!(who("one key").sealed(&"x".repeat(20_000)), None);
    }

    /// What `hashlib` and `hmac` of Python make of the same words, by the steps of AWS's reference.
    #[test]
    fn a_request_is_signed() {
        let who = Who {
            user: "milvus",
            key: "rootrootroot1",
            at: "2026-11-29T21:00:00Z".parse().expect("a time"),
        };
        let asked = who.ask(Request {
            method: "PUT",
            path: "/minio/admin/v3/add-canned-policy",
            query: &[("name", "milvus-p/x")],
            body: Some(b"{}".to_vec()),
        });
        let Question::Http { path, headers, .. } = asked else {
            panic!("{asked:?}");
        };
        assert_eq!(path, "/minio/admin/v3/add-canned-policy?name=milvus-p%2Fx");
        let (_, signed) = &headers[2];
        let (_, signature) = signed.split_once("Signature=").expect("it is signed");
        assert_eq!(
            signature,
            "e4904b71762cef093dc024df3116eaaad84ea350ca96232bcaace8b43a623d05"
        );
    }
}
