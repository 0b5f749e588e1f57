//! As much of ZooKeeper's wire protocol as it takes to ask whether znodes exist, and what is in one.
//!
//! All requests are sent in one go and the session is closed with them, so one TCP question
//! is a whole conversation. Layout: ZooKeeper's `zookeeper.jute` (`ConnectRequest`,
//! `RequestHeader`, `ExistsRequest`, `GetDataRequest`, `ReplyHeader`).

const EXISTS: i32 = 3;
const GET_DATA: i32 = 4;
const CLOSE_SESSION: i32 = -11;
/// `KeeperException.Code.NONODE`.
const NO_NODE: i32 = -101;

/// The bytes that ask whether there is each path in turn and end the session.
pub(crate) fn exists_request(paths: &[String]) -> Vec<u8> {
    request(EXISTS, paths)
}

/// The bytes that ask what is at a path and end the session.
pub(crate) fn data_request(path: &str) -> Vec<u8> {
    request(GET_DATA, &[path.to_owned()])
}

/// What both ask with is the same.
fn request(kind: i32, paths: &[String]) -> Vec<u8> {
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
        request.extend(kind.to_be_bytes());
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
    (0..paths).map(|_| Ok(frames.reply()?.is_some())).collect()
}

/// What is at a path, if there is one, from the answer to [`data_request`].
pub(crate) fn data_reply(bytes: &[u8]) -> Result<Option<&[u8]>, String> {
    let mut frames = Frames(bytes);
    frames.next().ok_or("no session was opened")?;
    let Some(found) = frames.reply()? else {
        return Ok(None);
    };
    // A text with its length before it; what is known of the znode comes behind.
    let short = "a reply was too short";
    Frames(found).next().ok_or(short.to_owned()).map(Some)
}

struct Frames<'a>(&'a [u8]);

impl<'a> Frames<'a> {
    /// What the next reply has behind its head; nothing where there is no such znode.
    fn reply(&mut self) -> Result<Option<&'a [u8]>, String> {
        let reply = self.next().ok_or("the answer ended early")?;
        let (head, rest) = reply
            .split_first_chunk::<16>()
            .ok_or("a reply was too short")?;
        match i32::from_be_bytes([head[12], head[13], head[14], head[15]]) {
            0 => Ok(Some(rest)),
            NO_NODE => Ok(None),
            code => Err(format!("ZooKeeper error {code}")),
        }
    }
}

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
    fn what_is_at_a_path_is_read_whole_or_not_at_all() {
        let mut text = Vec::new();
        frame(&mut text, b"an-id");
        let replied = |code: i32, rest: &[u8]| {
            let mut bytes = Vec::new();
            frame(&mut bytes, &[0; 37]);
            let mut reply = vec![0; 12];
            reply.extend(code.to_be_bytes());
            reply.extend(rest);
            frame(&mut bytes, &reply);
            bytes
        };
        let stat = [0; 68];
        let whole = replied(0, &[&text, &stat[..]].concat());
        assert_eq!(data_reply(&whole), Ok(Some(&b"an-id"[..])));
        assert_eq!(data_reply(&replied(NO_NODE, &[])), Ok(None));
        assert!(data_reply(&replied(-4, &[])).is_err());
        assert!(data_reply(&replied(0, &text[..text.len() - 1])).is_err());
        for cut in 0..whole.len() {
            assert!(data_reply(&whole[..cut]).is_err(), "{cut}");
        }
    }

    #[test]
    fn a_request_is_three_frames() {
        let bytes = exists_request(&["/ledgers".to_owned()]);
        assert_eq!(Frames(&bytes).count(), 3);
        assert_eq!(bytes.len(), 4 + 45 + 4 + 8 + 4 + 8 + 1 + 4 + 8);
    }
}
