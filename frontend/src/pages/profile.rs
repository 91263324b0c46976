//! The profile page: display name and language.

use crate::api::account;
use crate::components::{Field, FieldKind, Form, PageHeader, Select, Submit, languages, use_session};
use crate::i18n::{tr, use_i18n};
use latchkey_shared::{Locale, ProfileChange, ProfileChangeRequest};
use leptos::{ev::SubmitEvent, prelude::*};

/// The profile page.
#[component]
pub fn Profile() -> impl IntoView {
    view! {
        <PageHeader title=|t| t.profile lead=|t| t.profile_lead />
        <ProfileForm />
    }
}

#[component]
fn ProfileForm() -> impl IntoView {
    let (session, i18n) = (use_session(), use_i18n());
    let form = Form::new("profile");
    let account = untrack(move || session.account());
    let name = RwSignal::new(account.map(|account| account.display_name).unwrap_or_default());
    // A language chosen in the account menu applies here too, until another one is chosen here.
    let chosen = RwSignal::new(None::<String>);
    let language = Signal::derive(move || chosen.get().unwrap_or_else(|| i18n.locale().tag().to_owned()));
    let send = move |event: SubmitEvent| {
        form.submit(&event, move || {
            let request = ProfileChangeRequest {
                display_name: Some(name.get_untracked()),
                locale: Some(language.get_untracked()),
            };
            (ProfileChange::try_from(request.clone()).map(drop), async move {
                let account = account::change_profile(session.caller(), &request).await?;
                i18n.set_locale(account.locale);
                session.account_changed(account);
                let _ = chosen.try_set(None);
                Ok(())
            })
        });
    };
    // Submitting the form dispatches `change` for the list too: the page's own language is then no choice made here.
    let choose = Callback::new(move |tag: String| {
        let own = untrack(|| i18n.locale());
        chosen.set(tag.parse::<Locale>().ok().filter(|locale| *locale != own).map(|_| tag));
    });
    view! {
        <section class="card">
            <form novalidate on:submit=send>
                <Field form=form name="display_name" label=|t| t.display_name value=name kind=FieldKind::Text autocomplete="name" hint=|t| t.name_hint />
                <Select id="profile-locale" label=|t| t.language value=language choose=choose options=languages() />
                <p class="hint below" prop:textContent=tr(|t| t.language_hint)></p>
                <Submit form=form label=|t| t.save done=|t| t.saved />
            </form>
        </section>
    }
}
