//! Something that a page fetches: on its way, failed, or there.

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

/// How often it is looked whether a dialog has been closed.
const DIALOG_POLL_INTERVAL: Duration = Duration::from_millis(100);

/// What was fetched, or is being fetched.
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
    /// Fetches it again; what is there stays until then.
    pub fn reload(self) {
        self.run.run(());
    }

    /// What is there, followed by views.
    pub fn get(self) -> Option<Result<T, Failure>> {
        self.value.get()
    }
}

/// Fetches now, and again when the server is back after an outage.
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
        // An older answer must not replace a newer one.
        let is_latest = move || latest.load(Ordering::Relaxed) == request;
        spawn_local(async move {
            let answer = answer.await;
            // What comes anew takes a dialog in it away: it waits until whoever has opened one is done.
            while is_latest()
                && value.try_with_untracked(Option::is_some) == Some(true)
                && document::has("dialog[open]")
            {
                clock::wait(DIALOG_POLL_INTERVAL).await;
            }
            if is_latest() {
                Focus::now().move_to_heading_if_lost();
                // The page may have gone meanwhile.
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

/// The outline, the failure with "try again", or the thing itself.
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

/// Draws what was fetched.
pub type RenderFn<T> = Callback<T, AnyView>;
