//! Three pages of Latchkey, rendered by a server: sign-in, profile and sessions. They have the page's own styles and
//! the data that its API returns, and none of its scripts. Only the benchmark uses this.
//!
//! `latchkey-ssr-baseline PORT PAGE DATA`: listens on this port of the loopback interface, takes the names of the style
//! sheets from the built page in the folder PAGE, and shows the account and the sessions in the JSON file DATA.
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

/// The templates, and the data that they show.
struct Baseline {
    templates: Templates,
    data: Data,
}

/// The data that the API returns to the page.
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

/// Accepts every sign-in: the benchmark measures rendering, not the checking of passwords.
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
