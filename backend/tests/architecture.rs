//! Rules on the dependencies between modules and crates, checked on the sources themselves.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "architecture/circles.rs"]
mod circles;
#[path = "architecture/manifest.rs"]
mod manifest;
#[path = "architecture/paths.rs"]
mod paths;
#[path = "architecture/rules.rs"]
mod rules;
#[path = "architecture/source.rs"]
mod source;

use rules::Rule;
use source::{Source, root, sources};

/// A rule, code that breaks it, and similar code that conforms to it.
struct Case {
    rule: Rule,
    broken_by: &'static [(&'static str, &'static str)],
    kept_by: &'static [(&'static str, &'static str)],
}

const CASES: &[Case] = &[
    Case {
        rule: rules::axum_stays_at_the_rim,
        broken_by: &[
            ("backend/src/self_service/sign_up.rs", "use axum::Json;"),
            ("backend/src/sessions/end.rs", "fn f() -> ::axum::http::StatusCode { todo!() }"),
            ("backend/src/backup/restore.rs", "use { std::fmt, axum::{self, Router} };"),
            ("backend/src/tokens/keys.rs", "use utoipa_axum::router::OpenApiRouter;"),
        ],
        kept_by: &[
            ("backend/src/self_service/routes.rs", "use axum::Json;"),
            ("backend/src/http/body.rs", "use axum::body::Body;"),
            (
                "backend/src/self_service/sign_up.rs",
                "// use axum::Json;\n/* axum::x /* axum::y */ axum::z */ const A: &str = \"axum::Json\";",
            ),
        ],
    },
    Case {
        rule: rules::the_database_is_spoken_to_by_stores_alone,
        broken_by: &[
            ("backend/src/sessions/refresh.rs", "use sea_orm::EntityTrait;"),
            ("backend/src/sessions/refresh.rs", "use crate::db::{StoreError, entity::session};"),
            ("backend/src/app.rs", "fn f() { sea_orm::Database::connect(\"\") }"),
        ],
        kept_by: &[
            ("backend/src/sessions/store.rs", "use sea_orm::EntityTrait; use crate::db::entity::session;"),
            ("backend/src/db/entity/session.rs", "use sea_orm::entity::prelude::*;"),
            ("backend/src/sessions/refresh.rs", "use crate::db::StoreError;"),
        ],
    },
    Case {
        rule: rules::use_cases_know_no_http,
        broken_by: &[("backend/src/sessions/refresh.rs", "use crate::{app::App, http::ApiError};")],
        kept_by: &[("backend/src/sessions/routes.rs", "use crate::http::ApiError;")],
    },
    Case {
        rule: rules::spans_are_made_in_one_place,
        broken_by: &[
            ("backend/src/sessions/sign_in.rs", "use opentelemetry::KeyValue;"),
            ("backend/src/db/mod.rs", "fn f() { opentelemetry_sdk::Resource::builder() }"),
        ],
        kept_by: &[
            ("backend/src/traces/request_trace.rs", "use opentelemetry::KeyValue;"),
            ("backend/src/db/mod.rs", "use crate::traces;"),
        ],
    },
    Case {
        rule: rules::no_domain_uses_anothers_store,
        broken_by: &[
            ("backend/src/sessions/refresh.rs", "use crate::accounts::store;"),
            (
                "backend/src/sessions/refresh.rs",
                "use crate::{app::App, accounts::{self, store::find_account}};",
            ),
            ("backend/src/self_service/delete.rs", "fn f() { super::super::sessions::store::mark_ended() }"),
            ("backend/src/app.rs", "fn f() { crate::accounts::store::find_account() }"),
        ],
        kept_by: &[(
            "backend/src/accounts/lookups.rs",
            "use super::store; use crate::accounts::store::find_account;",
        )],
    },
    Case {
        rule: rules::nothing_uses_admin,
        broken_by: &[
            ("backend/src/self_service/delete.rs", "use crate::admin;"),
            ("backend/src/sessions/end.rs", "fn f() { crate::admin::end_all() }"),
        ],
        kept_by: &[
            ("backend/src/server/router.rs", "use crate::{accounts, admin};"),
            ("backend/src/admin/users.rs", "use crate::admin::routes; use crate::accounts;"),
            ("backend/src/accounts/store.rs", "const ROLE: Role = Role::admin;"),
        ],
    },
    Case {
        rule: rules::mail_and_audit_are_leaves,
        broken_by: &[
            ("backend/src/mail/outbox.rs", "use crate::accounts::Account;"),
            ("backend/src/audit/record.rs", "use crate::{db, mail};"),
        ],
        kept_by: &[
            (
                "backend/src/mail/outbox.rs",
                "use crate::db::Executor; use crate::mail::Mail; use super::store;",
            ),
            ("backend/src/self_service/sign_up.rs", "use crate::mail;"),
        ],
    },
    Case {
        rule: rules::every_route_is_described,
        broken_by: &[
            ("backend/src/server/router.rs", "fn f() { Router::new().route(\"/x\", get(x)) }"),
            ("backend/src/self_service/routes.rs", "fn f() { router\n  .route_service(\"/x\", y) }"),
            ("backend/src/server/router.rs", "fn f() { Router::new().nest(\"/x\", y) }"),
        ],
        kept_by: &[(
            "backend/src/self_service/routes.rs",
            "fn f() { OpenApiRouter::new().routes(routes!(x)) }",
        )],
    },
    Case {
        rule: rules::shared_does_no_io,
        broken_by: &[
            ("shared/src/email.rs", "use std::{fmt, net::ToSocketAddrs};"),
            ("shared/src/timestamp.rs", "fn f() { std::time::SystemTime::now() }"),
            ("shared/src/secret.rs", "fn f() { std::env::var(\"X\") }"),
        ],
        kept_by: &[
            ("shared/src/timestamp.rs", "use std::time::Duration;"),
            ("backend/src/tokens/keys.rs", "use std::fs;"),
        ],
    },
    Case {
        rule: rules::the_pages_calls_go_through_its_api,
        broken_by: &[
            ("frontend/src/pages/home.rs", "use gloo_net::http::Request;"),
            ("frontend/src/session/handle.rs", "fn f() { gloo_net::http::Request::get(\"\") }"),
        ],
        kept_by: &[("frontend/src/api/request.rs", "use gloo_net::http::Request;")],
    },
    Case {
        rule: rules::the_browsers_storage_is_reached_through_platform,
        broken_by: &[("frontend/src/session/handle.rs", "use gloo_storage::{LocalStorage, Storage};")],
        kept_by: &[("frontend/src/platform/storage.rs", "use gloo_storage::LocalStorage;")],
    },
    Case {
        rule: rules::what_pages_are_made_of_does_not_know_them,
        broken_by: &[
            ("frontend/src/components/form.rs", "use crate::pages::AppLayout;"),
            ("frontend/src/session/handle.rs", "use crate::{api, pages};"),
            ("frontend/src/api/request.rs", "fn f() { crate::pages::home() }"),
        ],
        kept_by: &[
            ("frontend/src/app.rs", "use crate::pages::Home;"),
            ("frontend/src/pages/home.rs", "use crate::pages::app_layout; use crate::components::Form;"),
        ],
    },
];

