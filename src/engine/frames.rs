//! Docker's multiplexed streams: frames of eight bytes of head and a payload.

use bytes::{Buf, Bytes, BytesMut};

/// Frames are at most one write of a process; this leaves much room.
const FRAME_LIMIT: usize = 16 << 20;

/// Which stream a frame belongs to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Channel {
    Out,
    Err,
    /// The engine itself has something to say, such as that a log is incomplete.
    System,
}

/// Collects bytes and gives out frames.
#[derive(Default)]
pub(super) struct Frames {
    buffer: BytesMut,
    /// With a terminal there are no frames: bytes are passed on as they are.
    raw: bool,
    begun: bool,
}

/// What comes over the stream makes no frame.
#[derive(Debug)]
pub(super) struct NoFrame;

impl Frames {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole frame.
    pub(super) fn next(&mut self) -> Result<Option<(Channel, Bytes)>, NoFrame> {
        if !self.begun && self.buffer.len() >= 4 {
            self.begun = true;
            self.raw = self.buffer[0] > 3 || self.buffer[1..4] != [0, 0, 0];
        }
        if self.raw {
            let all = self.buffer.split().freeze();
            return Ok(Some((Channel::Out, all)).filter(|(_, bytes)| !bytes.is_empty()));
        }
        let Some(head) = self.buffer.first_chunk::<8>() else {
            return Ok(None);
        };
        let channel = match head[0] {
            0 | 1 => Channel::Out,
            2 => Channel::Err,
            3 => Channel::System,
            _ => return Err(NoFrame),
        };
        let length = u32::from_be_bytes([head[4], head[5], head[6], head[7]]) as usize;
        if length > FRAME_LIMIT {
            return Err(NoFrame);
        }
        if self.buffer.len() < 8 + length {
            self.buffer.reserve(8 + length - self.buffer.len());
            return Ok(None);
        }
        self.buffer.advance(8);
        Ok(Some((channel, self.buffer.split_to(length).freeze())))
    }

    /// What is left at the end of a stream that was too short to tell whether it has frames.
    pub(super) fn rest(self) -> Bytes {
        if self.begun {
            Bytes::new()
        } else {
            self.buffer.freeze()
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn frame(kind: u8, text: &str) -> Vec<u8> {
        let length = u32::try_from(text.len()).unwrap().to_be_bytes();
        [&[kind, 0, 0, 0], &length[..], text.as_bytes()].concat()
    }

    #[test]
    fn frames_come_out_whole_however_they_arrive() {
        let bytes = [frame(1, "out"), frame(2, ""), frame(3, "lost")].concat();
        for step in 1..bytes.len() {
            let mut frames = Frames::default();
            let mut seen = Vec::new();
            for part in bytes.chunks(step) {
                frames.push(part);
                while let Some((channel, payload)) = frames.next().unwrap() {
                    seen.push((channel, String::from_utf8(payload.to_vec()).unwrap()));
                }
            }
            let expected = [
                (Channel::Out, "out".into()),
                (Channel::Err, String::new()),
                (Channel::System, "lost".into()),
            ];
            assert_eq!(seen, expected);
        }
    }

    #[test]
    fn a_terminal_has_no_frames() {
        let mut frames = Frames::default();
        frames.push(b"hello");
        assert_eq!(frames.next().unwrap().unwrap().1, "hello");
        frames.push(b"\x01\0\0\0");
        assert_eq!(frames.next().unwrap().unwrap().1, "\x01\0\0\0"[..]);
        assert!(frames.next().unwrap().is_none());
    }

    #[test]
    fn nonsense_is_refused() {
        let mut frames = Frames::default();
        frames.push(&frame(1, "a"));
        frames.push(&[9, 0, 0, 0, 0, 0, 0, 1]);
        assert!(frames.next().unwrap().is_some());
        assert!(frames.next().is_err());
    }
}
