//! Three pages of Latchkey as a server draws them: sign-in, profile and sessions. They have the page's own styles and the
//! data that its API answers, and none of its scripts. Nothing but the bench uses this.
//!
//! `latchkey-ssr-baseline PORT PAGE DATA`: listens on this port of the loopback, takes the names of the styles from the built page in
//! the folder PAGE, and shows the account and the sessions in the JSON file DATA.
#![expect(clippy::disallowed_methods, reason = "a program of the bench looks at the clock itself")]

mod answer;
mod filters;
mod templates;

use answer::Answer;
use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::{get, post};
use latchkey_shared::{Account, Page, Session};
use serde::Deserialize;
use std::error::Error;
use std::sync::Arc;
use templates::Templates;
use tokio::net::TcpListener;

/// What is shown, and how.
struct Baseline {
    templates: Templates,
    data: Data,
}

/// What the API answers to the page.
#[derive(Deserialize)]
struct Data {
    account: Account,
    sessions: Page<Session>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [port, page, data] = arguments.as_slice() else {
        return Err("latchkey-ssr-baseline PORT PAGE DATA".into());
    };
    let baseline = Baseline {
        templates: Templates::with_styles_of(page.as_ref())?,
        data: serde_json::from_slice(&std::fs::read(data)?)?,
    };
    let router = Router::new()
        .route("/health", get(async || ()))
        .route("/login", get(login))
        .route("/login", post(signed_in))
        .route("/account/profile", get(profile))
        .route("/account/sessions", get(sessions))
        .with_state(Arc::new(baseline));
    let listener = TcpListener::bind(("127.0.0.1", port.parse()?)).await?;
    Ok(axum::serve(listener, router).await?)
}

async fn login(State(baseline): State<Arc<Baseline>>, headers: HeaderMap) -> Answer {
    Answer::page(&headers, baseline.templates.login())
}

/// Whoever asks is let in: what is measured is how pages are drawn, not how passwords are checked.
async fn signed_in() -> Answer {
    Answer::signed_in("/account/profile")
}

async fn profile(State(baseline): State<Arc<Baseline>>, headers: HeaderMap) -> Answer {
    match answer::is_signed_in(&headers) {
        true => Answer::page(&headers, baseline.templates.profile(&baseline.data.account)),
        false => Answer::redirect("/login"),
    }
}

async fn sessions(State(baseline): State<Arc<Baseline>>, headers: HeaderMap) -> Answer {
    match answer::is_signed_in(&headers) {
        true => Answer::page(
            &headers,
            baseline.templates.sessions(&baseline.data.account, &baseline.data.sessions),
        ),
        false => Answer::redirect("/login"),
    }
}
