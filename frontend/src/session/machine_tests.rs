//! Tests of every transition, and of generated event sequences that must preserve the machine's invariants.

use super::*;
use crate::session::samples::{account, other_grant, token_set};
use wasm_bindgen_test::wasm_bindgen_test;

const NOW: Timestamp = Timestamp::from_seconds(100);

fn own() -> TokenSet {
    token_set(5, 600)
}

fn stored(stored_session: &StoredSession, state: &State, event: Event) -> Step {
    step(state, event, Some(stored_session), NOW)
}

fn alone(state: &State, event: Event) -> Step {
    step(state, event, None, NOW)
}

fn brought(token_set: TokenSet) -> Event {
    Event::Refreshed { requested_sid: Some(own().sid), cause: RefreshCause::Scheduled, token_set }
}

fn refusal(reason: EndReason) -> Event {
    Event::Refused { requested_sid: Some(own().sid), reason: Some(reason) }
}

fn ended(reason: EndReason) -> State {
    State::Ended { account: account(1), reason }
}

fn written(effects: &[Effect]) -> Option<&StoredSession> {
    effects.iter().find_map(|effect| match effect {
        Effect::Write(stored_session) => Some(stored_session),
        _ => None,
    })
}

#[wasm_bindgen_test]
fn a_token_that_is_needed_is_asked_for() {
    let (state, effects) = alone(&State::SignedIn(own()), Event::RefreshNeeded(RefreshCause::Expired));
    assert_eq!(state, State::Refreshing(own()));
    assert_eq!(effects, [Effect::Refresh(RefreshCause::Expired)]);
    let same = StoredSession::SignedIn(own());
    assert_eq!(
        stored(&same, &State::Interrupted(own()), Event::RefreshNeeded(RefreshCause::Retry)).0,
        State::Refreshing(own())
    );
}

#[wasm_bindgen_test]
fn a_newer_token_of_another_tab_is_taken_instead() {
    let newer = StoredSession::SignedIn(token_set(6, 600));
    let (state, effects) =
        stored(&newer, &State::SignedIn(own()), Event::RefreshNeeded(RefreshCause::Rejected));
    assert_eq!(state, State::SignedIn(token_set(6, 600)));
    assert_eq!(effects, [Effect::LogActivity(Activity::SyncedFromTab)]);
    let older = StoredSession::SignedIn(token_set(4, 600));
    assert_eq!(
        stored(&older, &State::SignedIn(own()), Event::RefreshNeeded(RefreshCause::Rejected)).0,
        State::Refreshing(own())
    );
}

#[wasm_bindgen_test]
fn without_a_session_nothing_is_asked_for() {
    for state in [State::Restoring, State::SignedOut(None), ended(EndReason::Expired)] {
        assert_eq!(alone(&state, Event::RefreshNeeded(RefreshCause::Expired)), (state, vec![]));
    }
}

#[wasm_bindgen_test]
fn a_refresh_brings_the_next_token_to_all_tabs() {
    let (state, effects) = alone(&State::Refreshing(own()), brought(token_set(6, 600)));
    assert_eq!(state, State::SignedIn(token_set(6, 600)));
    assert_eq!(written(&effects), Some(&StoredSession::SignedIn(token_set(6, 600))));
}

#[wasm_bindgen_test]
fn an_answer_that_was_overtaken_does_not_replace_the_newer_token_and_the_cookie_is_renewed() {
    let kept = StoredSession::SignedIn(token_set(7, 600));
    let (state, effects) = stored(&kept, &State::Refreshing(own()), brought(token_set(6, 600)));
    assert_eq!(state, State::SignedIn(token_set(7, 600)));
    assert!(effects.contains(&Effect::RefreshSoon) && written(&effects).is_none());
}

#[wasm_bindgen_test]
fn a_record_that_claims_to_be_newer_yields_once_its_token_is_of_no_use() {
    let edited = TokenSet { generation: 999_999, ..own() };
    let lapsed = TokenSet { access_expires_at: NOW, ..edited.clone() };
    let (state, effects) = stored(
        &StoredSession::SignedIn(lapsed.clone()),
        &State::Refreshing(lapsed),
        brought(token_set(6, 600)),
    );
    assert_eq!(state, State::SignedIn(token_set(6, 600)));
    assert!(written(&effects).is_some());
    let after_refusal = Event::Refreshed {
        requested_sid: Some(own().sid),
        cause: RefreshCause::Rejected,
        token_set: token_set(6, 600),
    };
    let kept = StoredSession::SignedIn(edited.clone());
    assert_eq!(
        stored(&kept, &State::Refreshing(edited), after_refusal).0,
        State::SignedIn(token_set(6, 600))
    );
}

