//! Keys that take turns at signing. A key is known before its turn and accepted for a while after it.

use latchkey_shared::Timestamp;

/// One key's turn.
pub struct Turn<K> {
    /// The key's public name, the `kid` of its tokens.
    pub kid: String,
    /// When it begins to sign.
    pub signs_from: Timestamp,
    /// When its last token has ended; never while no other key follows it.
    pub retires_at: Option<Timestamp>,
    /// The key.
    pub key: K,
}

/// Keys in the order of their turns.
pub struct Rota<K>(Vec<Turn<K>>);

impl<K> Rota<K> {
    /// A rota of at least one turn.
    pub fn new(mut turns: Vec<Turn<K>>) -> Option<Self> {
        turns.sort_by_key(|turn| turn.signs_from);
        (!turns.is_empty()).then_some(Self(turns))
    }

    /// The key that signs: the latest whose turn has come. A clock that runs behind finds the first.
    pub fn signing(&self, now: Timestamp) -> Option<&Turn<K>> {
        self.0.iter().rev().find(|turn| turn.signs_from <= now).or(self.0.first())
    }

    /// The key with this name, if its tokens are accepted.
    pub fn accepted(&self, kid: &str, now: Timestamp) -> Option<&K> {
        self.turns(now).find(|turn| turn.kid == kid).map(|turn| &turn.key)
    }

    /// Every key that is not retired.
    pub fn standing(&self, now: Timestamp) -> impl Iterator<Item = &K> {
        self.turns(now).map(|turn| &turn.key)
    }

    /// The names of every key that is not retired.
    pub fn kids(&self, now: Timestamp) -> impl Iterator<Item = &str> {
        self.turns(now).map(|turn| turn.kid.as_str())
    }

    fn turns(&self, now: Timestamp) -> impl Iterator<Item = &Turn<K>> {
        self.0.iter().filter(move |turn| turn.retires_at.is_none_or(|end| now < end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(kid: &str, signs_from: i64, retires_at: Option<i64>) -> Turn<i64> {
        let at = Timestamp::from_millis;
        Turn { kid: kid.into(), signs_from: at(signs_from), retires_at: retires_at.map(at), key: signs_from }
    }

    #[test]
    fn a_key_is_known_before_it_signs_and_accepted_until_it_retires() {
        let rota = Rota::new(vec![turn("new", 100, None), turn("old", 0, Some(150))]).unwrap();
        let at = Timestamp::from_millis;
        for (now, signing, old, new) in [
            (0, 0, true, true),
            (99, 0, true, true),
            (100, 100, true, true),
            (149, 100, true, true),
            (150, 100, false, true),
        ] {
            assert_eq!(rota.signing(at(now)).unwrap().key, signing, "at {now}");
            assert_eq!(rota.accepted("old", at(now)).is_some(), old, "at {now}");
            assert_eq!(rota.accepted("new", at(now)).is_some(), new, "at {now}");
            assert_eq!(rota.standing(at(now)).count(), usize::from(old) + usize::from(new), "at {now}");
        }
        assert_eq!(rota.signing(at(-5)).unwrap().key, 0);
        assert!(rota.accepted("other", at(0)).is_none());
    }

    #[test]
    fn there_is_no_rota_without_a_key() {
        assert!(Rota::<()>::new(Vec::new()).is_none());
    }
}
