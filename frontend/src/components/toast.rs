//! Words at the edge of the screen about something that went well, where the place that it was asked for may have gone.

use crate::i18n::{TextKey, texts, tr};
use crate::platform::{clock, document};
use latchkey_shared::Locale;
use leptos::prelude::*;
use std::time::Duration;
use wasm_bindgen_futures::spawn_local;

/// As many as can be taken in at once.
const MAX_TOASTS: usize = 3;
/// For how many seconds one stays: twice what the longest takes to read.
const TOAST_SECONDS: u32 = 8;
/// How many pixels from the lower edge they may take up.
const TOAST_AREA_HEIGHT: f64 = 270.0;

/// The words that stand at the edge now.
#[derive(Clone, Copy)]
pub struct Toasts {
    /// The numbers of those that stand there, the newest with the highest; zero where there is room.
    numbers: [RwSignal<u64>; MAX_TOASTS],
    text: StoredValue<[TextKey; MAX_TOASTS]>,
    count: StoredValue<u64>,
    /// Whether they stand at the upper edge, since the focus is where they would come.
    above: RwSignal<bool>,
}

impl Default for Toasts {
    fn default() -> Self {
        Self {
            numbers: [(); MAX_TOASTS].map(|()| RwSignal::new(0)),
            text: StoredValue::new([|_| ""; MAX_TOASTS]),
            count: StoredValue::new(0),
            above: RwSignal::new(false),
        }
    }
}

/// The words at the edge, from any component.
#[expect(clippy::expect_used, reason = "the app provides it before it draws anything")]
pub fn use_toasts() -> Toasts {
    use_context().expect("the app provides the place for words at the edge")
}

impl Toasts {
    /// Says that something went well. What is said already is said anew; where there is no room, the oldest goes.
    pub fn show(self, text: TextKey) {
        let number = self.count.get_value() + 1;
        self.count.set_value(number);
        let is_same_text =
            |at: &usize| self.text_at(*at)(texts(Locale::default())) == text(texts(Locale::default()));
        let oldest =
            || (0..MAX_TOASTS).min_by_key(|at| self.numbers[*at].get_untracked()).unwrap_or_default();
        let at = (0..MAX_TOASTS).find(is_same_text).unwrap_or_else(oldest);
        self.text.update_value(|all| all[at] = text);
        self.above.set(document::focus_is_low(TOAST_AREA_HEIGHT, ".toasts"));
        self.numbers[at].set(number);
        spawn_local(self.dismiss_later(number));
    }

    fn text_at(self, at: usize) -> TextKey {
        self.text.with_value(|text| text[at])
    }

    /// Counts the seconds in which the person looks at the page, and points at none of them.
    async fn dismiss_later(self, number: u64) {
        let mut left = TOAST_SECONDS;
        while left > 0 {
            clock::wait(Duration::from_secs(1)).await;
            if document::is_visible() && !document::has(".toasts:is(:hover, :focus-within)") {
                left -= 1;
            }
        }
        self.dismiss(number);
    }

    fn dismiss(self, number: u64) {
        let Some(slot) = self.numbers.into_iter().find(|slot| slot.get_untracked() == number) else {
            return;
        };
        if document::has(".toast :focus") {
            // The button goes, and the focus must not go with it.
            document::focus("h1");
        }
        slot.set(0);
    }
}

/// Where they stand; empty most of the time, and there from the start, so that what comes is announced.
#[component]
pub fn ToastRegion() -> impl IntoView {
    let toasts = use_toasts();
    view! {
        <div class="toasts" class:above=move || toasts.above.get() aria-live="polite" data-testid="toasts">
            {card(toasts, 0)} {card(toasts, 1)} {card(toasts, 2)}
        </div>
    }
}

fn card(toasts: Toasts, at: usize) -> AnyView {
    let shown = move || match toasts.numbers[at].get() {
        0 => ().into_any(),
        number => {
            let text = toasts.text_at(at);
            view! { <ToastCard text=text order=number dismiss=move || toasts.dismiss(number) /> }.into_any()
        }
    };
    shown.into_any()
}

/// One of them.
#[component]
pub fn ToastCard(
    /// What it says.
    text: TextKey,
    /// The higher, the lower it stands.
    #[prop(optional)]
    order: u64,
    /// What takes it away.
    dismiss: impl Fn() + 'static,
) -> impl IntoView {
    view! {
        <div class="toast" style:order=order.to_string()>
            <i class="icon tick"></i>
            <p prop:textContent=tr(text)></p>
            // Under a mouse, the focus stays where it is.
            <button type="button" class="close" aria-label=tr(|t| t.dismiss) on:mousedown=|event| event.prevent_default() on:click=move |_| dismiss()>
                <i class="icon cross"></i>
            </button>
        </div>
    }
}