#[wasm_bindgen_test]
fn a_late_answer_never_signs_in_again() {
    for state in [State::SignedOut(Some(EndReason::SignedOut)), ended(EndReason::Admin)] {
        assert_eq!(alone(&state, brought(token_set(6, 600))), (state, vec![]));
    }
    let out = StoredSession::SigningOut { at: NOW };
    let (state, effects) = stored(&out, &State::Refreshing(own()), brought(token_set(6, 600)));
    assert_eq!((state, effects), (State::SignedOut(Some(EndReason::SignedOut)), vec![]));
}

#[wasm_bindgen_test]
fn an_answer_for_the_session_before_this_one_is_put_aside() {
    let now_other = State::Refreshing(other_grant(2));
    for event in [brought(token_set(6, 600)), refusal(EndReason::Expired)] {
        let (state, effects) = alone(&now_other, event);
        assert_eq!((state, effects), (State::SignedIn(other_grant(2)), vec![Effect::RefreshSoon]));
    }
    let other = StoredSession::SignedIn(other_grant(2));
    let (state, effects) = stored(&other, &State::Refreshing(own()), brought(token_set(6, 600)));
    assert_eq!(state, State::SignedIn(other_grant(2)));
    assert!(effects.contains(&Effect::RefreshSoon) && written(&effects).is_none());
}

#[wasm_bindgen_test]
fn the_cookie_alone_restores_a_session_or_shows_that_there_is_none() {
    let found = Event::Refreshed { requested_sid: None, cause: RefreshCause::Start, token_set: own() };
    assert_eq!(alone(&State::Restoring, found).0, State::SignedIn(own()));
    let none = Event::Refused { requested_sid: None, reason: None };
    assert_eq!(alone(&State::Restoring, none), (State::SignedOut(None), vec![Effect::ClearHint]));
}

#[wasm_bindgen_test]
fn a_refusal_ends_the_session_with_its_reason_and_keeps_the_page() {
    for reason in EndReason::ALL {
        let (state, effects) = alone(&State::Refreshing(own()), refusal(reason));
        let meant = matches!(reason, EndReason::SignedOut | EndReason::AccountDeleted);
        assert_eq!(state, if meant { State::SignedOut(Some(reason)) } else { ended(reason) });
        assert_eq!(written(&effects), Some(&StoredSession::SignedOut { reason, at: NOW }));
    }
    let unnamed = Event::Refused { requested_sid: Some(own().sid), reason: None };
    assert_eq!(alone(&State::Refreshing(own()), unnamed).0, ended(EndReason::Expired));
}

fn proof_rejected() -> Event {
    Event::ProofRejected { requested_sid: Some(own().sid) }
}

fn key_lost() -> State {
    State::KeyLost(Some(own()))
}

const LOST: StoredSession = StoredSession::KeyLost { remembered: true };

#[wasm_bindgen_test]
fn a_lost_key_keeps_the_page_and_the_session_and_tells_all_tabs() {
    for state in [State::SignedIn(own()), State::Refreshing(own()), State::Interrupted(own())] {
        assert_eq!(alone(&state, proof_rejected()), (key_lost(), vec![Effect::Write(LOST)]));
        assert_eq!(alone(&state, Event::StorageChanged(LOST)), (key_lost(), vec![]));
    }
    assert_eq!(key_lost().account(), Some(&account(1)));
    assert_eq!((key_lost().token_set(), key_lost().end_reason()), (None, None));
    let passing = TokenSet { remembered: false, ..own() };
    let (_, effects) = alone(&State::Refreshing(passing), proof_rejected());
    assert_eq!(written(&effects), Some(&StoredSession::KeyLost { remembered: false }));
}

#[wasm_bindgen_test]
fn a_lost_key_without_an_open_page_leads_to_the_sign_in_page() {
    let requested_sid = Event::ProofRejected { requested_sid: None };
    assert_eq!(alone(&State::Restoring, requested_sid), (State::KeyLost(None), vec![]));
}

