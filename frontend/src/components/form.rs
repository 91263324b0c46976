//! A form: what is wrong with it, and whether it is on its way.

use super::ProblemText;
use crate::api::Failure;
use crate::i18n::{TextKey, Texts, tr, use_i18n};
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
    item: Option<Uuid>,
    /// A code that means one field, and which field that is.
    field_for_code: Option<(ErrorCode, &'static str)>,
    errors: RwSignal<Vec<FieldError>>,
    failure: RwSignal<Option<Failure>>,
    busy: RwSignal<bool>,
    /// For how many seconds more the server wants no other try.
    cooldown: RwSignal<u64>,
    done: RwSignal<bool>,
    fields: StoredValue<Vec<&'static str>>,
}

impl Form {
    /// A form whose fields have ids that start with `name`.
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            item: None,
            field_for_code: None,
            errors: RwSignal::default(),
            failure: RwSignal::default(),
            busy: RwSignal::new(false),
            cooldown: RwSignal::new(0),
            done: RwSignal::new(false),
            fields: StoredValue::default(),
        }
    }

    /// The same, as one of several: the one about `id`.
    pub fn for_item(self, id: Option<Uuid>) -> Self {
        Self { item: id, ..self }
    }

    /// The same, with a refusal of this code shown at this field.
    pub fn field_for_code(self, code: ErrorCode, field: &'static str) -> Self {
        Self { field_for_code: Some((code, field)), ..self }
    }

    /// The same, in a state that only calls bring about.
    #[cfg(debug_assertions)]
    pub fn with_state(
        self,
        errors: Vec<FieldError>,
        failure: Option<Failure>,
        busy: bool,
        cooldown: u64,
        done: bool,
    ) -> Self {
        self.errors.set(errors);
        self.failure.set(failure);
        self.busy.set(busy);
        self.cooldown.set(cooldown);
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
        if self.prepare_submit(event) {
            let (checked, work) = request();
            if self.validate(checked) {
                self.start(Box::pin(work));
            }
        }
    }

    /// Password managers fill fields in without a word: so every field is asked before anything is read.
    fn prepare_submit(self, event: &SubmitEvent) -> bool {
        event.prevent_default();
        if self.busy.get_untracked() || self.cooldown.get_untracked() > 0 {
            return false;
        }
        document::dispatch_field_events(event);
        true
    }

    fn validate(self, checked: Result<(), Vec<FieldError>>) -> bool {
        self.done.set(false);
        self.failure.set(None);
        self.errors.set(checked.err().unwrap_or_default());
        let valid = self.errors.with_untracked(Vec::is_empty);
        if !valid {
            self.focus_first_error(Focus::now());
        }
        valid
    }

    /// Boxed, so that the code to send a form exists once, and not for every form.
    fn start(self, work: Pin<Box<dyn Future<Output = Result<(), Failure>>>>) {
        self.busy.set(true);
        let focus = Focus::now();
        spawn_local(async move {
            let answer = work.await;
            self.finish(answer, focus);
        });
    }

    /// The page may have gone when the answer comes; then there is nobody to tell.
    fn finish(self, answer: Result<(), Failure>, focus: Focus) {
        let _ = self.busy.try_set(false);
        match answer {
            Ok(()) => {
                let _ = self.done.try_set(true);
            }
            Err(failure) => {
                let cooldown = failure.retry_after().filter(|cooldown| !cooldown.is_zero());
                let _ = self.errors.try_set(failure.field_errors().to_vec());
                let _ = self.failure.try_set(Some(failure));
                self.focus_first_error(focus);
                if let Some(cooldown) = cooldown {
                    spawn_local(self.count_down(cooldown));
                }
            }
        }
    }

    /// Counts the seconds until the form can be sent again; then there is nothing to complain about any more.
    async fn count_down(self, cooldown: Duration) {
        let over = clock::now() + cooldown;
        loop {
            let left = clock::now().until(over);
            let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
            let gone = self.cooldown.try_set(seconds).is_some();
            if gone || seconds == 0 {
                break;
            }
            clock::wait(left.min(Duration::from_secs(1))).await;
        }
        let _ = self.failure.try_set(None);
    }

    fn is_disabled(self) -> bool {
        self.busy.get() || self.cooldown.get() > 0
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
        match self.item {
            Some(id) => format!("{}-{field}-{id}", self.name),
            None => format!("{}-{field}", self.name),
        }
    }

    pub(super) fn register(self, field: &'static str) {
        self.fields.update_value(|fields| fields.push(field));
    }

    /// What is wrong with a field, in words.
    pub(super) fn error(self, field: &str, texts: &Texts) -> Option<&'static str> {
        match self.field_for_code {
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
    pub(super) fn clear_error(self, field: &str) {
        if self.errors.with_untracked(|errors| errors.iter().any(|error| error.field == field)) {
            self.errors.update(|errors| errors.retain(|error| error.field != field));
        }
        let is_code_for_field = self.field_for_code.is_some_and(|(_, at)| at == field);
        if is_code_for_field
            && self.cooldown.get_untracked() == 0
            && self.failure.with_untracked(Option::is_some)
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
            Some(code) if self.field_for_code.is_some_and(|(at_field, _)| at_field == code) => true,
            Some(ErrorCode::ValidationFailed) => self.fields.with_value(|fields| {
                let errors = failure.field_errors();
                !errors.is_empty() && errors.iter().all(|error| fields.contains(&error.field.as_str()))
            }),
            _ => false,
        };
        (!at_field).then_some(failure)
    }

    fn focus_first_error(self, focus: Focus) {
        focus.move_to(format!("[id^='{}-'][aria-invalid='true']", self.name));
    }
}

/// The button that sends a form, with the form's general problem above it and a word of success beside it.
#[component]
pub fn Submit(
    form: Form,
    /// What the button says.
    label: TextKey,
    /// What is said when it went well.
    #[prop(optional)]
    done: Option<TextKey>,
    /// The button's look.
    #[prop(default = "primary")]
    class: &'static str,
    /// What the button is called where what it says is not enough.
    #[prop(optional)]
    name: Option<Signal<String>>,
) -> impl IntoView {
    let i18n = use_i18n();
    let wait = form.id("wait");
    let described = move || (form.cooldown.get() > 0).then(|| form.id("wait"));
    view! {
        {move || form.general().map(|failure| view! { <ProblemText failure=failure countdown=(form.cooldown, wait.clone()) /> })}
        <div class="actions">
            <button
                type="submit"
                class=class
                aria-busy=move || form.busy.get().to_string()
                aria-disabled=move || form.is_disabled().to_string()
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
