//! Data that a page fetches: loading, failed or loaded.

use super::{ProblemText, Skeleton, use_session};
use crate::api::Failure;
use crate::effect::effect;
use crate::i18n::tr;
use crate::platform::clock;
use crate::platform::document::{self, Focus};
use leptos::prelude::*;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use wasm_bindgen_futures::spawn_local;

/// Interval at which it is checked whether an open dialog has been closed.
const DIALOG_POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Data that was fetched or is being fetched.
pub struct RemoteData<T: Send + Sync + 'static> {
    value: RwSignal<Option<Result<T, Failure>>>,
    run: Callback<()>,
}

impl<T: Send + Sync + 'static> Clone for RemoteData<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T: Send + Sync + 'static> Copy for RemoteData<T> {}

impl<T: Clone + Send + Sync + 'static> RemoteData<T> {
    /// Fetches the data again; the current value stays until the response arrives.
    pub fn reload(self) {
        self.run.run(());
    }

    /// Returns the current value, `None` before the first response; tracked by views.
    pub fn get(self) -> Option<Result<T, Failure>> {
        self.value.get()
    }
}

/// Fetches now, and again when the server is reachable after an outage.
pub fn load<T, F>(fetch: impl Fn() -> F + Send + Sync + 'static) -> RemoteData<T>
where
    T: Clone + Send + Sync + 'static,
    F: Future<Output = Result<T, Failure>> + 'static,
{
    load_boxed(Box::new(move || Box::pin(fetch())))
}

type Fetch<T> = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Result<T, Failure>>>> + Send + Sync>;

fn load_boxed<T: Clone + Send + Sync + 'static>(fetch: Fetch<T>) -> RemoteData<T> {
    let value = RwSignal::new(None);
    let latest = Arc::new(AtomicU32::new(0));
    let run = Callback::new(move |()| {
        let (answer, latest) = (fetch(), Arc::clone(&latest));
        let request = latest.fetch_add(1, Ordering::Relaxed) + 1;
        // An older response must not replace a newer one.
        let is_latest = move || latest.load(Ordering::Relaxed) == request;
        spawn_local(async move {
            let answer = answer.await;
            // A new value replaces the view and a dialog in it, so it waits until an open dialog is closed.
            while is_latest()
                && value.try_with_untracked(Option::is_some) == Some(true)
                && document::has("dialog[open]")
            {
                clock::wait(DIALOG_POLL_INTERVAL).await;
            }
            if is_latest() {
                Focus::now().move_to_heading_if_lost();
                // The page may have been removed meanwhile.
                let _ = value.try_set(Some(answer));
            }
        });
    });
    let session = use_session();
    let signed_in =
        Memo::new(move |_| session.with(|state| matches!(state, crate::session::State::SignedIn(_))));
    effect(move || {
        let missing = value.with_untracked(|value| match value {
            None => false,
            Some(Err(failure)) => failure.is_outage(),
            Some(Ok(_)) => false,
        });
        if signed_in.get() && missing {
            run.run(());
        }
    });
    run.run(());
    RemoteData { value, run }
}

/// Renders a skeleton while loading, the failure with a retry button, or the data.
#[component]
pub fn RemoteDataView<T>(data: RemoteData<T>, #[prop(into)] view: RenderFn<T>) -> impl IntoView
where
    T: Clone + Send + Sync + 'static,
{
    move || {
        match data.get() {
        None => view! { <Skeleton /> }.into_any(),
        Some(Ok(value)) => view.run(value),
        Some(Err(failure)) => view! {
            <div class="failed">
                <ProblemText failure=failure />
                <button type="button" class="quiet" on:click=move |_| data.reload() prop:textContent=tr(|t| t.try_again)></button>
            </div>
        }
        .into_any(),
    }
    }
}

/// Callback that renders the fetched data.
pub type RenderFn<T> = Callback<T, AnyView>;
