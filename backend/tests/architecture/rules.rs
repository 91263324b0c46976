//! Architecture rules, one function each. A rule returns its violations.

use super::source::Source;

pub type Rule = fn(&[Source]) -> Vec<String>;

/// Modules of `backend/src` that implement the domain, as opposed to the infrastructure.
const DOMAINS: [&str; 10] = [
    "accounts",
    "authentication",
    "sessions",
    "self_service",
    "tokens",
    "audit",
    "mail",
    "admin",
    "oauth",
    "federation",
];

/// Returns `true` for the HTTP layer: the domains' routes, and the infrastructure around them.
fn is_the_rim(source: &Source) -> bool {
    let is_route = source.file() == "routes.rs" || source.path.contains("/routes/");
    is_route || source.file() == "problems.rs" || ["http", "server", "app"].contains(&source.part())
}

pub fn axum_stays_at_the_rim(sources: &[Source]) -> Vec<String> {
    let names = ["axum", "utoipa_axum", "tower_service", "tower"];
    only(sources, "backend/", is_the_rim, &names)
}

pub fn use_cases_know_no_http(sources: &[Source]) -> Vec<String> {
    only(sources, "backend/", is_the_rim, &["http"])
}

pub fn the_database_is_spoken_to_by_stores_alone(sources: &[Source]) -> Vec<String> {
    let inside = |source: &Source| source.file() == "store.rs" || source.part() == "db";
    only(sources, "backend/", inside, &["sea_orm", "sea_orm_migration", "db::entity", "entity"])
}

pub fn spans_are_made_in_one_place(sources: &[Source]) -> Vec<String> {
    let names = ["opentelemetry", "opentelemetry_proto", "opentelemetry_sdk", "prost"];
    only(sources, "backend/", |source| source.part() == "traces", &names)
}

pub fn no_domain_uses_anothers_store(sources: &[Source]) -> Vec<String> {
    DOMAINS
        .iter()
        .flat_map(|domain| {
            let inside = |source: &Source| source.part() == *domain;
            only(sources, "backend/", inside, &[&format!("{domain}::store")])
        })
        .collect()
}

/// Exceptions: the router includes its routes, and the library declares the module.
pub fn nothing_uses_admin(sources: &[Source]) -> Vec<String> {
    let inside = |source: &Source| source.part() == "admin" || source.path.ends_with("server/router.rs");
    only(sources, "backend/", inside, &["admin"])
}

pub fn mail_and_audit_are_leaves(sources: &[Source]) -> Vec<String> {
    let mut broken = Vec::new();
    for leaf in ["mail", "audit"] {
        let others: Vec<_> = DOMAINS.into_iter().filter(|domain| *domain != leaf).collect();
        let elsewhere = |source: &Source| source.part() != leaf;
        broken.extend(only(sources, "backend/", elsewhere, &others));
    }
    broken
}

/// `routes!` takes a route and its description from one line; with any other way, a route could be undocumented.
pub fn every_route_is_described(sources: &[Source]) -> Vec<String> {
    let ways = [".route(", ".route_service(", ".nest(", ".nest_service("];
    let taken = |source: &Source| {
        let taken = ways.iter().filter(|way| source.code.contains(**way));
        taken.map(|way| format!("{} uses {way}…)", source.path)).collect::<Vec<_>>()
    };
    sources.iter().filter(|source| source.path.starts_with("backend/")).flat_map(taken).collect()
}

pub fn shared_does_no_io(sources: &[Source]) -> Vec<String> {
    let io = ["fs", "net", "env", "io", "process", "thread", "os", "time::SystemTime", "time::Instant"];
    let io = io.map(|name| format!("std::{name}"));
    only(sources, "shared/", |_| false, &io.each_ref().map(String::as_str))
}

pub fn the_pages_calls_go_through_its_api(sources: &[Source]) -> Vec<String> {
    only(sources, "frontend/", |source| source.part() == "api", &["gloo_net"])
}

pub fn the_browsers_storage_is_reached_through_platform(sources: &[Source]) -> Vec<String> {
    only(sources, "frontend/", |source| source.part() == "platform", &["gloo_storage"])
}

pub fn what_pages_are_made_of_does_not_know_them(sources: &[Source]) -> Vec<String> {
    let parts = ["components", "session", "api", "platform", "i18n"];
    only(sources, "frontend/", |source| !parts.contains(&source.part()), &["pages"])
}

/// Returns the violations of this rule: below `side`, only the sources that `inside` accepts may use these names.
fn only(sources: &[Source], side: &str, inside: impl Fn(&Source) -> bool, names: &[&str]) -> Vec<String> {
    let outside = sources.iter().filter(|source| source.path.starts_with(side) && !inside(source));
    let broken = |source: &Source| {
        let used = names.iter().filter(|name| source.uses(name));
        used.map(|name| format!("{} uses {name}", source.path)).collect::<Vec<_>>()
    };
    outside.flat_map(broken).collect()
}
