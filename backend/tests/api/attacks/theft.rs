//! Theft: two parties have tokens of one session. The sequences of steps are generated and run against the real server
//! and its database.

use crate::support::{Answer, Key, PASSWORD, Person, TestApp};
use latchkey_shared::{EndReason, ErrorCode};
use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::runtime::Runtime;

const GRACE: u64 = 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Party {
    Owner,
    Thief,
}

/// A step of a sequence.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// A party presents its refresh token; the response may get lost.
    Refresh { by: Party, answer_arrives: bool },
    /// A party sends a request with its access token.
    Use(Party),
    /// The thief copies the owner's tokens.
    Steal,
    /// The clock advances by this number of seconds.
    Wait(u64),
}

/// Model of the rotation rules, independent of the code that it checks.
#[derive(Clone, Debug)]
struct Rules {
    now: u64,
    current: u64,
    rotated_at: u64,
    seen: Option<u64>,
    over: bool,
    owner: u64,
    thief: Option<u64>,
}

impl Rules {
    fn fresh() -> Self {
        Self { now: 0, current: 0, rotated_at: 0, seen: None, over: false, owner: 0, thief: None }
    }

    fn held_by(&self, party: Party) -> Option<u64> {
        match party {
            Party::Owner => Some(self.owner),
            Party::Thief => self.thief,
        }
    }

    fn refresh(&mut self, by: Party, answer_arrives: bool) {
        let Some(presented) = self.held_by(by).filter(|_| !self.over) else { return };
        let lost_or_simultaneous = self.seen < Some(self.current) || self.now < self.rotated_at + GRACE;
        if presented == self.current {
            (self.current, self.rotated_at) = (presented + 1, self.now);
        } else if presented + 1 != self.current || !lost_or_simultaneous {
            self.over = true;
            return;
        }
        match by {
            _ if !answer_arrives => {}
            Party::Owner => self.owner = self.current,
            Party::Thief => self.thief = Some(self.current),
        }
    }
}

impl ReferenceStateMachine for Rules {
    type State = Self;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Self> {
        Just(Self::fresh()).boxed()
    }

    fn transitions(_: &Self) -> BoxedStrategy<Step> {
        let party = prop_oneof![Just(Party::Owner), Just(Party::Thief)];
        prop_oneof![
            4 => (party.clone(), any::<bool>()).prop_map(|(by, answer_arrives)| Step::Refresh { by, answer_arrives }),
            4 => party.prop_map(Step::Use),
            1 => Just(Step::Steal),
            3 => prop_oneof![Just(1), Just(GRACE - 1), Just(GRACE), Just(60)].prop_map(Step::Wait),
        ]
        .boxed()
    }

    fn apply(mut rules: Self, step: &Step) -> Self {
        match *step {
            Step::Refresh { by, answer_arrives } => rules.refresh(by, answer_arrives),
            Step::Use(party) if !rules.over => rules.seen = rules.seen.max(rules.held_by(party)),
            Step::Use(_) => {}
            Step::Steal => rules.thief = Some(rules.owner),
            Step::Wait(seconds) => rules.now += seconds,
        }
        rules
    }
}

/// One server for all sequences; each sequence has its own session.
struct TestBed {
    runtime: Runtime,
    app: TestApp,
    owner: Person,
    /// Lock for the clock, which all share: one sequence at a time.
    turn: Mutex<()>,
}

static TEST_BED: LazyLock<TestBed> = LazyLock::new(|| {
    let runtime = Runtime::new().unwrap();
    let settings =
        [("tokens.access_lifetime", "10d"), ("sessions.idle", "80d"), ("sessions.per_account", "2000")];
    let app = runtime.block_on(TestApp::with(&settings));
    let owner = runtime.block_on(app.signed_up_with("owner", PASSWORD));
    TestBed { runtime, app, owner, turn: Mutex::default() }
});

struct Real {
    owner: Person,
    thief: Option<Person>,
    told: bool,
    _turn: MutexGuard<'static, ()>,
}

impl Real {
    fn party(&self, party: Party) -> Option<&Person> {
        match party {
            Party::Owner => Some(&self.owner),
            Party::Thief => self.thief.as_ref(),
        }
    }

    /// The party that triggers the detection gets `replay_detected`; all later requests get `session_ended` with the
    /// reason.
    fn refused(&mut self, answer: &Answer) {
        let code = if self.told { ErrorCode::SessionEnded } else { ErrorCode::ReplayDetected };
        assert_eq!(answer.problem(code).end_reason, Some(EndReason::ReplayDetected), "{answer}");
        self.told = true;
    }

    fn refresh(&mut self, by: Party, answer_arrives: bool, rules: &Rules) {
        let Some(party) = self.party(by) else { return };
        let answer = TEST_BED.runtime.block_on(party.refresh_with(&party.refresh_token()));
        if rules.over {
            return self.refused(&answer);
        }
        answer.ok();
        if answer_arrives {
            party.store_tokens(&answer);
            assert_eq!(party.claims()["gen"], rules.current);
        }
    }

    fn uses(&self, party: Party, rules: &Rules) {
        let Some(party) = self.party(party) else { return };
        let answer = TEST_BED.runtime.block_on(party.verify());
        if rules.over {
            let problem = answer.problem(ErrorCode::SessionEnded);
            assert_eq!(problem.end_reason, Some(EndReason::ReplayDetected));
        } else {
            answer.ok();
        }
    }

