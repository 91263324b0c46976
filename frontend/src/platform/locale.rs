//! Languages, dates and numbers, by the browser's `Intl`.

use js_sys::{Array, Function, Intl, Object, Reflect};
use latchkey_shared::{Locale, Timestamp};
use wasm_bindgen::{JsCast, JsValue};

/// Returns the first of the browser's languages that the page supports.
pub fn browser_locale() -> Locale {
    let languages = web_sys::window().map(|window| window.navigator().languages()).unwrap_or_default();
    let tags: Vec<String> = languages.iter().filter_map(|tag| tag.as_string()).collect();
    Locale::preferred(tags.iter().map(String::as_str)).unwrap_or_default()
}

/// Formats a date with its time of day, in the user's time zone.
pub fn date_time(locale: Locale, at: Timestamp) -> String {
    format(locale, at, &[("dateStyle", "medium"), ("timeStyle", "short")])
}

/// Formats a date.
pub fn date(locale: Locale, at: Timestamp) -> String {
    format(locale, at, &[("dateStyle", "long")])
}

/// Formats a time of day, to the second.
pub fn time(locale: Locale, at: Timestamp) -> String {
    format(locale, at, &[("timeStyle", "medium")])
}

/// Formats a time relative to `now`: "in 3 days", "5 minutes ago".
pub fn relative(locale: Locale, at: Timestamp, now: Timestamp) -> String {
    let (count, unit) = distance(at.as_millis() - now.as_millis());
    let options = options(&[("numeric", "auto")]);
    #[expect(clippy::cast_precision_loss, reason = "counts of units are small")]
    Intl::RelativeTimeFormat::new(&tags(locale), &options).format(count as f64, unit).into()
}

/// Returns the largest unit that fits, with the number of units.
fn distance(millis: i64) -> (i64, &'static str) {
    const UNITS: [(i64, &str); 4] =
        [(86_400_000, "day"), (3_600_000, "hour"), (60_000, "minute"), (1_000, "second")];
    for (size, unit) in UNITS {
        if millis.abs() >= size {
            // Rounded: 13 days and 23 hours reads better as 14 days.
            return ((millis + millis.signum() * size / 2) / size, unit);
        }
    }
    (0, "second")
}

/// Returns the first visible character with all that belongs to it: marks, the parts of an emoji, a whole Hangul
/// syllable.
pub fn first_letter(text: &str) -> String {
    segmented(text.trim_start()).or_else(|| matched(text)).unwrap_or_default()
}

/// Returns the first grapheme cluster by the browser's `Intl.Segmenter` (UAX 29); none if the browser has none, or the
/// character is invisible.
fn segmented(text: &str) -> Option<String> {
    let segmenter = construct(&property(&js_sys::global(), "Intl")?, "Segmenter", &Array::new())?;
    let segments = call(&segmenter, "segment", &text.into())?;
    let first = property(&call(&segments, "containing", &0.into())?, "segment")?.as_string()?;
    matched(&first).is_some().then_some(first)
}

/// Returns the first character by Unicode properties, for browsers without a segmenter: a flag, or a character that is
/// visible by itself, and what extends it.
fn matched(text: &str) -> Option<String> {
    const LETTER: &str = r"(?:\p{RI}{2}|[^\s\p{C}\p{M}\p{DI}\u2800])(?:\u200D\p{So}|[\p{M}\p{EMod}\p{DI}\u1160-\u11FF\uD7B0-\uD7FB])*";
    let pattern = construct(&js_sys::global(), "RegExp", &Array::of2(&LETTER.into(), &"u".into()))?;
    property(&call(&pattern, "exec", &text.into())?, "0")?.as_string()
}

/// Constructs an object of a class that the browser may not have.
fn construct(of: &JsValue, name: &str, with: &Array) -> Option<JsValue> {
    Reflect::construct(&property(of, name)?.dyn_into::<Function>().ok()?, with).ok()
}

fn call(of: &JsValue, name: &str, with: &JsValue) -> Option<JsValue> {
    property(of, name)?.dyn_into::<Function>().ok()?.call1(of, with).ok()
}

fn property(of: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(of, &name.into()).ok()
}

fn format(locale: Locale, at: Timestamp, choices: &[(&str, &str)]) -> String {
    let format = Intl::DateTimeFormat::new(&tags(locale), &options(choices)).format();
    #[expect(clippy::cast_precision_loss, reason = "milliseconds stay below 2^53")]
    let millis = JsValue::from_f64(at.as_millis() as f64);
    // A time outside the calendar's range is shown as a number.
    format
        .call1(&JsValue::NULL, &millis)
        .ok()
        .and_then(|text| text.as_string())
        .unwrap_or_else(|| at.as_millis().to_string())
}

fn tags(locale: Locale) -> Array {
    Array::of1(&locale.tag().into())
}

fn options(choices: &[(&str, &str)]) -> Object {
    let object = Object::new();
    for (name, value) in choices {
        // Setting a property of a plain object does not fail.
        let _ = Reflect::set(&object, &(*name).into(), &(*value).into());
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn times_read_from_now_in_both_languages() {
        let now = Timestamp::from_seconds(1_700_000_000);
        let at = |seconds: i64| Timestamp::from_seconds(1_700_000_000 + seconds);
        assert_eq!(relative(Locale::En, at(14 * 86_400 - 60), now), "in 14 days");
        assert_eq!(relative(Locale::En, at(-300), now), "5 minutes ago");
        assert_eq!(relative(Locale::Ko, at(-300), now), "5분 전");
        assert_eq!(relative(Locale::Ko, now, now), "지금");
    }

    #[wasm_bindgen_test]
    fn dates_follow_the_language_and_absurd_ones_do_no_harm() {
        let at = Timestamp::from_seconds(1_700_000_000);
        assert!(date(Locale::Ko, at).contains("2023년 11월"));
        assert!(date(Locale::En, at).contains("November"));
        let _ = date_time(Locale::En, Timestamp::from_millis(i64::MAX));
    }

    #[wasm_bindgen_test]
    fn initials_are_whole_letters_also_where_the_browser_parts_no_text() {
        for (name, initial) in [
            ("Ada", "A"),
            (" e\u{301}lodie", "e\u{301}"),
            ("\u{200B}\u{A0}Ada", "A"),
            ("👩‍👩‍👧‍👦 Family", "👩‍👩‍👧‍👦"),
            ("👩🏽‍🚀 Zoë", "👩🏽‍🚀"),
            ("👍🏽👍", "👍🏽"),
            ("🇰🇷🇩🇪", "🇰🇷"),
            (
                "🏴\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}x",
                "🏴\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}",
            ),
            ("\u{1112}\u{1161}\u{11AB}\u{1100}\u{1173}", "\u{1112}\u{1161}\u{11AB}"),
            ("김하늘", "김"),
            ("\u{915}\u{93F}x", "\u{915}\u{93F}"),
            ("नीता", "नी"),
            ("1️⃣2", "1️⃣"),
            ("❤️a", "❤️"),
        ] {
            assert_eq!(first_letter(name), initial);
            assert_eq!(matched(name).as_deref(), Some(initial));
        }
        assert_eq!(first_letter("\u{3164} "), "");
    }
}
