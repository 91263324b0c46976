//! The account record, and the keys by which addresses are compared.

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use latchkey_shared::{Account, EmailAddress, Timestamp};
use unicode_normalization::UnicodeNormalization;
use url::Host;

/// An account and what is stored with it.
#[derive(Debug, Clone)]
pub struct AccountRecord {
    /// The account.
    pub account: Account,
    /// Time of the last change of the account.
    pub updated_at: Timestamp,
    /// Time of the last sign-in that has been written to the account; the stored sessions may have a later one.
    pub signed_in_at: Timestamp,
}

/// Returns the canonical form of an address, which is the same for all its spellings. In the local part compatibility
/// characters, case and composition are folded; the domain is in its ASCII form (UTS 46, nontransitional).
///
/// An undeliverable address keeps its former key: an account may have been created with it.
pub fn email_key(email: &EmailAddress) -> String {
    deliverable_email_key(email).unwrap_or_else(|| folded_key(email))
}

/// Returns the key of a deliverable address; `None` if its domain is not valid in DNS, or if folding makes its local
/// part too long or produces a character that addresses do not allow.
pub fn deliverable_email_key(email: &EmailAddress) -> Option<String> {
    let (local, domain) = email.as_str().rsplit_once('@')?;
    let domain = Uts46::new()
        .to_ascii(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify)
        .ok()?;
    // Final sigma is a separate lowercase letter without a capital of its own.
    let local = fold(local).replace('ς', "σ");
    if local.len() > EmailAddress::MAX_LOCAL {
        return None;
    }
    let key = format!("{local}@{domain}");
    key.parse::<EmailAddress>().ok().filter(|spelled| spelled.as_str() == key)?;
    Some(key)
}

/// Returns the keys by which an account with this address may be found. The legacy key comes first: its account existed
/// before another one could take a spelling of the address.
pub fn email_keys(email: &EmailAddress) -> impl Iterator<Item = String> + use<> {
    legacy_email_key(email).into_iter().chain([email_key(email)])
}

/// Returns the key that the address had before domains were normalized by their own rules, if it differs. Accounts that
/// were created then are still found by it.
fn legacy_email_key(email: &EmailAddress) -> Option<String> {
    Some(folded_key(email)).filter(|former| *former != email_key(email))
}

/// Returns the address folded as a whole, with its domain then parsed as in a URL.
fn folded_key(email: &EmailAddress) -> String {
    let folded = fold(email.as_str());
    let Some((local, domain)) = folded.rsplit_once('@') else { return folded };
    match Host::parse(domain) {
        Ok(Host::Domain(ascii)) => format!("{local}@{ascii}"),
        _ => folded,
    }
}

fn fold(text: &str) -> String {
    text.nfkc().collect::<String>().to_lowercase().nfkc().collect()
}

