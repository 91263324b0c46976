//! Schedule of signing keys. A key is published before it starts to sign and accepted for a while after the next one
//! has replaced it.

use latchkey_shared::Timestamp;

/// A key with its signing time and retirement time.
pub struct ScheduledKey<K> {
    /// Public id of the key, the `kid` of its tokens.
    pub kid: String,
    /// Time from which it signs.
    pub signs_from: Timestamp,
    /// Time at which its last token has expired; `None` while no other key follows it.
    pub retires_at: Option<Timestamp>,
    /// The key.
    pub key: K,
}

/// Keys ordered by `signs_from`.
pub struct KeySchedule<K>(Vec<ScheduledKey<K>>);

impl<K> KeySchedule<K> {
    /// Creates a schedule; `None` without a key.
    pub fn new(mut scheduled_keys: Vec<ScheduledKey<K>>) -> Option<Self> {
        scheduled_keys.sort_by_key(|scheduled| scheduled.signs_from);
        (!scheduled_keys.is_empty()).then_some(Self(scheduled_keys))
    }

    /// Returns the key that signs: the latest one whose `signs_from` has come, or the first one if the clock is behind
    /// all of them.
    pub fn signing(&self, now: Timestamp) -> Option<&ScheduledKey<K>> {
        self.0.iter().rev().find(|scheduled| scheduled.signs_from <= now).or(self.0.first())
    }

    /// Returns the key with this id if its tokens are accepted.
    pub fn accepted(&self, kid: &str, now: Timestamp) -> Option<&K> {
        self.scheduled_keys(now).find(|scheduled| scheduled.kid == kid).map(|scheduled| &scheduled.key)
    }

    /// Returns every key that is not retired.
    pub fn active(&self, now: Timestamp) -> impl Iterator<Item = &K> {
        self.scheduled_keys(now).map(|scheduled| &scheduled.key)
    }

    /// Returns the ids of all keys that are not retired.
    pub fn kids(&self, now: Timestamp) -> impl Iterator<Item = &str> {
        self.scheduled_keys(now).map(|scheduled| scheduled.kid.as_str())
    }

    fn scheduled_keys(&self, now: Timestamp) -> impl Iterator<Item = &ScheduledKey<K>> {
        self.0.iter().filter(move |scheduled| scheduled.retires_at.is_none_or(|end| now < end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scheduled(kid: &str, signs_from: i64, retires_at: Option<i64>) -> ScheduledKey<i64> {
        let at = Timestamp::from_millis;
        ScheduledKey {
            kid: kid.into(),
            signs_from: at(signs_from),
            retires_at: retires_at.map(at),
            key: signs_from,
        }
    }

    #[test]
    fn a_key_is_known_before_it_signs_and_accepted_until_it_retires() {
        let schedule =
            KeySchedule::new(vec![scheduled("new", 100, None), scheduled("old", 0, Some(150))]).unwrap();
        let at = Timestamp::from_millis;
        for (now, signing, old, new) in [
            (0, 0, true, true),
            (99, 0, true, true),
            (100, 100, true, true),
            (149, 100, true, true),
            (150, 100, false, true),
        ] {
            assert_eq!(schedule.signing(at(now)).unwrap().key, signing, "at {now}");
            assert_eq!(schedule.accepted("old", at(now)).is_some(), old, "at {now}");
            assert_eq!(schedule.accepted("new", at(now)).is_some(), new, "at {now}");
            assert_eq!(schedule.active(at(now)).count(), usize::from(old) + usize::from(new), "at {now}");
        }
        assert_eq!(schedule.signing(at(-5)).unwrap().key, 0);
        assert!(schedule.accepted("other", at(0)).is_none());
    }

    #[test]
    fn there_is_no_schedule_without_a_key() {
        assert!(KeySchedule::<()>::new(Vec::new()).is_none());
    }
}
