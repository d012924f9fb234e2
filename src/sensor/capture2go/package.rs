//! Packages: a mark, a checksum, a length, a header, the payload. They come as a stream of bytes that
//! notifications cut anywhere.

/// Begins every package.
const MARK: u8 = 0x02;
/// Before the payload: mark, checksum, length, header.
const HEAD: usize = 8;
const MOST: usize = 236;
/// What may wait for its end: one package, and the longest notification there is.
const BUFFER: usize = HEAD + MOST + 512;

pub(super) fn package(header: u16, payload: &[u8]) -> Vec<u8> {
    let mut checked = header.to_le_bytes().to_vec();
    checked.extend_from_slice(payload);
    let mut bytes = vec![MARK];
    bytes.extend(crc32fast::hash(&checked).to_le_bytes());
    bytes.push(payload.len() as u8);
    bytes.extend(checked);
    bytes
}

/// The stream of bytes that has no end yet.
#[derive(Debug, Default)]
pub(super) struct Packages {
    waiting: Vec<u8>,
}

/// What the front of some bytes is.
enum Front<'a> {
    Package { header: u16, payload: &'a [u8], len: usize },
    Unfinished,
    Damaged,
}

impl Packages {
    pub(super) fn clear(&mut self) {
        self.waiting.clear();
    }

    /// Gives out whole packages: the first `live` must lie in these bytes, the others may have begun before.
    /// Says whether anything was damaged.
    pub(super) fn receive(
        &mut self,
        live: usize,
        mut bytes: &[u8],
        mut give: impl FnMut(u16, &[u8]),
    ) -> bool {
        for _ in 0..live {
            match front(bytes) {
                Front::Package { header, payload, len } => {
                    give(header, payload);
                    bytes = bytes.get(len..).unwrap_or_default();
                }
                // Nobody asked for the live view: where it ends is not known.
                Front::Unfinished | Front::Damaged => return true,
            }
        }
        if self.waiting.len() + bytes.len() > BUFFER {
            self.waiting.clear();
        }
        self.waiting.extend(bytes.iter().take(BUFFER));
        let mut damaged = false;
        let mut at = 0;
        loop {
            let rest = self.waiting.get(at..).unwrap_or_default();
            match front(rest) {
                Front::Package { header, payload, len } => {
                    give(header, payload);
                    at += len;
                }
                Front::Unfinished => break,
                Front::Damaged => {
                    damaged = true;
                    // On to the next mark.
                    at += rest.iter().skip(1).position(|&b| b == MARK).map_or(rest.len(), |next| next + 1);
                }
            }
        }
        self.waiting.drain(..at.min(self.waiting.len()));
        damaged
    }
}

fn front(bytes: &[u8]) -> Front<'_> {
    let [mark, rest @ ..] = bytes else { return Front::Unfinished };
    if *mark != MARK {
        return Front::Damaged;
    }
    let Some((&[a, b, c, d, len], checked)) = rest.split_first_chunk() else { return Front::Unfinished };
    let len = usize::from(len);
    if len > MOST {
        return Front::Damaged;
    }
    let Some(checked) = checked.get(..2 + len) else { return Front::Unfinished };
    match checked {
        [low, high, payload @ ..] if crc32fast::hash(checked) == u32::from_le_bytes([a, b, c, d]) => {
            Front::Package { header: u16::from_le_bytes([*low, *high]), payload, len: HEAD + len }
        }
        _ => Front::Damaged,
    }
}