#[wasm_bindgen_test]
fn a_page_that_starts_looks_for_the_key_itself_whatever_is_stored_of_it() {
    assert_eq!(stored(&LOST, &State::Restoring, Event::StorageChanged(LOST)), (State::Restoring, vec![]));
    let found = Event::Refreshed { requested_sid: None, cause: RefreshCause::Start, token_set: own() };
    assert_eq!(stored(&LOST, &State::Restoring, found).0, State::SignedIn(own()));
    let over = Event::Refused { requested_sid: None, reason: Some(EndReason::Admin) };
    assert_eq!(stored(&LOST, &State::Restoring, over).0, State::SignedOut(Some(EndReason::Admin)));
}

#[wasm_bindgen_test]
fn after_the_password_the_same_session_goes_on_in_all_tabs() {
    for state in [key_lost(), State::KeyLost(None)] {
        let (next, effects) = alone(&state, Event::SignedIn(token_set(6, 600)));
        assert_eq!(next, State::SignedIn(token_set(6, 600)));
        let told = written(&effects).unwrap().clone();
        assert_eq!(alone(&state, Event::StorageChanged(told)).0, State::SignedIn(token_set(6, 600)));
    }
    // A tab whose own refresh is refused after that was only slow.
    let kept = StoredSession::SignedIn(token_set(6, 600));
    assert_eq!(
        stored(&kept, &State::Refreshing(own()), proof_rejected()).0,
        State::SignedIn(token_set(6, 600))
    );
}

#[wasm_bindgen_test]
fn while_the_key_is_lost_nothing_but_the_person_or_an_end_goes_on() {
    for event in [Event::RefreshNeeded(RefreshCause::Expired), refusal(EndReason::Expired), proof_rejected()]
    {
        assert_eq!(alone(&key_lost(), event), (key_lost(), vec![]));
    }
    for event in [
        Event::ServerUnreachable,
        Event::ServerReachable,
        Event::AccountChanged(account(1)),
        Event::StorageChanged(LOST),
    ] {
        assert_eq!(alone(&key_lost(), event), (key_lost(), vec![]));
    }
    let over = StoredSession::SignedOut { reason: EndReason::Admin, at: NOW };
    assert_eq!(alone(&key_lost(), Event::StorageChanged(over)).0, ended(EndReason::Admin));
    // The session is active, so giving it up for another sign-in signs out of it.
    for event in [Event::Abandon, Event::SignOut] {
        let (state, effects) = alone(&key_lost(), event);
        assert_eq!(state, State::SignedOut(Some(EndReason::SignedOut)));
        assert!(effects.contains(&Effect::LogOut(Some(own()))));
    }
}

#[wasm_bindgen_test]
fn a_refresh_that_was_under_way_when_another_tab_told_of_a_lost_key_shows_that_it_is_there() {
    let (state, effects) = stored(&LOST, &key_lost(), brought(token_set(6, 600)));
    assert_eq!(state, State::SignedIn(token_set(6, 600)));
    assert_eq!(written(&effects), Some(&StoredSession::SignedIn(token_set(6, 600))));
    let of_another = Event::Refreshed {
        requested_sid: Some(other_grant(1).sid),
        cause: RefreshCause::Scheduled,
        token_set: other_grant(1),
    };
    for event in
        [of_another, Event::Refreshed { requested_sid: None, cause: RefreshCause::Start, token_set: own() }]
    {
        assert_eq!(stored(&LOST, &key_lost(), event), (key_lost(), vec![]));
    }
    assert_eq!(stored(&LOST, &State::KeyLost(None), brought(own())), (State::KeyLost(None), vec![]));
}

#[wasm_bindgen_test]
fn a_want_of_the_key_of_another_session_counts_for_nothing() {
    let other = State::Refreshing(other_grant(2));
    assert_eq!(alone(&other, proof_rejected()), (State::SignedIn(other_grant(2)), vec![Effect::RefreshSoon]));
    let kept = StoredSession::SignedIn(other_grant(2));
    assert_eq!(stored(&kept, &State::Refreshing(own()), proof_rejected()).0, State::SignedIn(other_grant(2)));
    let out = StoredSession::SigningOut { at: NOW };
    let signed_out = State::SignedOut(Some(EndReason::SignedOut));
    assert_eq!(stored(&out, &State::Refreshing(own()), proof_rejected()), (signed_out, vec![]));
}

