//! Toasts: success messages at the edge of the screen, for actions whose own place in the page may have been removed.

use crate::i18n::{TextKey, texts, tr};
use crate::platform::{clock, document};
use latchkey_shared::Locale;
use leptos::prelude::*;
use std::time::Duration;
use wasm_bindgen_futures::spawn_local;

/// Maximum number of toasts at once: more could not be read.
const MAX_TOASTS: usize = 3;
/// Seconds for which a toast is shown: twice the reading time of the longest text.
const TOAST_SECONDS: u32 = 8;
/// Height in pixels, from the lower edge, that toasts may take up.
const TOAST_AREA_HEIGHT: f64 = 270.0;

/// The toasts that are shown.
#[derive(Clone, Copy)]
pub struct Toasts {
    /// The numbers of the toasts shown, the newest with the highest; zero for a free slot.
    numbers: [RwSignal<u64>; MAX_TOASTS],
    text: StoredValue<[TextKey; MAX_TOASTS]>,
    count: StoredValue<u64>,
    /// True if the toasts are at the upper edge, because the focus is where they would appear at the lower one.
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

/// Returns the toasts from the context.
#[expect(clippy::expect_used, reason = "the app provides it before it draws anything")]
pub fn use_toasts() -> Toasts {
    use_context().expect("the app provides the place for words at the edge")
}

impl Toasts {
    /// Shows a toast. It replaces a toast with the same text; otherwise, if no slot is free, the oldest toast.
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

    /// Dismisses a toast after `TOAST_SECONDS` in which the page is visible and no toast is hovered or has the focus.
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
            // The button is removed, and the focus must not be lost with it.
            document::focus("h1");
        }
        slot.set(0);
    }
}

/// The live region of the toasts. It is usually empty, and exists from the start so that additions are announced.
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

/// A toast.
#[component]
pub fn ToastCard(
    /// The text.
    text: TextKey,
    /// The CSS `order`: toasts with higher numbers are further down.
    #[prop(optional)]
    order: u64,
    /// Called by the button that dismisses the toast.
    dismiss: impl Fn() + 'static,
) -> impl IntoView {
    view! {
        <div class="toast" style:order=order.to_string()>
            <i class="icon tick"></i>
            <p prop:textContent=tr(text)></p>
            // A mouse click must not move the focus.
            <button type="button" class="close" aria-label=tr(|t| t.dismiss) on:mousedown=|event| event.prevent_default() on:click=move |_| dismiss()>
                <i class="icon cross"></i>
            </button>
        </div>
    }
}
