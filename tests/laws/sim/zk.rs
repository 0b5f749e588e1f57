//! ZooKeeper's wire protocol from the server's side: `exists`, `getData` and the end of a session.

const EXISTS: i32 = 3;
const GET_DATA: i32 = 4;
const NO_NODE: i32 = -101;

/// Answers a whole conversation; `find` says what is in znodes.
pub fn converse(mut bytes: &[u8], find: impl Fn(&str) -> Option<String>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut first = true;
    while let Some((length, rest)) = bytes.split_first_chunk::<4>() {
        let length = usize::try_from(i32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        let Some(request) = rest.get(..length) else {
            return out;
        };
        bytes = &rest[length..];
        if first {
            // Version, timeout, session and password.
            frame(&mut out, &[0; 37]);
            first = false;
            continue;
        }
        let (Some(xid), Some(kind)) = (number(request, 0), number(request, 4)) else {
            return out;
        };
        let (mut code, mut found) = (0, None);
        if kind == EXISTS || kind == GET_DATA {
            let path = number(request, 8)
                .and_then(|length| usize::try_from(length).ok())
                .and_then(|length| request.get(12..12 + length))
                .map(String::from_utf8_lossy)
                .unwrap_or_default();
            found = find(&path);
            code = if found.is_some() { 0 } else { NO_NODE };
        }
        let mut reply = Vec::new();
        reply.extend(xid.to_be_bytes());
        reply.extend(77_i64.to_be_bytes());
        reply.extend(code.to_be_bytes());
        if let Some(text) = found.filter(|_| kind == GET_DATA) {
            frame(&mut reply, text.as_bytes());
        }
        // What is known of the znode.
        reply.extend([0; 68]);
        frame(&mut out, &reply);
    }
    out
}

fn number(bytes: &[u8], at: usize) -> Option<i32> {
    bytes
        .get(at..at + 4)
        .and_then(|raw| raw.try_into().ok())
        .map(i32::from_be_bytes)
}

fn frame(out: &mut Vec<u8>, payload: &[u8]) {
    out.extend(
        i32::try_from(payload.len())
            .unwrap_or(i32::MAX)
            .to_be_bytes(),
    );
    out.extend(payload);
}
