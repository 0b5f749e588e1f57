//! As much of ZooKeeper's wire protocol as it takes to ask whether znodes exist.
//!
//! All requests are sent in one go and the session is closed with them, so one TCP question
//! is a whole conversation. Layout: ZooKeeper's `zookeeper.jute` (`ConnectRequest`,
//! `RequestHeader`, `ExistsRequest`, `ReplyHeader`).

const EXISTS: i32 = 3;
const CLOSE_SESSION: i32 = -11;
/// `KeeperException.Code.NONODE`.
const NO_NODE: i32 = -101;

/// The bytes that ask for each path in turn and end the session.
pub(crate) fn exists_request(paths: &[String]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut connect = Vec::new();
    connect.extend(0_i32.to_be_bytes()); // protocol version
    connect.extend(0_i64.to_be_bytes()); // last zxid seen
    connect.extend(10_000_i32.to_be_bytes()); // session timeout, milliseconds
    connect.extend(0_i64.to_be_bytes()); // session id: a new one
    connect.extend(16_i32.to_be_bytes());
    connect.extend([0; 16]); // password
    connect.push(0); // not read-only
    frame(&mut bytes, &connect);
    let mut xid = 0_i32;
    for path in paths {
        xid += 1;
        let mut request = Vec::new();
        request.extend(xid.to_be_bytes());
        request.extend(EXISTS.to_be_bytes());
        request.extend(i32::try_from(path.len()).unwrap_or(i32::MAX).to_be_bytes());
        request.extend(path.as_bytes());
        request.push(0); // no watch
        frame(&mut bytes, &request);
    }
    let mut close = Vec::new();
    close.extend((xid + 1).to_be_bytes());
    close.extend(CLOSE_SESSION.to_be_bytes());
    frame(&mut bytes, &close);
    bytes
}

fn frame(out: &mut Vec<u8>, payload: &[u8]) {
    out.extend(
        i32::try_from(payload.len())
            .unwrap_or(i32::MAX)
            .to_be_bytes(),
    );
    out.extend(payload);
}

/// Which of the paths exist, from the answer to [`exists_request`].
pub(crate) fn exists_reply(bytes: &[u8], paths: usize) -> Result<Vec<bool>, String> {
    let mut frames = Frames(bytes);
    frames.next().ok_or("no session was opened")?;
    (0..paths)
        .map(|_| {
            let reply = frames.next().ok_or("the answer ended early")?;
            let error = reply
                .get(12..16)
                .and_then(|raw| raw.try_into().ok())
                .map(i32::from_be_bytes)
                .ok_or("a reply was too short")?;
            match error {
                0 => Ok(true),
                NO_NODE => Ok(false),
                code => Err(format!("ZooKeeper error {code}")),
            }
        })
        .collect()
}

struct Frames<'a>(&'a [u8]);

impl<'a> Iterator for Frames<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.0.split_first_chunk::<4>()?;
        let length = usize::try_from(i32::from_be_bytes(*length)).ok()?;
        let frame = rest.get(..length)?;
        self.0 = &rest[length..];
        Some(frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_read_in_order_and_truncation_is_an_error() {
        let mut bytes = Vec::new();
        frame(&mut bytes, &[0; 37]);
        for code in [0, NO_NODE] {
            let mut reply = vec![0; 12];
            reply.extend(i32::to_be_bytes(code));
            frame(&mut bytes, &reply);
        }
        assert_eq!(exists_reply(&bytes, 2), Ok(vec![true, false]));
        assert!(exists_reply(&bytes[..bytes.len() - 3], 2).is_err());
        assert!(exists_reply(&[], 1).is_err());
        assert!(exists_reply(&[0xff; 64], 1).is_err());
    }

    #[test]
    fn a_request_is_three_frames() {
        let bytes = exists_request(&["/ledgers".to_owned()]);
        assert_eq!(Frames(&bytes).count(), 3);
        assert_eq!(bytes.len(), 4 + 45 + 4 + 8 + 4 + 8 + 1 + 4 + 8);
    }
}
