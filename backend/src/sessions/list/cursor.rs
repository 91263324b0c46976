//! Cursors of the session list: the position after which the next page begins.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use latchkey_shared::Timestamp;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// Sections of the list, in their order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ListSection {
    /// Active sessions.
    Active,
    /// Ended sessions.
    Ended,
}

/// A position on the list: that of a session, which need not exist any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ListCursor {
    /// Section of the session.
    pub section: ListSection,
    /// Time of the session's last use or of its end, depending on the section.
    pub at: Timestamp,
    /// Id of the session.
    pub id: Uuid,
}

/// Length of an encoded cursor in bytes before base64, without its checksum and with it.
const PAYLOAD_LEN: usize = 25;
const TOTAL_LEN: usize = PAYLOAD_LEN + 8;

impl ListCursor {
    /// The position before all others.
    pub const FIRST: Self =
        Self { section: ListSection::Active, at: Timestamp::from_millis(i64::MAX), id: Uuid::max() };

    /// Encodes the cursor for this session, in base64url.
    pub fn encode(self, sid: Uuid) -> String {
        let mut bytes = Vec::with_capacity(TOTAL_LEN);
        bytes.push(match self.section {
            ListSection::Active => 0,
            ListSection::Ended => 1,
        });
        bytes.extend(self.at.as_millis().to_be_bytes());
        bytes.extend(self.id.into_bytes());
        bytes.extend(checksum(&bytes, sid));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Decodes a cursor. Returns `None` if it was not issued to this session.
    pub fn decode(text: &str, sid: Uuid) -> Option<Self> {
        let bytes: [u8; TOTAL_LEN] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let (payload, sum) = bytes.split_at(PAYLOAD_LEN);
        if checksum(payload, sid) != sum {
            return None;
        }
        let (section, rest) = payload.split_first()?;
        let (at, id) = rest.split_first_chunk()?;
        let section = match section {
            0 => ListSection::Active,
            1 => ListSection::Ended,
            _ => return None,
        };
        Some(Self {
            section,
            at: Timestamp::from_millis(i64::from_be_bytes(*at)),
            id: Uuid::from_slice(id).ok()?,
        })
    }
}

/// Returns the checksum that identifies a cursor of this session. It needs no secret, because there is nothing to
/// protect: only the owner can read a list.
fn checksum(payload: &[u8], sid: Uuid) -> [u8; TOTAL_LEN - PAYLOAD_LEN] {
    let digest =
        Sha256::new().chain_update(b"session list").chain_update(sid).chain_update(payload).finalize();
    std::array::from_fn(|index| digest.get(index).copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SID: Uuid = Uuid::from_u128(7);

    #[test]
    fn a_cursor_reads_back_as_it_was_written() {
        for section in [ListSection::Active, ListSection::Ended] {
            for at in [i64::MIN, -1, 0, 1_768_478_400_250, i64::MAX] {
                let cursor = ListCursor { section, at: Timestamp::from_millis(at), id: Uuid::from_u128(1) };
                assert_eq!(ListCursor::decode(&cursor.encode(SID), SID), Some(cursor));
            }
        }
        assert_eq!(ListCursor::decode(&ListCursor::FIRST.encode(SID), SID), Some(ListCursor::FIRST));
    }

    #[test]
    fn what_was_not_given_to_this_session_is_no_cursor() {
        let cursor = ListCursor::FIRST.encode(SID);
        assert_eq!(ListCursor::decode(&cursor, Uuid::from_u128(8)), None);
        for index in 0..cursor.len() {
            let mut text = cursor.clone().into_bytes();
            text[index] = if text[index] == b'A' { b'B' } else { b'A' };
            assert_eq!(ListCursor::decode(std::str::from_utf8(&text).unwrap(), SID), None, "at {index}");
        }
        for text in ["", "0", "AAAA", &cursor[1..], &format!("{cursor}A"), &format!("{cursor}="), "null"] {
            assert_eq!(ListCursor::decode(text, SID), None, "{text}");
        }
    }
}
