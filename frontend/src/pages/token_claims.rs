//! Tables of the token's header and claims, with their meanings.

use crate::components::{Empty, use_session};
use crate::i18n::{TextKey, tr, use_i18n};
use crate::platform::locale;
use crate::session::{TokenHeader, TokenSet};
use latchkey_shared::{Claims, Locale, Timestamp};
use leptos::prelude::*;

type ClaimRow = (&'static str, String, TextKey);

/// A table of the claims (RFC 9068 §2.2) and their meanings.
#[component]
pub fn ClaimsTable() -> impl IntoView {
    view! { <Table rows=|token_set, locale| token_set.claims().map(|claims| claim_rows(claims, locale)) /> }
}

/// A table of the header parameters (RFC 7515 §4.1) and their meanings.
#[component]
pub fn HeaderTable() -> impl IntoView {
    view! { <Table rows=|token_set, _| token_set.header().map(header_rows) /> }
}

fn header_rows(header: TokenHeader) -> Vec<ClaimRow> {
    vec![
        ("alg", header.alg, |t| t.claim_alg),
        ("typ", header.typ, |t| t.claim_typ),
        ("kid", header.kid, |t| t.claim_kid),
    ]
}

fn claim_rows(claims: Claims, locale: Locale) -> Vec<ClaimRow> {
    let time = |seconds| locale::date_time(locale, Timestamp::from_seconds(seconds));
    vec![
        ("iss", claims.iss, |t| t.claim_iss),
        ("aud", claims.aud, |t| t.claim_aud),
        ("sub", claims.sub.to_string(), |t| t.claim_sub),
        ("sid", claims.sid.to_string(), |t| t.claim_sid),
        ("gen", claims.generation.to_string(), |t| t.claim_gen),
        ("roles", claims.roles.join(", "), |t| t.claim_roles),
        ("auth_time", time(claims.auth_time), |t| t.claim_auth_time),
        ("iat", time(claims.iat), |t| t.claim_iat),
        ("exp", time(claims.exp), |t| t.claim_exp),
        ("jti", claims.jti.to_string(), |t| t.claim_jti),
    ]
}

#[component]
fn Table(rows: fn(&TokenSet, Locale) -> Option<Vec<ClaimRow>>) -> impl IntoView {
    let (session, i18n) = (use_session(), use_i18n());
    let rows =
        move || session.with(|state| state.token_set().and_then(|token_set| rows(token_set, i18n.locale())));
    let lines = move || {
        let texts = i18n.texts();
        rows()
            .unwrap_or_default()
            .into_iter()
            .map(|(name, value, meaning)| {
                view! { <tr translate="no"><th scope="row"><code prop:textContent=name></code></th><td><code prop:textContent=value></code></td><td translate="yes" prop:textContent=meaning(texts)></td></tr> }
            })
            .collect_view()
            .into_any()
    };
    view! {
        {move || rows().is_none().then(|| view! { <Empty text=|t| t.token_unreadable /> }.into_any())}
        <table>
            <thead>
                <tr><th scope="col" prop:textContent=tr(|t| t.name_column)></th><th scope="col" prop:textContent=tr(|t| t.value_column)></th><th scope="col" prop:textContent=tr(|t| t.meaning_column)></th></tr>
            </thead>
            <tbody>{move || lines()}</tbody>
        </table>
    }
}
