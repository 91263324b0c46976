//! The page's texts in every supported language. A text that is missing in one language fails the build.
//!
//! A new language is one file next to `en` and `ko`. Once its tag is in `shared/src/locale.rs`, the compiler requires
//! an arm in `texts` and every text in the file. If the outline in `index.html` lacks the language, it is in English
//! until the page has loaded; `data-languages` on its root lists the languages that it has, and a rule in `layout.css`
//! shows each of them alone.

mod en;
mod ko;
mod texts;

pub use texts::Texts;

use crate::effect::effect;
use crate::platform::{document, locale, storage};
use latchkey_shared::Locale;
use leptos::prelude::*;

/// Local storage key of the chosen language.
const KEY: &str = "latchkey.locale";

/// Returns the texts of a language.
pub fn texts(locale: Locale) -> &'static Texts {
    match locale {
        Locale::En => &en::TEXTS,
        Locale::Ko => &ko::TEXTS,
    }
}

/// The page's current language.
#[derive(Clone, Copy)]
pub struct I18n(RwSignal<Locale>);

impl I18n {
    /// Starts with the stored choice, or else with the browser's language.
    pub fn start() -> Self {
        let i18n = Self(RwSignal::new(storage::read(KEY).unwrap_or_else(|_| locale::browser_locale())));
        effect(move || document::set_root_attribute("lang", Some(i18n.locale().tag())));
        i18n
    }

    /// Returns the language; tracked by views.
    pub fn locale(self) -> Locale {
        self.0.get()
    }

    /// Returns the texts; tracked by views.
    pub fn texts(self) -> &'static Texts {
        texts(self.0.get())
    }

    /// Changes the language, and stores it for the next start.
    pub fn set_locale(self, locale: Locale) {
        storage::write(KEY, &locale);
        if self.0.get_untracked() != locale {
            self.0.set(locale);
        }
    }
}

/// Returns the page's language from the context.
pub fn use_i18n() -> I18n {
    use_context().unwrap_or_else(I18n::start)
}

/// Formats a duration in its two largest units, from days to seconds; the second unit is omitted if it is zero.
fn two_largest_units(seconds: u64, units: [&str; 4]) -> String {
    let counts = [seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60];
    let largest = counts.iter().position(|count| *count > 0).unwrap_or(3);
    let mut text = format!("{}{}", counts[largest], units[largest]);
    if let (Some(count @ 1..), Some(unit)) = (counts.get(largest + 1), units.get(largest + 1)) {
        text = format!("{text} {count}{unit}");
    }
    text
}

/// Selects one of the texts.
pub type TextKey = fn(&Texts) -> &'static str;

/// Returns a text that follows the language. All of these closures have one type, so that rendering code is compiled
/// once.
pub fn tr(pick: TextKey) -> impl Fn() -> &'static str + Copy + Send + Sync + 'static {
    let i18n = use_i18n();
    move || pick(i18n.texts())
}

#[cfg(test)]
mod tests {
    use super::*;
    use latchkey_shared::{EndReason, ErrorCode, FieldErrorCode};
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn every_code_has_words_in_every_language() {
        for texts in Locale::ALL.map(texts) {
            for code in ErrorCode::ALL {
                assert!(!(texts.problem)(code).is_empty());
            }
            for reason in EndReason::ALL {
                assert!(!(texts.end_reason)(reason).is_empty() && !(texts.ended_label)(reason).is_empty());
            }
            for code in FIELD_ERRORS {
                assert!(!(texts.field_error)(code).is_empty());
            }
            for (name, text) in texts.plain() {
                assert!(!text.is_empty() || name == "hello_after", "{name}");
            }
        }
    }

