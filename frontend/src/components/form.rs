//! A form: what is wrong with it, and whether it is on its way.

use super::ProblemText;
use crate::api::Failure;
use crate::i18n::{Texts, Words, tr, use_i18n};
use crate::platform::clock;
use crate::platform::document::{self, Focus};
use latchkey_shared::{ErrorCode, FieldError, FieldErrorCode};
use leptos::{ev::SubmitEvent, prelude::*};
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;
use uuid::Uuid;
use wasm_bindgen_futures::spawn_local;

/// The state of one form. What was typed lives in the page's own signals, and nothing here clears it.
#[derive(Clone, Copy)]
pub struct Form {
    name: &'static str,
    /// Which one of several forms of this name it is.
    of: Option<Uuid>,
    /// A code that means one field, and which field that is.
    refused_at: Option<(ErrorCode, &'static str)>,
    errors: RwSignal<Vec<FieldError>>,
    failure: RwSignal<Option<Failure>>,
    busy: RwSignal<bool>,
    /// For how many seconds more the server wants no other try.
    pause: RwSignal<u64>,
    done: RwSignal<bool>,
    fields: StoredValue<Vec<&'static str>>,
}

impl Form {
    /// A form whose fields have ids that start with `name`.
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            of: None,
            refused_at: None,
            errors: RwSignal::default(),
            failure: RwSignal::default(),
            busy: RwSignal::new(false),
            pause: RwSignal::new(0),
            done: RwSignal::new(false),
            fields: StoredValue::default(),
        }
    }

    /// The same, as one of several: the one about `id`.
    pub fn of(self, id: Option<Uuid>) -> Self {
        Self { of: id, ..self }
    }

    /// The same, with a refusal of this code shown at this field.
    pub fn refused_at(self, code: ErrorCode, field: &'static str) -> Self {
        Self { refused_at: Some((code, field)), ..self }
    }

    /// The same, in a state that only calls bring about.
    #[cfg(debug_assertions)]
    pub fn posed(
        self,
        errors: Vec<FieldError>,
        failure: Option<Failure>,
        busy: bool,
        pause: u64,
        done: bool,
    ) -> Self {
        self.errors.set(errors);
        self.failure.set(failure);
        self.busy.set(busy);
        self.pause.set(pause);
        self.done.set(done);
        self
    }

    /// Sends the form, unless it is on its way already or the server wants to be left alone. `request` is made of what the
    /// fields hold by then: what is wrong with it, and the call that sends it if nothing is.
    pub fn submit<Work>(
        self,
        event: &SubmitEvent,
        request: impl FnOnce() -> (Result<(), Vec<FieldError>>, Work),
    ) where
        Work: Future<Output = Result<(), Failure>> + 'static,
    {
        if self.may_be_read(event) {
            let (checked, work) = request();
            if self.may_start(checked) {
                self.start(Box::pin(work));
            }
        }
    }

    /// Password managers fill fields in without a word: so every field is asked before anything is read.
    fn may_be_read(self, event: &SubmitEvent) -> bool {
        event.prevent_default();
        if self.busy.get_untracked() || self.pause.get_untracked() > 0 {
            return false;
        }
        document::report_fields(event);
        true
    }

    fn may_start(self, checked: Result<(), Vec<FieldError>>) -> bool {
        self.done.set(false);
        self.failure.set(None);
        self.errors.set(checked.err().unwrap_or_default());
        let flawless = self.errors.with_untracked(Vec::is_empty);
        if !flawless {
            self.lead_to_first_error(Focus::now());
        }
        flawless
    }

    /// Boxed, so that the code to send a form exists once, and not for every form.
    fn start(self, work: Pin<Box<dyn Future<Output = Result<(), Failure>>>>) {
        self.busy.set(true);
        let focus = Focus::now();
        spawn_local(async move {
            let answer = work.await;
            self.settle(answer, focus);
        });
    }

    /// The page may have gone when the answer comes; then there is nobody to tell.
    fn settle(self, answer: Result<(), Failure>, focus: Focus) {
        let _ = self.busy.try_set(false);
        match answer {
            Ok(()) => {
                let _ = self.done.try_set(true);
            }
            Err(failure) => {
                let pause = failure.retry_after().filter(|pause| !pause.is_zero());
                let _ = self.errors.try_set(failure.field_errors().to_vec());
                let _ = self.failure.try_set(Some(failure));
                self.lead_to_first_error(focus);
                if let Some(pause) = pause {
                    spawn_local(self.count_down(pause));
                }
            }
        }
    }

    /// Counts the seconds until the form can be sent again; then there is nothing to complain about any more.
    async fn count_down(self, pause: Duration) {
        let over = clock::now() + pause;
        loop {
            let left = clock::now().until(over);
            let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
            let gone = self.pause.try_set(seconds).is_some();
            if gone || seconds == 0 {
                break;
            }
            clock::wait(left.min(Duration::from_secs(1))).await;
        }
        let _ = self.failure.try_set(None);
    }

    fn is_held_up(self) -> bool {
        self.busy.get() || self.pause.get() > 0
    }

    /// Whether the last try went well, followed by views.
    pub fn done(self) -> bool {
        self.done.get()
    }

    /// The code that the last try was refused with, followed by views.
    pub fn code(self) -> Option<ErrorCode> {
        self.failure.with(|failure| failure.as_ref().and_then(Failure::code))
    }

    pub(super) fn id(self, field: &str) -> String {
        match self.of {
            Some(id) => format!("{}-{field}-{id}", self.name),
            None => format!("{}-{field}", self.name),
        }
    }

    pub(super) fn register(self, field: &'static str) {
        self.fields.update_value(|fields| fields.push(field));
    }

    /// What is wrong with a field, in words.
    pub(super) fn error(self, field: &str, texts: &Texts) -> Option<&'static str> {
        match self.refused_at {
            Some((code, at)) if at == field && self.code() == Some(code) => {
                return Some(match code {
                    // One of several passwords: there is no address that could be wrong.
                    ErrorCode::CredentialsRejected => texts.wrong_password,
                    code => (texts.problem)(code),
                });
            }
            _ => {}
        }
        let code: Option<FieldErrorCode> = self
            .errors
            .with(|errors| errors.iter().find(|error| error.field == field).map(|error| error.code));
        code.map(texts.field_error)
    }

    /// The person mends a field.
    pub(super) fn mended(self, field: &str) {
        if self.errors.with_untracked(|errors| errors.iter().any(|error| error.field == field)) {
            self.errors.update(|errors| errors.retain(|error| error.field != field));
        }
        let is_refused_here = self.refused_at.is_some_and(|(_, at)| at == field);
        if is_refused_here && self.pause.get_untracked() == 0 && self.failure.with_untracked(Option::is_some)
        {
            self.failure.set(None);
        }
        if self.done.get_untracked() {
            self.done.set(false);
        }
    }

    /// The failure that no field shows.
    fn general(self) -> Option<Failure> {
        let failure = self.failure.get()?;
        let at_field = match failure.code() {
            Some(code) if self.refused_at.is_some_and(|(at_field, _)| at_field == code) => true,
            Some(ErrorCode::ValidationFailed) => self.fields.with_value(|fields| {
                let errors = failure.field_errors();
                !errors.is_empty() && errors.iter().all(|error| fields.contains(&error.field.as_str()))
            }),
            _ => false,
        };
        (!at_field).then_some(failure)
    }

    fn lead_to_first_error(self, focus: Focus) {
        focus.soon_on_to(format!("[id^='{}-'][aria-invalid='true']", self.name));
    }
}

/// The button that sends a form, with the form's general problem above it and a word of success beside it.
#[component]
pub fn Submit(
    form: Form,
    /// What the button says.
    label: Words,
    /// What is said when it went well.
    #[prop(optional)]
    done: Option<Words>,
    /// The button's look.
    #[prop(default = "primary")]
    class: &'static str,
    /// What the button is called where what it says is not enough.
    #[prop(optional)]
    name: Option<Signal<String>>,
) -> impl IntoView {
    let i18n = use_i18n();
    let wait = form.id("wait");
    let described = move || (form.pause.get() > 0).then(|| form.id("wait"));
    view! {
        {move || form.general().map(|failure| view! { <ProblemText failure=failure countdown=(form.pause, wait.clone()) /> })}
        <div class="actions">
            <button
                type="submit"
                class=class
                aria-busy=move || form.busy.get().to_string()
                aria-disabled=move || form.is_held_up().to_string()
                aria-describedby=described
                aria-label=name.map(|name| move || name.get())
                prop:textContent=tr(label)
            ></button>
            <span
                role="status"
                class="done"
                prop:textContent=move || done.filter(|_| form.done()).map(|done| done(i18n.texts())).unwrap_or_default()
            ></span>
        </div>
    }
}
