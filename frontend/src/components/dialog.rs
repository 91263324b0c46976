//! A modal dialog. The browser keeps the focus inside it, and restores the focus when it closes.

use crate::i18n::{TextKey, tr};
use leptos::{html, prelude::*};

/// Handle that opens and closes a dialog.
#[derive(Clone, Copy, Default)]
pub struct DialogHandle(NodeRef<html::Dialog>);

impl DialogHandle {
    /// Opens the dialog.
    pub fn open(self) {
        // `show_modal` fails only if the dialog is already open.
        let _ = self.0.get_untracked().map(|dialog| dialog.show_modal());
    }

    /// Closes the dialog if it still exists; the focus returns to the element that had it.
    pub fn close(self) {
        if let Some(dialog) = self.0.try_get_untracked().flatten() {
            dialog.close();
        }
    }
}

/// A dialog with a heading.
#[component]
pub fn Dialog(
    handle: DialogHandle,
    /// The id of the heading.
    id: &'static str,
    /// The text of the heading.
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

/// A button that closes the dialog without performing its action.
#[component]
pub fn Cancel(handle: DialogHandle) -> impl IntoView {
    view! { <button type="button" class="quiet" on:click=move |_| handle.close() prop:textContent=tr(|t| t.cancel)></button> }
}
