//! What the page says, in every language it speaks. A text that one language lacks fails the build.
//!
//! A further language is one file beside `en` and `ko`. Its tag in `shared/src/locale.rs` is what sets off the compiler, which
//! then asks for an arm in `texts` and for every text in the file. The outline in `index.html` speaks English until the page
//! is there, in any language that it has no words of; `data-languages` on its root names those that it has.

mod en;
mod ko;
mod texts;

pub use texts::Texts;

use crate::effect::effect;
use crate::platform::{document, locale, storage};
use latchkey_shared::Locale;
use leptos::prelude::*;

/// Where the chosen language lies in local storage.
const KEY: &str = "latchkey.locale";

/// The texts of a language.
pub fn texts(locale: Locale) -> &'static Texts {
    match locale {
        Locale::En => &en::TEXTS,
        Locale::Ko => &ko::TEXTS,
    }
}

/// The language that the page speaks now.
#[derive(Clone, Copy)]
pub struct I18n(RwSignal<Locale>);

impl I18n {
    /// The stored choice, or else the browser's language.
    pub fn start() -> Self {
        let i18n = Self(RwSignal::new(storage::read(KEY).unwrap_or_else(|_| locale::of_browser())));
        effect(move || document::set_root_attribute("lang", Some(i18n.locale().tag())));
        i18n
    }

    /// The language, followed by views.
    pub fn locale(self) -> Locale {
        self.0.get()
    }

    /// The texts, followed by views.
    pub fn texts(self) -> &'static Texts {
        texts(self.0.get())
    }

    /// Speaks another language from now on, also at the next start.
    pub fn speak(self, locale: Locale) {
        storage::write(KEY, &locale);
        if self.0.get_untracked() != locale {
            self.0.set(locale);
        }
    }
}

/// The page's language, from any component.
pub fn use_i18n() -> I18n {
    use_context().unwrap_or_else(I18n::start)
}

/// Which of the texts.
pub type Words = fn(&Texts) -> &'static str;

/// A text that follows the language. All of them are closures of one type, so that the code to draw one exists once.
pub fn tr(pick: Words) -> impl Fn() -> &'static str + Copy + Send + Sync + 'static {
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
            for code in [FieldErrorCode::Required, FieldErrorCode::PasswordCommon, FieldErrorCode::Unknown] {
                assert!(!(texts.field_error)(code).is_empty());
            }
        }
    }

    /// The outline is there before any of this code is. It may speak fewer languages, but says what the page will say.
    #[wasm_bindgen_test]
    fn the_outline_in_index_html_says_what_the_page_says() {
        let html = include_str!("../../../index.html");
        let of_outline: &[Words] = &[
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
        // The first is what the outline falls back to.
        assert_eq!(spoken[0], Locale::default().tag());
        for tag in spoken {
            let texts = texts(tag.parse().unwrap());
            assert!(html.contains(&format!(
                "<option value=\"{tag}\" lang=\"{tag}\">{}</option>",
                texts.in_its_own_words
            )));
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
        assert_eq!((texts(Locale::En).duration)(3_723), "1 h 2 min");
        assert_eq!((korean.duration)(59), "59초");
    }

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