    fn run(&mut self, step: Step, rules: &Rules) {
        match step {
            Step::Refresh { by, answer_arrives } => self.refresh(by, answer_arrives, rules),
            Step::Use(party) => self.uses(party, rules),
            Step::Steal => self.thief = Some(self.owner.at(&TEST_BED.app)),
            Step::Wait(seconds) => TEST_BED.app.clock.advance(Duration::from_secs(seconds)),
        }
    }

    /// In another session of the owner's, the list shows why this one ended.
    fn owner_is_told_why(&self) {
        let listed = TEST_BED.runtime.block_on(TEST_BED.owner.listed(&self.owner.session_id()));
        assert_eq!(listed["end_reason"], "replay_detected");
    }
}

impl StateMachineTest for Real {
    type SystemUnderTest = Self;
    type Reference = Rules;

    fn init_test(_: &Rules) -> Self {
        // The failure of another sequence has been reported; this one can continue.
        let turn = TEST_BED.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let owner = TEST_BED.runtime.block_on(TEST_BED.owner.elsewhere());
        Self { owner, thief: None, told: false, _turn: turn }
    }

    fn apply(mut real: Self, rules: &Rules, step: Step) -> Self {
        real.run(step, rules);
        real
    }

    /// Final check of any sequence: without a thief, the owner is still signed in; with one, the session ends as soon
    /// as both have used tokens after the grace time.
    fn teardown(mut real: Self, mut rules: Rules) {
        if rules.thief.is_none() {
            assert!(!rules.over, "the owner alone is never signed out");
            return real.refresh(Party::Owner, true, &{
                rules.refresh(Party::Owner, true);
                rules
            });
        }
        for by in [Party::Owner, Party::Thief, Party::Owner, Party::Thief] {
            for step in [Step::Refresh { by, answer_arrives: true }, Step::Use(by), Step::Wait(60)] {
                rules = Rules::apply(rules, &step);
                real.run(step, &rules);
            }
        }
        assert!(rules.over && real.told, "both held the session: {rules:?}");
        real.owner_is_told_why();
    }
}

/// Steps of either party once both have tokens of the session; only `Wait` takes time.
const MOVES: [Step; 7] = [
    Step::Refresh { by: Party::Owner, answer_arrives: true },
    Step::Refresh { by: Party::Owner, answer_arrives: false },
    Step::Use(Party::Owner),
    Step::Refresh { by: Party::Thief, answer_arrives: true },
    Step::Refresh { by: Party::Thief, answer_arrives: false },
    Step::Use(Party::Thief),
    Step::Wait(60),
];

/// Covers every sequence of three steps on the real database; `rotation.rs` tests longer ones on the decision alone.
#[test]
fn every_order_of_three_moves_after_a_theft_ends_the_session() {
    for first in MOVES {
        for second in MOVES {
            for third in MOVES {
                let (mut rules, mut real) = (Rules::fresh(), Real::init_test(&Rules::fresh()));
                for step in [Step::Use(Party::Owner), Step::Steal, first, second, third] {
                    rules = <Rules as ReferenceStateMachine>::apply(rules, &step);
                    real = <Real as StateMachineTest>::apply(real, &rules, step);
                }
                <Real as StateMachineTest>::teardown(real, rules);
            }
        }
    }
}

/// Runs a step of a session that is bound to a key which the thief does not have.
async fn of_a_bound_session(step: Step, owner: &Person, thief: &Person) {
    match step {
        Step::Refresh { by: Party::Owner, answer_arrives } => {
            let answer = owner.refresh_with(&owner.refresh_token()).await;
            answer.ok();
            if answer_arrives {
                owner.store_tokens(&answer);
            }
        }
        Step::Refresh { by: Party::Thief, .. } => thief.refresh().await.asks_for_the_right_proof(),
        Step::Use(Party::Owner) => drop(owner.verify().await.ok()),
        Step::Use(Party::Thief) => drop(thief.verify().await.ok()),
        Step::Steal => {}
        Step::Wait(seconds) => TEST_BED.app.clock.advance(Duration::from_secs(seconds)),
    }
}

/// The owner notices nothing that the thief does, and the thief gains nothing.
#[test]
fn every_order_of_three_moves_after_a_theft_leaves_a_bound_session_to_its_owner() {
    let _turn = TEST_BED.turn.lock().unwrap_or_else(PoisonError::into_inner);
    TEST_BED.runtime.block_on(async {
        for first in MOVES {
            for second in MOVES {
                for third in MOVES {
                    let owner = TEST_BED.owner.elsewhere_bound_to(Key::of(1)).await;
                    owner.verify().await.ok();
                    let thief = owner.stolen_copy();
                    for step in [first, second, third] {
                        of_a_bound_session(step, &owner, &thief).await;
                    }
                    owner.refresh().await.ok();
                    owner.log_out().await.no_content();
                }
            }
        }
    });
}

prop_state_machine! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 500, ..ProptestConfig::default() })]

    /// Each sequence has up to thirty steps.
    #[test]
    fn whoever_steals_a_session_ends_it_and_whoever_only_loses_answers_does_not(sequential 1..30 => Real);
}
