//! Pagination parameters of a list: `?limit=` and `?cursor=`.

use super::api_error::ApiError;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use latchkey_shared::{DEFAULT_PAGE_SIZE, FieldError, FieldErrorCode, MAX_PAGE_SIZE};
use utoipa::IntoParams;

/// Extractor for the requested page. Like a body, an invalid query is rejected with all its errors at once.
#[derive(Debug, PartialEq, Eq, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// How many items the page holds at most.
    #[param(minimum = 1, maximum = 200, default = 50, required = false)]
    pub limit: usize,
    /// Where the page begins: `next` of the one before. The first page when absent.
    #[param(required = false)]
    pub cursor: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for PageQuery {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parse(parts.uri.query().unwrap_or_default()).map_err(ApiError::from)
    }
}

fn parse(query: &str) -> Result<PageQuery, Vec<FieldError>> {
    let (mut limit, mut cursor) = (None, None);
    let mut errors = Vec::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let place = match &*name {
            "limit" => &mut limit,
            "cursor" => &mut cursor,
            // The name is client input, so it is truncated before it is returned.
            other => {
                let name: String = other.chars().take(100).collect();
                errors.push(FieldError::new(&name, FieldErrorCode::UnknownField));
                continue;
            }
        };
        // With two values it is ambiguous which one was meant.
        if place.replace(value.into_owned()).is_some() {
            errors.push(FieldError::new(&name, FieldErrorCode::WrongType));
        }
    }
    let limit = match limit.map(|text| number(&text)) {
        None => DEFAULT_PAGE_SIZE,
        Some(Ok(limit)) => limit,
        Some(Err(code)) => {
            errors.push(FieldError::new("limit", code));
            DEFAULT_PAGE_SIZE
        }
    };
    if errors.is_empty() { Ok(PageQuery { limit, cursor }) } else { Err(errors) }
}

fn number(text: &str) -> Result<usize, FieldErrorCode> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        let is_negative = text.strip_prefix('-').is_some_and(|rest| rest.parse::<u64>().is_ok());
        return Err(if is_negative { FieldErrorCode::OutOfRange } else { FieldErrorCode::WrongType });
    }
    let number = text.parse().ok().filter(|number| (1..=MAX_PAGE_SIZE).contains(number));
    number.ok_or(FieldErrorCode::OutOfRange)
}

#[cfg(test)]
mod tests {
    use super::*;
    use FieldErrorCode::{OutOfRange, UnknownField, WrongType};

    #[test]
    fn a_page_is_asked_for_by_its_size_and_its_place() {
        let turned = |limit, cursor: Option<&str>| PageQuery { limit, cursor: cursor.map(str::to_owned) };
        for (query, expected) in [
            ("", turned(50, None)),
            ("limit=1", turned(1, None)),
            ("cursor=a%2Bb&limit=200", turned(200, Some("a+b"))),
            ("limit=007", turned(7, None)),
        ] {
            assert_eq!(parse(query), Ok(expected), "{query}");
        }
    }

    #[test]
    fn everything_that_is_wrong_with_an_address_is_named() {
        for (query, expected) in [
            ("limit=0", vec![("limit", OutOfRange)]),
            ("limit=201", vec![("limit", OutOfRange)]),
            ("limit=-1", vec![("limit", OutOfRange)]),
            ("limit=99999999999999999999999", vec![("limit", OutOfRange)]),
            ("limit=", vec![("limit", WrongType)]),
            ("limit=ten", vec![("limit", WrongType)]),
            ("limit=1.5", vec![("limit", WrongType)]),
            ("limit=%201", vec![("limit", WrongType)]),
            ("limit=1&limit=2", vec![("limit", WrongType)]),
            ("cursor=a&cursor=a", vec![("cursor", WrongType)]),
            ("page=2&limit=x", vec![("page", UnknownField), ("limit", WrongType)]),
        ] {
            let errors = parse(query).unwrap_err();
            let named: Vec<_> = errors.iter().map(|error| (error.field.as_str(), error.code)).collect();
            assert_eq!(named, expected, "{query}");
        }
    }
}
