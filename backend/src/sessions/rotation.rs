//! Refresh token rotation: the decision about a presented token, as a pure function without a database or a clock.

use crate::platform::SKEW;
use latchkey_shared::{EndReason, Timestamp};
use std::time::Duration;

/// Number of times that a session has rotated its refresh token.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Generation(pub u64);

impl Generation {
    /// Generation of the tokens that sign-in issues.
    pub const FIRST: Self = Self(0);

    /// Returns the generation after this one.
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// Session state that the decision depends on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RotationInput {
    /// The current generation.
    pub generation: Generation,
    /// Latest generation of which an access token has been used.
    pub last_used: Option<Generation>,
    /// Lowest generation whose refresh token is accepted: a password change invalidates all earlier ones.
    pub valid_from: Generation,
    /// Time of the last rotation, by the same clock as the `now` of [`decide`].
    pub rotated_at: Timestamp,
    /// Expiry if the session is not used.
    pub idle_ends_at: Timestamp,
    /// Expiry in any case.
    pub absolute_ends_at: Timestamp,
    /// Reason of revocation, if the session was revoked.
    pub end_reason: Option<EndReason>,
}

/// Result of checking the proof against the key that a session is bound to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyCheck {
    /// No key is required: the session is bound to none, or key binding is off.
    Unbound,
    /// The token came with a fresh proof by the session's key.
    Proven,
    /// The proof is by the session's key, but may have been used before.
    ProofReused,
    /// There is no proof, or it is by another key.
    Unproven,
}

/// Decision about a refresh token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decision {
    /// The session has ended: refuse.
    Refuse(EndReason),
    /// Rotate to this next generation and issue its tokens.
    Rotate(Generation),
    /// Issue tokens of the current generation once more.
    Reissue(Generation),
    /// The token predates a password change: refuse it and leave the session unchanged.
    PredatesPasswordChange,
    /// Two parties have tokens of the session: end it.
    Replay,
    /// Refuse and leave the session unchanged: the token may be stolen, and a thief must not be able to end the session
    /// either.
    AskForProof,
}

