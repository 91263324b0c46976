//! OpenAPI 3.1 description of the API, generated from the routes themselves.

use crate::app::App;
use latchkey_shared::Problem;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    Components, Info, OpenApi, OpenApiBuilder, RefOr, Required, Schema, path::Operation, path::PathItem,
};
use utoipa::{PartialSchema as _, ToSchema as _};
use utoipa_axum::router::OpenApiRouter;

/// Completes the description of the routes: each operation gets a name of its own, and bodies that may be empty may be
/// left out.
pub(super) fn complete(mut description: OpenApi) -> OpenApi {
    let schemas = description.components.iter().flat_map(|components| &components.schemas);
    let may_be_empty = schemas.filter(|(_, schema)| requires_nothing(schema)).map(|(name, _)| name.clone());
    let may_be_empty: Vec<_> = may_be_empty.collect();
    for path in description.paths.paths.values_mut() {
        name_each_method(path);
        operations(path).for_each(|operation| leave_out_empty_body(operation, &may_be_empty));
    }
    description
}

/// Gives each method its own operation id: a route that accepts several methods alike is described once for each, and
/// operation ids must be unique.
fn name_each_method(path: &mut PathItem) {
    let Some(name) = path.get.as_ref().and_then(|get| get.operation_id.clone()) else { return };
    let others = [
        ("post", &mut path.post),
        ("put", &mut path.put),
        ("patch", &mut path.patch),
        ("delete", &mut path.delete),
        ("options", &mut path.options),
    ];
    for (method, operation) in others {
        let Some(operation) = operation else { continue };
        if operation.operation_id.as_ref() == Some(&name) {
            operation.operation_id = Some(format!("{name}_{method}"));
        }
    }
}

fn requires_nothing(schema: &RefOr<Schema>) -> bool {
    matches!(schema, RefOr::T(Schema::Object(object)) if object.required.is_empty())
}

fn operations(path: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut path.get, &mut path.post, &mut path.patch, &mut path.delete].into_iter().flatten()
}

/// Marks a body as optional if it may be `{}`. Only the complete description shows which bodies may.
fn leave_out_empty_body(operation: &mut Operation, may_be_empty: &[String]) {
    let Some(RefOr::T(body)) = &mut operation.request_body else { return };
    let names = body.content.values().map(|content| match content {
        RefOr::T(content) => match &content.schema {
            Some(RefOr::Ref(schema)) => schema.ref_location.rsplit('/').next(),
            _ => None,
        },
        RefOr::Ref(_) => None,
    });
    if names.into_iter().all(|name| name.is_some_and(|name| may_be_empty.iter().any(|empty| empty == name))) {
        body.required = Some(Required::False);
    }
}

/// Returns the description without any routes.
pub(super) fn empty_router() -> OpenApiRouter<App> {
    let mut info = Info::new("Latchkey", env!("CARGO_PKG_VERSION"));
    info.description = Some("Sign-in that a team hosts itself: accounts, sessions and tokens.".to_owned());
    OpenApiRouter::with_openapi(OpenApiBuilder::new().info(info).components(Some(components())).build())
}

fn components() -> Components {
    let mut components = Components::new();
    // Errors are described by reference, so their schema has to be present.
    components.schemas.insert(Problem::name().into_owned(), Problem::schema());
    let mut parts = Vec::new();
    Problem::schemas(&mut parts);
    components.schemas.extend(parts);
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    let cookie = ApiKey::Cookie(ApiKeyValue::new("latchkey_refresh"));
    components.add_security_scheme("access_token", SecurityScheme::Http(bearer));
    components.add_security_scheme("refresh_cookie", SecurityScheme::ApiKey(cookie));
    components
}
