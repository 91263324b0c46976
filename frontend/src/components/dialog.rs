//! A dialog over the page. The browser keeps the focus in it, and gives it back when it closes.

use crate::i18n::{TextKey, tr};
use leptos::{html, prelude::*};

/// What opens and closes a dialog.
#[derive(Clone, Copy, Default)]
pub struct DialogHandle(NodeRef<html::Dialog>);

impl DialogHandle {
    /// Opens the dialog.
    pub fn open(self) {
        // It is refused only to a dialog that is open already.
        let _ = self.0.get_untracked().map(|dialog| dialog.show_modal());
    }

    /// Closes it, if it is still there; the focus goes back to where it was.
    pub fn close(self) {
        if let Some(dialog) = self.0.try_get_untracked().flatten() {
            dialog.close();
        }
    }
}

/// A dialog with its heading.
#[component]
pub fn Dialog(
    handle: DialogHandle,
    /// The id of the heading.
    id: &'static str,
    /// What the heading says.
    title: TextKey,
    children: Children,
) -> impl IntoView {
    view! {
        <dialog node_ref=handle.0 class="dialog" aria-labelledby=id>
            <h2 id=id prop:textContent=tr(title)></h2>
            {children()}
        </dialog>
    }
}

/// Leaves a dialog without doing what it asks.
#[component]
pub fn Cancel(handle: DialogHandle) -> impl IntoView {
    view! { <button type="button" class="quiet" on:click=move |_| handle.close() prop:textContent=tr(|t| t.cancel)></button> }
}