#[wasm_bindgen_test]
fn a_refusal_counts_for_nothing_once_somebody_has_signed_in_anew() {
    let other = StoredSession::SignedIn(other_grant(1));
    let (state, effects) = stored(&other, &State::Refreshing(own()), refusal(EndReason::Expired));
    assert_eq!(state, State::SignedIn(other_grant(1)));
    assert!(written(&effects).is_none());
}

#[wasm_bindgen_test]
fn no_answer_interrupts_and_never_signs_out() {
    for state in [State::SignedIn(own()), State::Refreshing(own()), State::Interrupted(own())] {
        let (next, effects) = alone(&state, Event::ServerUnreachable);
        assert_eq!(next, State::Interrupted(own()));
        assert!(effects.contains(&Effect::RetryLater) && written(&effects).is_none());
    }
    assert_eq!(
        alone(&State::Restoring, Event::ServerUnreachable),
        (State::Restoring, vec![Effect::RetryLater])
    );
    assert_eq!(alone(&State::SignedOut(None), Event::ServerUnreachable), (State::SignedOut(None), vec![]));
    assert_eq!(alone(&State::Interrupted(own()), Event::ServerReachable).0, State::SignedIn(own()));
}

#[wasm_bindgen_test]
fn a_sign_out_holds_here_before_the_server_hears_of_it() {
    let (state, effects) = alone(&State::Interrupted(own()), Event::SignOut);
    assert_eq!(state, State::SignedOut(Some(EndReason::SignedOut)));
    assert_eq!(effects, [Effect::Write(StoredSession::SigningOut { at: NOW }), Effect::LogOut(Some(own()))]);
    let (_, effects) = stored(&StoredSession::SigningOut { at: NOW }, &state, Event::LoggedOut);
    assert_eq!(written(&effects), Some(&StoredSession::SignedOut { reason: EndReason::SignedOut, at: NOW }));
    // If nothing can be stored, the session hint has to be removed all the same.
    let (_, effects) = alone(&state, Event::LoggedOut);
    assert_eq!(written(&effects), Some(&StoredSession::SignedOut { reason: EndReason::SignedOut, at: NOW }));
    // Another sign-in in the meantime stays in effect.
    assert_eq!(stored(&StoredSession::SignedIn(own()), &state, Event::LoggedOut), (state, vec![]));
    let again = State::SignedIn(other_grant(1));
    assert_eq!(alone(&again, Event::LoggedOut), (again, vec![]));
}

#[wasm_bindgen_test]
fn tabs_follow_one_another() {
    let heard =
        |state: &State, stored_session: StoredSession| alone(state, Event::StorageChanged(stored_session)).0;
    let newer = StoredSession::SignedIn(token_set(6, 600));
    for state in [
        State::Restoring,
        State::SignedOut(None),
        State::SignedOut(Some(EndReason::SignedOut)),
        State::SignedIn(own()),
        State::Refreshing(own()),
        State::Interrupted(own()),
        ended(EndReason::Expired),
    ] {
        assert_eq!(heard(&state, newer.clone()), State::SignedIn(token_set(6, 600)), "{state:?}");
        assert_eq!(heard(&state, StoredSession::SignedIn(other_grant(2))), State::SignedIn(other_grant(2)));
    }
    let out = StoredSession::SignedOut { reason: EndReason::SignedOut, at: NOW };
    assert_eq!(heard(&State::SignedIn(own()), out.clone()), State::SignedOut(Some(EndReason::SignedOut)));
    assert_eq!(heard(&State::Restoring, out.clone()), State::SignedOut(Some(EndReason::SignedOut)));
    assert_eq!(heard(&ended(EndReason::Admin), out), ended(EndReason::Admin));
    let over = StoredSession::SignedOut { reason: EndReason::ReplayDetected, at: NOW };
    assert_eq!(heard(&State::SignedIn(own()), over), ended(EndReason::ReplayDetected));
    assert_eq!(
        heard(&State::SignedIn(own()), StoredSession::SignedIn(token_set(4, 600))),
        State::SignedIn(own())
    );
}