/// Returns the account data that an attacker who knows the account would try first, for the password strength check.
pub fn user_inputs(email: &str, display_name: &str) -> Vec<String> {
    vec![email.to_owned(), display_name.to_owned()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spellings_of_one_address_have_one_key() {
        let key = |text: &str| email_key(&text.parse().unwrap());
        assert_eq!(key("Ada@Example.ORG"), key("ada@example.org"));
        assert_eq!(key("\u{1112}\u{1161}\u{11AB}@example.org"), key("\u{D55C}@example.org"));
        assert_ne!(key("ada@example.org"), key("ada@example.com"));
        assert_eq!(key("ada@\u{C608}\u{C2DC}.\u{D55C}\u{AD6D}"), key("Ada@XN--VV4B11D.xn--3e0b707e"));
        assert_ne!(
            key("\u{D55C}@example.org"),
            key("xn--6q8b@example.org"),
            "only domains are spelled in two ways"
        );
    }

    #[test]
    fn domains_are_read_as_the_network_reads_them() {
        let key = |text: &str| email_key(&text.parse().unwrap());
        assert_eq!(key("ada@example。org"), key("ada@example.org"));
        assert_eq!(key("ada@ｅｘａｍｐｌｅ．ORG"), key("ada@example.org"));
        assert_eq!(key("ada@uni\u{308}.example"), key("ada@unï.example"));
        assert_eq!(key("ada@stra\u{DF}e.example"), "ada@xn--strae-oqa.example");
        assert_ne!(key("ada@stra\u{DF}e.example"), key("ada@strasse.example"));
        assert_eq!(key("ada@ΟΔΟΣ.gr"), key("ada@οδοσ.gr"));
        assert_ne!(key("ada@οδος.gr"), key("ada@οδοσ.gr"), "these are two domains");
        assert_eq!(key("संपर्क@उदाहरण.भारत"), "संपर्क@xn--p1b6ci4b4b3a.xn--h2brj9c");
    }

    #[test]
    fn a_local_part_is_one_in_capitals_and_in_small_letters() {
        let key = |text: &str| email_key(&text.parse().unwrap());
        for local in ["ada", "ΝΊΚΟΣ", "νίκος.π", "Ёлка", "İpek", "Élodie", "ｗｉｄｅ", "Ꭰꭰ", "ǅ", "ﬁn"]
        {
            let spelled = |local: &str| key(&format!("{local}@example.org"));
            let (upper, lower) = (local.to_uppercase(), local.to_lowercase());
            assert_eq!(spelled(local), spelled(&lower), "{local}");
            assert_eq!(spelled(local), spelled(&upper), "{local}");
        }
    }

    #[test]
    fn what_the_network_cannot_hold_is_no_possible_address() {
        let possible = |text: &str| deliverable_email_key(&text.parse().unwrap());
        let long = "ada@가나다라마바사아자차카타파하거너더러머버서어저처.org";
        let long_local = format!("{}@example.org", "가".repeat(22));
        for text in [
            "ada@exam％ple.org",
            "ada@exa\u{3A9}\u{338}\u{2260}.org\u{FF05}",
            "ada@a⒈b.org",
            "ada@xn--a.org",
            "ada@\u{5D0}a.org",
            "ada＠b@example.org",
            "a，b@example.org",
            "a\u{A8}b@example.org",
            "ada@a\u{200D}b.org",
            long,
            long_local.as_str(),
        ] {
            assert_eq!(possible(text), None, "{text}");
        }
        assert!(possible("ada@\u{DC1}\u{DCA}\u{200D}\u{DBB}\u{DD3}.lk").is_some());
    }

    #[test]
    fn real_addresses_keep_the_key_that_they_had() {
        for text in [
            "ada@example.org",
            "Ada.Lovelace+news@Mail.Example.org",
            "하늘@예시.한국",
            "rene\u{301}e@exa\u{308}mple.org",
            "ada@stra\u{DF}e.example",
            "o'brien@r3---sn.ex-ample.co",
            "ａｄａ@ｅｘａｍｐｌｅ.org",
            "İpek@example.org",
        ] {
            assert_eq!(legacy_email_key(&text.parse().unwrap()), None, "{text}");
        }
        let greek = "νίκος@example.org".parse().unwrap();
        assert_eq!(legacy_email_key(&greek).as_deref(), Some("νίκος@example.org"));
        let odd = EmailAddress::parse_existing("ada@100%.example.org").unwrap();
        assert_eq!((email_key(&odd), legacy_email_key(&odd)), ("ada@100%.example.org".to_owned(), None));
    }

    proptest! {
        #[test]
        fn spellings_of_any_address_have_one_key(
            local in "[a-z가-힣ก-ฮéёσ]{1,12}",
            domain in "[a-z]{1,8}[가-힣]{0,4}[éöж]{0,2}",
        ) {
            let key = |text: &str| text.parse().map(|address| email_key(&address));
            let address = format!("{local}@{domain}.org");
            let expected = key(&address);
            prop_assert!(expected.is_ok());
            let apart: String = address.nfd().collect();
            let dots = address.replace('.', "。");
            let in_ascii = address.split('@').next_back().and_then(|domain| idna::domain_to_ascii(domain).ok());
            let in_ascii = format!("{local}@{}", in_ascii.unwrap_or_default());
            for spelled in [apart, address.to_uppercase(), dots, in_ascii, format!("\u{200B}{address}\u{A0}")] {
                prop_assert_eq!(key(&spelled), expected.clone(), "{}", spelled);
            }
        }
    }
}
