//! The place on a list behind which its next page begins.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use latchkey_shared::Timestamp;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// The parts of the list, in their order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Group {
    /// Sessions that live.
    Living,
    /// Sessions that have ended.
    Ended,
}

/// A place on the list: that of a session, which need not be there any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Position {
    /// Which part it is in.
    pub group: Group,
    /// When the session was last used, or when it ended.
    pub at: Timestamp,
    /// Its id.
    pub id: Uuid,
}

/// How long a written position is without its checksum, and with it.
const FACTS: usize = 25;
const WHOLE: usize = FACTS + 8;

impl Position {
    /// The place before all others.
    pub const FIRST: Self =
        Self { group: Group::Living, at: Timestamp::from_millis(i64::MAX), id: Uuid::max() };

    /// The cursor that is given to this session.
    pub fn written(self, sid: Uuid) -> String {
        let mut bytes = Vec::with_capacity(WHOLE);
        bytes.push(match self.group {
            Group::Living => 0,
            Group::Ended => 1,
        });
        bytes.extend(self.at.as_millis().to_be_bytes());
        bytes.extend(self.id.into_bytes());
        bytes.extend(checksum(&bytes, sid));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The place, if this is a cursor that was given to this session.
    pub fn read(text: &str, sid: Uuid) -> Option<Self> {
        let bytes: [u8; WHOLE] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let (facts, sum) = bytes.split_at(FACTS);
        if checksum(facts, sid) != sum {
            return None;
        }
        let (group, rest) = facts.split_first()?;
        let (at, id) = rest.split_first_chunk()?;
        let group = match group {
            0 => Group::Living,
            1 => Group::Ended,
            _ => return None,
        };
        Some(Self {
            group,
            at: Timestamp::from_millis(i64::from_be_bytes(*at)),
            id: Uuid::from_slice(id).ok()?,
        })
    }
}

/// It tells a cursor from anything else, and whose it is. There is nothing to protect: every list is its owner's alone.
fn checksum(facts: &[u8], sid: Uuid) -> [u8; WHOLE - FACTS] {
    let digest = Sha256::new().chain_update(b"session list").chain_update(sid).chain_update(facts).finalize();
    std::array::from_fn(|index| digest.get(index).copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SID: Uuid = Uuid::from_u128(7);

    #[test]
    fn a_position_reads_back_as_it_was_written() {
        for group in [Group::Living, Group::Ended] {
            for at in [i64::MIN, -1, 0, 1_768_478_400_250, i64::MAX] {
                let position = Position { group, at: Timestamp::from_millis(at), id: Uuid::from_u128(1) };
                assert_eq!(Position::read(&position.written(SID), SID), Some(position));
            }
        }
        assert_eq!(Position::read(&Position::FIRST.written(SID), SID), Some(Position::FIRST));
    }

    #[test]
    fn what_was_not_given_to_this_session_is_no_position() {
        let cursor = Position::FIRST.written(SID);
        assert_eq!(Position::read(&cursor, Uuid::from_u128(8)), None);
        for index in 0..cursor.len() {
            let mut text = cursor.clone().into_bytes();
            text[index] = if text[index] == b'A' { b'B' } else { b'A' };
            assert_eq!(Position::read(std::str::from_utf8(&text).unwrap(), SID), None, "at {index}");
        }
        for text in ["", "0", "AAAA", &cursor[1..], &format!("{cursor}A"), &format!("{cursor}="), "null"] {
            assert_eq!(Position::read(text, SID), None, "{text}");
        }
    }
}