    /// The outline is shown before this code has loaded. It may have fewer languages, but has the same texts as the
    /// page.
    #[wasm_bindgen_test]
    fn the_outline_in_index_html_says_what_the_page_says() {
        let html = include_str!("../../../index.html");
        let of_outline: &[TextKey] = &[
            |t| t.home,
            |t| t.profile,
            |t| t.security,
            |t| t.sessions,
            |t| t.token,
            |t| t.loading,
            |t| t.sign_in,
            |t| t.sign_in_lead,
            |t| t.email,
            |t| t.password,
            |t| t.show_password,
            |t| t.keep_signed_in,
            |t| t.keep_signed_in_hint,
            |t| t.no_account,
            |t| t.create_account,
            |t| t.sign_up_title,
            |t| t.sign_up_lead,
            |t| t.display_name,
            |t| t.password_hint,
            |t| t.have_account,
            |t| t.language,
            |t| t.theme,
            |t| t.theme_system,
            |t| t.theme_light,
            |t| t.theme_dark,
        ];
        let (_, rest) = html.split_once("data-languages=\"").unwrap();
        let spoken: Vec<_> = rest.split('"').next().unwrap().split(' ').collect();
        // The first language is the outline's fallback.
        assert_eq!(spoken[0], Locale::default().tag());
        let styles = include_str!("../../styles/layout.css");
        for tag in spoken {
            // Without the rule, the outline would show every language at once.
            let rule = format!(r#":root[data-speaks="{tag}"] #shell [lang]:not([lang="{tag}"], option)"#);
            assert!(styles.contains(&rule), "layout.css lacks {rule}");
            let texts = texts(tag.parse().unwrap());
            assert!(
                html.contains(&format!(
                    "<option value=\"{tag}\" lang=\"{tag}\">{}</option>",
                    texts.native_name
                ))
            );
            for words in of_outline {
                let span = format!("<span lang=\"{tag}\">{}</span>", words(texts));
                assert!(html.contains(&span), "index.html lacks {span}");
            }
        }
    }

    #[wasm_bindgen_test]
    fn korean_is_korean() {
        let hangul = |text: &str| text.chars().any(|c| ('가'..='힣').contains(&c));
        let korean = texts(Locale::Ko);
        assert!(ErrorCode::ALL.into_iter().all(|code| hangul((korean.problem)(code))));
        assert!(EndReason::ALL.into_iter().all(|reason| hangul((korean.end_reason)(reason))));
    }

    #[wasm_bindgen_test]
    fn spans_name_two_units_and_none_that_counts_nothing() {
        let (english, korean) = (texts(Locale::En).duration, texts(Locale::Ko).duration);
        for (seconds, in_english, in_korean) in [
            (0, "0 s", "0초"),
            (59, "59 s", "59초"),
            (60, "1 min", "1분"),
            (61, "1 min 1 s", "1분 1초"),
            (3_600, "1 h", "1시간"),
            (3_659, "1 h", "1시간"),
            (3_723, "1 h 2 min", "1시간 2분"),
            (86_400, "1 d", "1일"),
            (90_061, "1 d 1 h", "1일 1시간"),
        ] {
            assert_eq!((english(seconds).as_str(), korean(seconds).as_str()), (in_english, in_korean));
        }
    }

    #[wasm_bindgen_test]
    fn roles_are_words_in_every_language_and_unknown_ones_stay() {
        let (english, korean) = (texts(Locale::En).role, texts(Locale::Ko).role);
        for role in ["user", "auditor", "admin"] {
            assert!(english(role) != role && korean(role) != role, "{role}");
        }
        assert_eq!((english("user"), korean("user")), ("User".to_owned(), "사용자".to_owned()));
        assert_eq!((english("pilot"), korean("pilot")), ("pilot".to_owned(), "pilot".to_owned()));
    }

    #[wasm_bindgen_test]
    fn korean_labels_of_ended_sessions_end_alike() {
        for reason in EndReason::ALL {
            let label = (texts(Locale::Ko).ended_label)(reason);
            assert!(label.ends_with("됨"), "{label}");
        }
    }

    #[wasm_bindgen_test]
    fn no_korean_particle_stands_apart_and_one_thing_has_one_name() {
        // As a word of its own, each of these is a particle separated from its noun.
        let particles =
            ["은", "는", "가", "을", "를", "에", "에서", "의", "로", "으로", "와", "과", "까지", "부터"];
        let replaced = ["탈퇴", "내려받", "내보내", "자판", "사본", "되살릴", "로그인 정보", "로그인 기기"];
        for text in all_korean() {
            let words: Vec<_> =
                text.split(' ').map(|word| word.trim_end_matches(['.', ',', '!', '?'])).collect();
            assert!(!particles.iter().any(|particle| words.contains(particle)), "{text}");
            assert!(!replaced.iter().any(|word| text.contains(word)), "{text}");
        }
        let html = include_str!("../../../index.html");
        assert!(!replaced.iter().any(|word| html.contains(word)));
    }

    /// Returns every Korean text that takes no value.
    fn all_korean() -> Vec<&'static str> {
        let korean = texts(Locale::Ko);
        let plain = korean.plain().into_iter().map(|(_, text)| text);
        let problems = ErrorCode::ALL.into_iter().map(korean.problem);
        let fields = FIELD_ERRORS.into_iter().map(korean.field_error);
        let reasons = EndReason::ALL
            .into_iter()
            .flat_map(|reason| [(korean.end_reason)(reason), (korean.ended_label)(reason)]);
        let failures = [korean.unreachable, korean.invalid_response, korean.signed_out_failure];
        plain.chain(problems).chain(fields).chain(reasons).chain(failures).collect()
    }

    const FIELD_ERRORS: [FieldErrorCode; 14] = [
        FieldErrorCode::Required,
        FieldErrorCode::UnknownField,
        FieldErrorCode::WrongType,
        FieldErrorCode::TooShort,
        FieldErrorCode::TooLong,
        FieldErrorCode::ControlCharacters,
        FieldErrorCode::NothingVisible,
        FieldErrorCode::TooManyMarks,
        FieldErrorCode::InvalidEmail,
        FieldErrorCode::UnsupportedLocale,
        FieldErrorCode::PasswordCommon,
        FieldErrorCode::PasswordPersonal,
        FieldErrorCode::PasswordPattern,
        FieldErrorCode::PasswordGuessable,
    ];

    #[wasm_bindgen_test]
    fn devices_are_named_in_every_language_and_unknown_words_stay() {
        let (english, korean) = (texts(Locale::En).device_name, texts(Locale::Ko).device_name);
        assert_eq!(english("Chrome on Linux"), "Chrome on Linux");
        assert_eq!(korean("Chrome on Linux"), "Linux의 Chrome");
        assert_eq!(korean("Internet on Rails on macOS"), "macOS의 Internet on Rails");
        assert_eq!(korean("Unknown device"), "알 수 없는 기기");
        for words in ["curl", "Konqueror", "", "ononon", "\u{1F98A}"] {
            assert_eq!((english(words), korean(words)), (words.to_owned(), words.to_owned()));
        }
    }
}