#[wasm_bindgen_test]
fn a_changed_account_goes_into_the_newest_token() {
    let renamed = || Account { display_name: "Zoë".into(), ..account(1) };
    let (state, effects) = alone(&State::Refreshing(own()), Event::AccountChanged(renamed()));
    assert_eq!(state, State::Refreshing(TokenSet { account: renamed(), ..own() }));
    assert!(written(&effects).is_some());
    let kept = StoredSession::SignedIn(token_set(6, 600));
    let (state, _) = stored(&kept, &State::SignedIn(own()), Event::AccountChanged(renamed()));
    assert_eq!(state, State::SignedIn(TokenSet { account: renamed(), ..token_set(6, 600) }));
    let (state, _) = alone(
        &State::SignedIn(own()),
        Event::StorageChanged(StoredSession::SignedIn(TokenSet { account: renamed(), ..own() })),
    );
    assert_eq!(state.account(), Some(&renamed()));
}

#[wasm_bindgen_test]
fn leaving_and_deleting_lead_out() {
    assert_eq!(
        alone(&ended(EndReason::Expired), Event::Abandon).0,
        State::SignedOut(Some(EndReason::Expired))
    );
    let (state, effects) = alone(&State::SignedIn(own()), Event::Deleted(own().account.id));
    assert_eq!(state, State::SignedOut(Some(EndReason::AccountDeleted)));
    assert!(matches!(written(&effects), Some(StoredSession::SignedOut { .. })));
    // Another user has signed in since.
    let other = State::SignedIn(other_grant(2));
    assert_eq!(alone(&other, Event::Deleted(own().account.id)), (other, vec![]));
}

#[wasm_bindgen_test]
fn an_answer_for_another_account_is_not_taken_over_and_leaves_that_one_its_mark() {
    let over = ended(EndReason::Unknown);
    for state in [State::SignedIn(own()), State::Refreshing(own()), State::Interrupted(own())] {
        for answer in [other_grant(2), TokenSet { account: account(2), ..token_set(6, 600) }] {
            assert_eq!(alone(&state, brought(answer.clone())), (over.clone(), vec![]));
            let kept = StoredSession::SignedIn(own());
            assert_eq!(stored(&kept, &state, brought(answer)), (over.clone(), vec![Effect::RemoveStored]));
        }
        // Another session of the same account is accepted.
        assert_eq!(alone(&state, brought(other_grant(1))).0, State::SignedIn(other_grant(1)));
    }
}

/// Pseudo-random numbers, the same in every run (Knuth's MMIX linear congruential generator).
struct Rng(u64);

impl Rng {
    fn next_below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn token_set(&mut self) -> TokenSet {
        match self.next_below(6) {
            0 => other_grant(1),
            1 => other_grant(2),
            _ => token_set(self.next_below(9), 300 + self.next_below(3)),
        }
    }

    /// Returns a random element of `all`.
    fn one_of<T: Clone>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.next_below(all.len() as u64)).unwrap()].clone()
    }

    fn stored_session(&mut self) -> Option<StoredSession> {
        let reason = self.one_of(&EndReason::ALL);
        match self.next_below(9) {
            8 => Some(LOST),
            0 => None,
            1 => Some(StoredSession::SigningOut { at: NOW }),
            2 => Some(StoredSession::SignedOut { reason, at: NOW }),
            _ => Some(StoredSession::SignedIn(self.token_set())),
        }
    }

    fn event(&mut self, requested_sid: Option<Uuid>) -> Event {
        let reason = Some(self.one_of(&EndReason::ALL));
        let requested_sid = if self.next_below(4) == 0 { None } else { requested_sid };
        match self.next_below(16) {
            // The tokens of a password change are newer than all before them.
            15 => Event::PasswordChanged(token_set(9, 600)),
            14 => Event::ProofRejected { requested_sid },
            0 | 1 => Event::RefreshNeeded(RefreshCause::Scheduled),
            2..=4 => Event::Refreshed {
                requested_sid,
                cause: RefreshCause::Scheduled,
                token_set: self.token_set(),
            },
            5 => Event::Refused { requested_sid, reason },
            6 | 7 => Event::ServerUnreachable,
            8 => Event::ServerReachable,
            9 => Event::SignedIn(self.token_set()),
            10 => Event::AccountChanged(account(1)),
            11 => self.one_of(&[
                Event::SignOut,
                Event::LoggedOut,
                Event::Abandon,
                Event::Deleted(account(1).id),
            ]),
            _ => Event::StorageChanged(
                self.stored_session().unwrap_or(StoredSession::SignedIn(self.token_set())),
            ),
        }
    }
}