/// Decides about a refresh token of generation `presented`. Within `grace` of a rotation the previous token is accepted
/// too.
pub fn decide(
    state: &RotationInput,
    key: KeyCheck,
    presented: Generation,
    now: Timestamp,
    grace: Duration,
) -> Decision {
    if let Some(reason) = state.end_reason {
        return Decision::Refuse(reason);
    }
    if now >= state.idle_ends_at || now >= state.absolute_ends_at {
        return Decision::Refuse(EndReason::Expired);
    }
    if matches!(key, KeyCheck::Unproven | KeyCheck::ProofReused) {
        return Decision::AskForProof;
    }
    if presented == state.generation {
        return Decision::Rotate(presented.next());
    }
    // The sender may be the attacker who was the reason for the password change, or the user whose response was lost.
    if presented < state.valid_from {
        return Decision::PredatesPasswordChange;
    }
    // The response with the current generation may have been lost: until one of its access tokens is used, nothing
    // shows that it was received. Another tab may also have refreshed at the same moment.
    let is_unused = state.last_used < Some(state.generation);
    // A rotation time that is `SKEW` or more ahead means that a clock was set back: the age of the rotation is unknown.
    let within_grace = now < state.rotated_at + grace && state.rotated_at < now + SKEW;
    // After a crash a browser sends the cookie that it last wrote to disk. Only that browser has the key.
    let crashed = key == KeyCheck::Proven;
    if presented.next() == state.generation && (is_unused || within_grace || crashed) {
        return Decision::Reissue(state.generation);
    }
    Decision::Replay
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GRACE: Duration = Duration::from_secs(20);
    const ROTATED: i64 = 1_000_000;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(ROTATED + millis)
    }

    fn state(generation: u64, last_used: Option<u64>) -> RotationInput {
        RotationInput {
            generation: Generation(generation),
            last_used: last_used.map(Generation),
            valid_from: Generation::FIRST,
            rotated_at: at(0),
            idle_ends_at: at(100_000),
            absolute_ends_at: at(200_000),
            end_reason: None,
        }
    }

    const KEYS: [KeyCheck; 4] =
        [KeyCheck::Unbound, KeyCheck::Proven, KeyCheck::ProofReused, KeyCheck::Unproven];

    fn decided(state: &RotationInput, key: KeyCheck, presented: u64, millis: i64) -> Decision {
        decide(state, key, Generation(presented), at(millis), GRACE)
    }

    /// Restates the rules independently of `decide`.
    fn as_the_rules_say(state: &RotationInput, key: KeyCheck, presented: u64, millis: i64) -> Decision {
        let (current, last_used) = (state.generation.0, state.last_used.map(|last_used| last_used.0));
        match state.end_reason {
            Some(reason) => Decision::Refuse(reason),
            None if millis >= 100_000 => Decision::Refuse(EndReason::Expired),
            None if [KeyCheck::ProofReused, KeyCheck::Unproven].contains(&key) => Decision::AskForProof,
            None if presented == current => Decision::Rotate(Generation(current + 1)),
            None if presented + 1 == current
                && (key == KeyCheck::Proven
                    || last_used.is_none_or(|last_used| last_used < current)
                    || (-60_000 < millis && millis < 20_000)) =>
            {
                Decision::Reissue(Generation(current))
            }
            None => Decision::Replay,
        }
    }

    /// Covers every combination of end reason, key check, generations and time.
    #[test]
    fn every_case_is_decided_as_the_rules_say() {
        let ends: Vec<_> = [None].into_iter().chain(EndReason::ALL.map(Some)).collect();
        for (end_reason, key) in ends.into_iter().flat_map(|end_reason| KEYS.map(|key| (end_reason, key))) {
            for current in 0..4 {
                for last_used in [None, Some(0), Some(1), Some(2), Some(3)] {
                    for presented in 0..5 {
                        for millis in [-60_000, -59_999, -1, 0, 1, 19_999, 20_000, 99_999, 100_000, 200_000] {
                            let state = RotationInput { end_reason, ..state(current, last_used) };
                            assert_eq!(
                                decided(&state, key, presented, millis),
                                as_the_rules_say(&state, key, presented, millis),
                                "{state:?} {key:?} {presented} {millis}"
                            );
                        }
                    }
                }
            }
        }
    }

    /// A token that predates a password change is refused and ends nothing, whatever its generation and the time.
    #[test]
    fn a_token_from_before_a_change_of_password_is_refused_and_leaves_the_session_alone() {
        for (current, valid_from) in [(1, 1), (2, 1), (2, 2), (5, 3)] {
            for last_used in [None, Some(current - 1), Some(current)] {
                for presented in 0..=current {
                    for millis in [0, 19_999, 99_999] {
                        let state =
                            RotationInput { valid_from: Generation(valid_from), ..state(current, last_used) };
                        let superseded = decided(&state, KeyCheck::Proven, presented, millis)
                            == Decision::PredatesPasswordChange;
                        assert_eq!(superseded, presented < valid_from, "{state:?} {presented} {millis}");
                    }
                }
            }
        }
    }

    /// A stolen token without the key yields nothing and cannot even end the session.
    #[test]
    fn without_the_key_no_token_of_a_bound_session_rotates_it_ends_it_or_is_answered() {
        for key in [KeyCheck::Unproven, KeyCheck::ProofReused] {
            for presented in 0..9 {
                assert_eq!(decided(&state(4, Some(4)), key, presented, 50_000), Decision::AskForProof);
            }
        }
    }

    #[test]
    fn the_absolute_limit_ends_a_session_that_is_in_use() {
        let state = RotationInput { idle_ends_at: at(300_000), ..state(7, Some(7)) };
        for key in [KeyCheck::Unbound, KeyCheck::Proven] {
            assert_eq!(decided(&state, key, 7, 199_999), Decision::Rotate(Generation(8)));
            assert_eq!(decided(&state, key, 7, 200_000), Decision::Refuse(EndReason::Expired));
        }
    }

    /// A step of one client that may lose responses; time passes between the steps.
    #[derive(Debug, Clone)]
    enum Step {
        Refresh { answer_arrives: bool },
        Use,
        Wait(i64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            any::<bool>().prop_map(|answer_arrives| Step::Refresh { answer_arrives }),
            Just(Step::Use),
            (0..60_000_i64).prop_map(Step::Wait),
        ]
    }

    /// In-memory server that applies decisions as the store does.
    #[derive(Clone, Copy)]
    struct Model {
        state: RotationInput,
        now: i64,
    }

    impl Model {
        fn new() -> Self {
            let far = at(i64::from(i32::MAX) * 1000);
            Self {
                state: RotationInput { idle_ends_at: far, absolute_ends_at: far, ..state(0, None) },
                now: 0,
            }
        }

        fn refresh(&mut self, presented: Generation) -> Option<Generation> {
            self.refresh_with(KeyCheck::Unbound, presented)
        }

        fn refresh_with(&mut self, key: KeyCheck, presented: Generation) -> Option<Generation> {
            match decide(&self.state, key, presented, at(self.now), GRACE) {
                Decision::Rotate(next) => {
                    self.state = RotationInput { generation: next, rotated_at: at(self.now), ..self.state };
                    Some(next)
                }
                Decision::Reissue(generation) => Some(generation),
                Decision::Replay => {
                    self.state.end_reason = Some(EndReason::ReplayDetected);
                    None
                }
                Decision::Refuse(_) | Decision::PredatesPasswordChange | Decision::AskForProof => None,
            }
        }

        fn uses(&mut self, generation: Generation) {
            self.state.last_used = self.state.last_used.max(Some(generation));
        }
    }

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Move {
        Refresh { by: usize, answer_arrives: bool },
        Use { by: usize },
        Wait(i64),
    }

    const OWNER: usize = 0;
    const THIEF: usize = 1;

    const MOVES: [Move; 8] = [
        Move::Refresh { by: OWNER, answer_arrives: true },
        Move::Refresh { by: OWNER, answer_arrives: false },
        Move::Use { by: OWNER },
        Move::Refresh { by: THIEF, answer_arrives: true },
        Move::Refresh { by: THIEF, answer_arrives: false },
        Move::Use { by: THIEF },
        Move::Wait(19_999),
        Move::Wait(60_000),
    ];

    /// A session whose tokens two parties have.
    #[derive(Clone, Copy)]
    struct Shared {
        server: Model,
        held: [Generation; 2],
    }

    impl Shared {
        fn after(mut self, step: Move) -> Self {
            match step {
                Move::Wait(millis) => self.server.now += millis,
                Move::Use { by } => self.server.uses(self.held[by]),
                Move::Refresh { by, answer_arrives } => {
                    if let Some(next) = self.server.refresh(self.held[by]).filter(|_| answer_arrives) {
                        self.held[by] = next;
                    }
                }
            }
            self
        }

        /// Returns whether the session ends if from here on both parties act as clients do: they refresh and use what
        /// they receive. Two rounds suffice.
        fn is_over_once_both_go_on(mut self, first: usize) -> bool {
            for by in [first, 1 - first, first, 1 - first] {
                for step in [Move::Refresh { by, answer_arrives: true }, Move::Use { by }, Move::Wait(60_000)]
                {
                    self = self.after(step);
                }
            }
            self.server.state.end_reason == Some(EndReason::ReplayDetected)
        }
    }

    /// Explores every history of at most `depth` further moves and returns their number.
    fn explore(shared: Shared, depth: usize) -> u64 {
        assert!(shared.is_over_once_both_go_on(OWNER), "{:?} {:?}", shared.server.state, shared.held);
        assert!(shared.is_over_once_both_go_on(THIEF), "{:?} {:?}", shared.server.state, shared.held);
        if shared.server.state.end_reason.is_some() {
            // The session stays ended for both parties.
            for by in [OWNER, THIEF] {
                let mut server = shared.server;
                assert_eq!(server.refresh(shared.held[by]), None);
            }
            return 1;
        }
        if depth == 0 {
            return 1;
        }
        1 + MOVES.iter().map(|step| explore(shared.after(*step), depth - 1)).sum::<u64>()
    }

    /// The thief has copied the owner's tokens. In any order, whatever responses are lost, at any time: the session
    /// ends as soon as both have used it past the grace time.
    #[test]
    fn every_order_of_six_moves_after_a_theft_ends_the_session() {
        let mut server = Model::new();
        server.uses(Generation::FIRST);
        let explored = explore(Shared { server, held: [Generation::FIRST; 2] }, 6);
        assert!(explored > 100_000, "{explored} histories");
    }

    /// A bound session: its browser has the key and writes cookies to disk late, a thief has only copied the cookies.
    #[derive(Clone, Copy)]
    struct Bound {
        server: Model,
        held: Generation,
        on_disk: Generation,
    }

    #[derive(Clone, Copy, Debug)]
    enum BoundMove {
        Refresh {
            answer_arrives: bool,
        },
        Use,
        /// The cookie is written to disk.
        Flush,
        /// The browser restarts with the cookie on disk.
        Crash,
        Wait(i64),
        /// A thief presents a cookie that is `back` generations old, without the key or with a used proof.
        Steal {
            back: u64,
            key: KeyCheck,
        },
    }

    const BOUND_MOVES: [BoundMove; 9] = [
        BoundMove::Refresh { answer_arrives: true },
        BoundMove::Refresh { answer_arrives: false },
        BoundMove::Use,
        BoundMove::Flush,
        BoundMove::Crash,
        BoundMove::Wait(60_000),
        BoundMove::Steal { back: 0, key: KeyCheck::Unproven },
        BoundMove::Steal { back: 2, key: KeyCheck::Unproven },
        BoundMove::Steal { back: 1, key: KeyCheck::ProofReused },
    ];

    impl Bound {
        fn begun() -> Self {
            Self { server: Model::new(), held: Generation::FIRST, on_disk: Generation::FIRST }
        }

        fn after(mut self, step: BoundMove) -> Self {
            match step {
                BoundMove::Refresh { answer_arrives } => {
                    let answered = self.server.refresh_with(KeyCheck::Proven, self.held).expect("signed out");
                    // A lost response and a crash before the last cookie is written add up to two generations: one at a
                    // time.
                    if answer_arrives || self.on_disk != self.held {
                        (self.held, self.on_disk) = (answered, self.held.max(self.on_disk));
                    }
                }
                BoundMove::Use => self.server.uses(self.held),
                BoundMove::Flush => self.on_disk = self.held,
                BoundMove::Crash => self.held = self.on_disk,
                BoundMove::Wait(millis) => self.server.now += millis,
                BoundMove::Steal { back, key } => {
                    let (before, copied) = (self.server.state, self.held.0.saturating_sub(back));
                    assert_eq!(self.server.refresh_with(key, Generation(copied)), None);
                    assert_eq!(self.server.state, before);
                }
            }
            self
        }
    }

    fn explore_bound(bound: Bound, depth: usize) -> u64 {
        assert_eq!(bound.server.state.end_reason, None);
        match depth {
            0 => 1,
            _ => 1 + BOUND_MOVES.iter().map(|step| explore_bound(bound.after(*step), depth - 1)).sum::<u64>(),
        }
    }

    /// Whatever responses are lost, whenever the browser crashes, and whatever a thief does with only the cookies:
    /// every refresh of the owner succeeds, and none of the thief's.
    #[test]
    fn every_order_of_six_moves_of_a_bound_session_leaves_it_to_whoever_has_the_key() {
        let explored = explore_bound(Bound::begun(), 6);
        assert!(explored > 500_000, "{explored} histories");
    }

    proptest! {
        #[test]
        fn a_bound_session_outlives_crashes_lost_answers_and_thieves(
            moves in prop::collection::vec((0..BOUND_MOVES.len(), 0..60_000_i64), 0..200)
        ) {
            moves.into_iter().fold(Bound::begun(), |bound, (step, millis)| {
                bound.after(BOUND_MOVES[step]).after(BoundMove::Wait(millis))
            });
        }

        #[test]
        fn two_that_both_have_the_key_end_the_session_once_one_of_them_is_two_behind(ahead in 2..20_u64) {
            let mut server = Model::new();
            for generation in 0..ahead {
                server.refresh_with(KeyCheck::Proven, Generation(generation));
            }
            prop_assert_eq!(server.refresh_with(KeyCheck::Proven, Generation::FIRST), None);
            prop_assert_eq!(server.state.end_reason, Some(EndReason::ReplayDetected));
        }

        #[test]
        fn one_client_is_never_signed_out_however_many_answers_are_lost(steps in prop::collection::vec(step(), 0..200)) {
            let mut server = Model::new();
            let mut held = Generation::FIRST;
            for step in steps {
                match step {
                    Step::Refresh { answer_arrives } => {
                        let answered = server.refresh(held);
                        prop_assert!(answered.is_some(), "signed out holding {held:?}: {:?}", server.state);
                        if answer_arrives {
                            held = answered.unwrap_or(held);
                        }
                    }
                    Step::Use => server.uses(held),
                    Step::Wait(millis) => server.now += millis,
                }
            }
        }

        #[test]
        fn a_stolen_token_ends_the_session_once_both_have_used_theirs_past_the_grace_time(
            before in 0..5_usize, thief_first: bool, turns in 2..6_usize
        ) {
            let mut server = Model::new();
            let mut owner = Generation::FIRST;
            for _ in 0..before {
                owner = server.refresh(owner).unwrap_or(owner);
                server.uses(owner);
                server.now += 60_000;
            }
            let mut thief = owner;
            for turn in 0..turns {
                let holder = if (turn % 2 == 0) == thief_first { &mut thief } else { &mut owner };
                if let Some(next) = server.refresh(*holder) {
                    *holder = next;
                    server.uses(next);
                }
                server.now += 60_000;
            }
            prop_assert_eq!(server.state.end_reason, Some(EndReason::ReplayDetected));
        }

        #[test]
        fn of_many_that_ask_at_once_one_rotates_and_all_get_the_same_generation(tabs in 1..50_usize, start in 0..9_u64) {
            let mut server = Model::new();
            server.state.generation = Generation(start);
            server.uses(Generation(start));
            for _ in 0..tabs {
                prop_assert_eq!(server.refresh(Generation(start)), Some(Generation(start + 1)));
            }
            prop_assert_eq!(server.state.generation, Generation(start + 1));
        }
    }
}
