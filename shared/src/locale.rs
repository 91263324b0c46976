//! Languages of the page.

use crate::FieldErrorCode;
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// Declares the languages other than English, one per line; the compiler then requires the page's texts for each.
macro_rules! additional_locales {
    ($($(#[$doc:meta])* $name:ident = $tag:tt,)*) => {
        /// A language of the page, by its BCP 47 tag.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum Locale {
            $($(#[$doc])* #[serde(rename = $tag)] $name,)*
            /// English; also what a build makes of a language that only a newer one speaks.
            #[default]
            #[serde(rename = "en", other)]
            En,
        }

        impl Locale {
            /// Every language, in the order of a selection list.
            pub const ALL: [Self; 1 + [$($tag),*].len()] = [Self::En, $(Self::$name),*];

            /// Returns the BCP 47 tag.
            pub const fn tag(self) -> &'static str {
                match self {
                    Self::En => "en",
                    $(Self::$name => $tag,)*
                }
            }
        }
    };
}

additional_locales! {
    /// Korean.
    Ko = "ko",
}

impl Locale {
    /// Returns the first of a browser's preferred languages that the page supports; `ko-KR` counts as `ko`.
    pub fn preferred<'a>(tags: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        tags.into_iter().find_map(|tag| {
            let primary = tag.split(['-', '_']).next().unwrap_or_default();
            Self::ALL.into_iter().find(|locale| locale.tag().eq_ignore_ascii_case(primary))
        })
    }
}

impl FromStr for Locale {
    type Err = FieldErrorCode;
    fn from_str(tag: &str) -> Result<Self, FieldErrorCode> {
        Self::ALL.into_iter().find(|locale| locale.tag() == tag).ok_or(FieldErrorCode::UnsupportedLocale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_language_that_the_page_speaks_is_chosen() {
        assert_eq!(Locale::preferred(["fr-FR", "ko-KR", "en"]), Some(Locale::Ko));
        assert_eq!(Locale::preferred(["EN_us", "ko"]), Some(Locale::En));
        assert_eq!(Locale::preferred(["fr", "", "kok"]), None);
    }

    #[test]
    fn an_old_page_reads_an_account_in_a_language_that_it_does_not_speak() {
        assert_eq!(serde_json::from_str::<Locale>("\"ja\"").unwrap(), Locale::En);
        for locale in Locale::ALL {
            assert_eq!(serde_json::to_string(&locale).unwrap(), format!("\"{}\"", locale.tag()));
            assert_eq!(serde_json::from_str::<Locale>(&format!("\"{}\"", locale.tag())).unwrap(), locale);
        }
    }

    #[test]
    fn only_exact_tags_are_stored() {
        assert_eq!("ko".parse(), Ok(Locale::Ko));
        assert_eq!("ko-KR".parse::<Locale>(), Err(FieldErrorCode::UnsupportedLocale));
    }
}