#[wasm_bindgen_test]
fn in_every_history_only_an_end_ends_and_no_token_grows_older() {
    for seed in 0..300 {
        let mut rng = Rng(seed);
        let mut state =
            rng.one_of(&[State::SignedIn(own()), State::Restoring, State::KeyLost(None), key_lost()]);
        for _ in 0..60 {
            let kept = rng.stored_session();
            let event = rng.event(last_grant(&state).map(|token_set| token_set.sid));
            let (next, effects) = step(&state, event.clone(), kept.as_ref(), NOW);
            check(&state, &event, kept.as_ref(), &next, &effects);
            state = next;
        }
    }
}

fn check(state: &State, event: &Event, kept: Option<&StoredSession>, next: &State, effects: &[Effect]) {
    let context = format!("{state:?} {event:?} {kept:?}");
    let displaced = matches!(event, Event::Refreshed { token_set, .. } if state.account().map(|own| own.id) != Some(token_set.account.id));
    let an_end = displaced
        || matches!(event, Event::Refused { .. } | Event::SignOut | Event::Deleted(_))
        || matches!(event, Event::StorageChanged(stored_session) if stored_session.end_reason().is_some())
        || matches!(event, Event::Refreshed { .. } | Event::ProofRejected { .. })
            && kept.is_some_and(|stored_session| stored_session.end_reason().is_some());
    let key_lost =
        matches!(event, Event::ProofRejected { .. } | Event::StorageChanged(StoredSession::KeyLost { .. }));
    if state.token_set().is_some() && next.token_set().is_none() {
        assert!(an_end || key_lost && matches!(next, State::KeyLost(Some(_))), "{context}");
    }
    if key_lost && state.account().is_some() {
        let over = kept.is_some_and(|stored_session| stored_session.end_reason().is_some());
        assert!(over || next.account().is_some(), "a lost key takes no page away: {context}");
    }
    // Only the user or another tab can change the account of this page.
    if let (Some(before), Some(after), false) =
        (state.account(), next.account(), matches!(event, Event::SignedIn(_) | Event::StorageChanged(_)))
    {
        let told = kept.and_then(StoredSession::token_set).is_some_and(|kept| kept.account.id == after.id);
        assert!(before.id == after.id || told, "{context}");
    }
    if displaced && state.token_set().is_some() {
        let written = written(effects).and_then(StoredSession::token_set);
        assert!(written.is_none(), "an answer for another account reaches no other tab: {context}");
    }
    if matches!(
        event,
        Event::Refreshed { .. }
            | Event::Refused { .. }
            | Event::ProofRejected { .. }
            | Event::ServerUnreachable
    ) {
        assert!(!matches!(next, State::Refreshing(_)), "an answer leaves nothing open: {context}");
    }
    if matches!(next, State::Refreshing(_)) && !matches!(state, State::Refreshing(_)) {
        assert!(effects.iter().any(|effect| matches!(effect, Effect::Refresh(_))), "{context}");
    }
    if let (Some(before), Some(after), false) =
        (state.token_set(), next.token_set(), matches!(event, Event::SignedIn(_) | Event::Refreshed { .. }))
        && before.sid == after.sid
    {
        assert!(after.generation >= before.generation, "{context}");
    }
    if let (
        Some(StoredSession::SignedIn(written)),
        Some(StoredSession::SignedIn(kept)),
        Event::Refreshed { .. },
    ) = (written(effects), kept, event)
        && written.sid == kept.sid
        && state.token_set().is_some()
    {
        assert!(written.generation >= kept.generation, "{context}");
    }
}

#[wasm_bindgen_test]
fn a_changed_password_goes_on_with_the_new_tokens_unless_the_session_has_gone() {
    let renewed = token_set(6, 600);
    for state in [State::SignedIn(own()), State::Refreshing(own()), State::Interrupted(own())] {
        let (next, effects) = alone(&state, Event::PasswordChanged(renewed.clone()));
        assert_eq!(next, State::SignedIn(renewed.clone()));
        assert_eq!(written(&effects), Some(&StoredSession::SignedIn(renewed.clone())));
    }
    for state in [State::SignedOut(None), ended(EndReason::Expired), State::SignedIn(other_grant(5))] {
        assert_eq!(alone(&state, Event::PasswordChanged(renewed.clone())), (state, vec![]));
    }
}