fn broken(rule: Rule, path: &str, code: &str) -> Vec<String> {
    rule(&[Source::new(path, code)])
}

#[test]
fn every_source_keeps_every_direction() {
    let sources = sources();
    let broken: Vec<_> = CASES.iter().flat_map(|case| (case.rule)(&sources)).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn no_modules_import_each_other() {
    let sources = sources();
    for side in ["backend/", "shared/"] {
        let circles = circles::Graph::of(&sources, side).circles();
        assert!(circles.is_empty(), "{side}: {}", circles.join("\n"));
    }
}

#[test]
fn the_checks_see_what_breaks_them() {
    for case in CASES {
        for (path, code) in case.broken_by {
            assert!(!broken(case.rule, path, code).is_empty(), "not seen: {path}: {code}");
        }
    }
}

#[test]
fn the_checks_leave_alone_what_is_allowed() {
    for case in CASES {
        for (path, code) in case.kept_by {
            assert_eq!(broken(case.rule, path, code), Vec::<String>::new(), "{path}: {code}");
        }
    }
}

/// Guards against a check that finds no sources and therefore never fails.
#[test]
fn the_sources_are_found_and_read() {
    let sources = sources();
    let uses = |path: &str, name: &str| {
        let source = sources.iter().find(|source| source.path == path).unwrap_or_else(|| panic!("no {path}"));
        assert!(source.uses(name), "{path} does not use {name}");
    };
    uses("backend/src/sessions/routes/mod.rs", "axum");
    uses("backend/src/accounts/store.rs", "sea_orm");
    uses("frontend/src/api/request.rs", "gloo_net");
    uses("frontend/src/platform/storage.rs", "gloo_storage");
    uses("shared/src/timestamp.rs", "serde");
}

#[test]
fn the_page_and_the_server_know_what_they_share_and_not_each_other() {
    let of = |member: &str| manifest::dependencies(&root().join(member).join("Cargo.toml"));
    let (shared, server, page) = (of("shared"), of("backend"), of("frontend"));
    assert!(server.contains("latchkey-shared") && page.contains("latchkey-shared"));
    assert!(!page.contains("latchkey") && !server.contains("latchkey-page"));
    // None of these does I/O, and each compiles for the browser. A new one needs a review.
    for name in &shared {
        let known = ["email_address", "serde", "thiserror", "time", "utoipa", "uuid", "zeroize"];
        assert!(known.contains(&name.as_str()), "shared depends on {name}");
    }
}

#[test]
fn every_error_of_the_contract_is_met_in_a_test() {
    use latchkey_shared::ErrorCode;
    let tests = source::under("backend/tests/api");
    // No route requires a role yet, so no response has this code.
    for code in ErrorCode::ALL.into_iter().filter(|code| *code != ErrorCode::Forbidden) {
        let met = format!("ErrorCode::{code:?}");
        assert!(tests.iter().any(|source| source.paths.contains(&met)), "no test meets {met}");
    }
}
