//! Exhibits of menus, dialogs, toasts and banners.

use super::exhibit::{Exhibit, State};
use super::samples::{KOREAN, LONG};
use crate::components::{Banner, Cancel, Dialog, DialogHandle, ToastCard, use_toasts};
use crate::i18n::{TextKey, tr};
use crate::pages::delete_account::DeleteAccount;
use leptos::prelude::*;

#[component]
pub fn Menus() -> impl IntoView {
    view! {
        <Exhibit name="Menu">
            <State name="shut, and open when pressed"><p>"The round button in the header."</p></State>
        </Exhibit>
    }
}

#[component]
pub fn Dialogs() -> impl IntoView {
    let long = DialogHandle::default();
    view! {
        <Exhibit name="Dialog">
            <State name="with a form, and with what will be lost"><DeleteAccount /></State>
            <State name="long text, Korean">
                <p><button type="button" class="quiet" aria-haspopup="dialog" on:click=move |_| long.open()>"Open"</button></p>
                <Dialog handle=long id="dev-dialog" title=|_| LONG>
                    <p>{KOREAN}</p>
                    <Cancel handle=long />
                </Dialog>
            </State>
        </Exhibit>
    }
}

#[component]
pub fn ToastCards() -> impl IntoView {
    let toasts = use_toasts();
    let all: [TextKey; 5] =
        [|t| t.copied, |t| t.export_saved, |t| t.signed_out_there, |t| t.signed_out_others, |_| LONG];
    let buttons = all
        .map(|text| view! { <button type="button" class="quiet" on:click=move |_| toasts.show(text)>{tr(text)}</button> })
        .collect_view();
    view! {
        <Exhibit name="Toast">
            <State name="as it is"><ToastCard text=|t| t.copied dismiss=|| () /></State>
            <State name="long text"><ToastCard text=|_| LONG dismiss=|| () /></State>
            <State name="Korean"><ToastCard text=|_| KOREAN dismiss=|| () /></State>
            <State name="at the edge; three at most"><div class="actions">{buttons}</div></State>
        </Exhibit>
    }
}

#[component]
pub fn Banners() -> impl IntoView {
    let interrupted = tr(|t| t.interrupted);
    let interrupted = Signal::derive(move || interrupted().to_owned());
    view! {
        <Exhibit name="Banner">
            <State name="as it is"><Banner text=interrupted label=|t| t.try_now press=|| () /></State>
            <State name="long text"><Banner text=Signal::stored(LONG.to_owned()) label=|t| t.try_now press=|| () /></State>
        </Exhibit>
    }
}
