//! Form state: field errors, the last failure, and whether a request is in flight.

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

/// The state of one form. The typed values live in the page's own signals, and nothing here clears them.
#[derive(Clone, Copy)]
pub struct Form {
    name: &'static str,
    /// The item that this form is for, if several forms have this name.
    item: Option<Uuid>,
    /// An error code that concerns one field, and the name of that field.
    field_for_code: Option<(ErrorCode, &'static str)>,
    errors: RwSignal<Vec<FieldError>>,
    failure: RwSignal<Option<Failure>>,
    busy: RwSignal<bool>,
    /// Seconds until the server accepts another attempt.
    cooldown: RwSignal<u64>,
    done: RwSignal<bool>,
    fields: StoredValue<Vec<&'static str>>,
}

impl Form {
    /// Creates a form whose fields have ids that start with `name`.
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

    /// Distinguishes the form from others of the same name: this one is for the item `id`.
    pub fn for_item(self, id: Option<Uuid>) -> Self {
        Self { item: id, ..self }
    }

    /// Shows a refusal with this code at this field.
    pub fn field_for_code(self, code: ErrorCode, field: &'static str) -> Self {
        Self { field_for_code: Some((code, field)), ..self }
    }

    /// Puts the form into a state that otherwise only requests produce.
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

    /// Submits the form, unless a request is in flight or a cooldown is running. `request` runs once the field values
    /// are up to date; it returns the validation result, and the future that sends the request if validation succeeds.
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

    /// Returns whether the form can be sent now. Password managers may fill in fields without events, so events are
    /// dispatched for every field before any value is read.
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

    /// Sends the request. The future is boxed, so that this code is compiled once and not for every form.
    fn start(self, work: Pin<Box<dyn Future<Output = Result<(), Failure>>>>) {
        self.busy.set(true);
        let focus = Focus::now();
        spawn_local(async move {
            let answer = work.await;
            self.finish(answer, focus);
        });
    }

    /// Shows the result. If the page has been removed before the response arrives, the result is dropped.
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

    /// Counts down the seconds until the form can be sent again, then clears the failure.
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

    /// Returns whether the last attempt succeeded; tracked by views.
    pub fn done(self) -> bool {
        self.done.get()
    }

    /// Returns the error code of the last attempt, if it was refused; tracked by views.
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

    /// Returns the error message of a field.
    pub(super) fn error(self, field: &str, texts: &Texts) -> Option<&'static str> {
        match self.field_for_code {
            Some((code, at)) if at == field && self.code() == Some(code) => {
                return Some(match code {
                    // These forms ask for a password only: the address cannot be wrong.
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

    /// Clears the error of a field, and the success message, when the person edits the field.
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

    /// Returns the failure if no field shows it.
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

/// The submit button of a form, with the form's general failure above it and the success message next to it.
#[component]
pub fn Submit(
    form: Form,
    /// The button's label.
    label: TextKey,
    /// The success message.
    #[prop(optional)]
    done: Option<TextKey>,
    /// The button's CSS class.
    #[prop(default = "primary")]
    class: &'static str,
    /// The button's accessible name, where the label is ambiguous.
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
