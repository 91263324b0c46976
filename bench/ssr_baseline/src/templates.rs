//! The page templates.

use crate::filters;
use latchkey_shared::{Account, Page, Session};
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Error, Value, context};
use std::path::Path;

/// The compiled templates.
pub struct Templates(Environment<'static>);

impl Templates {
    /// Compiles the templates, with links to the style sheets of the built page in `folder`. Fails if its `index.html`
    /// cannot be read or a template is invalid.
    pub fn with_styles_of(folder: &Path) -> Result<Self, Box<dyn std::error::Error>> {
        let index = std::fs::read_to_string(folder.join("index.html"))?;
        let mut templates = Environment::new();
        templates.set_auto_escape_callback(|_| AutoEscape::Html);
        templates.add_template("base.html", include_str!("../templates/base.html"))?;
        templates.add_template("parts.html", include_str!("../templates/parts.html"))?;
        templates.add_template("account.html", include_str!("../templates/account.html"))?;
        templates.add_template("login.html", include_str!("../templates/login.html"))?;
        templates.add_template("profile.html", include_str!("../templates/profile.html"))?;
        templates.add_template("sessions.html", include_str!("../templates/sessions.html"))?;
        templates.add_filter("date_time", filters::date_time);
        templates.add_filter("relative", filters::relative);
        templates.add_filter("ended", filters::ended);
        templates.add_global("styles", Value::from(styles(&index)));
        Ok(Self(templates))
    }

    /// Renders the sign-in page.
    pub fn login(&self) -> Result<String, Error> {
        self.render("login.html", context! {})
    }

    /// Renders the profile page.
    pub fn profile(&self, account: &Account) -> Result<String, Error> {
        self.render("profile.html", context! { account => Serde(account), here => "/account/profile" })
    }

    /// Renders the sessions page, with active and ended sessions apart.
    pub fn sessions(&self, account: &Account, list: &Page<Session>) -> Result<String, Error> {
        let (live, over): (Vec<_>, Vec<_>) =
            list.items.iter().partition(|session| session.ended_at.is_none());
        self.render("sessions.html", context! { account => Serde(account), live => Serde(live), over => Serde(over), here => "/account/sessions" })
    }

    fn render(&self, name: &str, what: Value) -> Result<String, Error> {
        self.0.get_template(name)?.render(what)
    }
}

/// Returns the paths of the page's style sheets.
fn styles(index: &str) -> Vec<String> {
    let addresses = index.split(['"', '\'', '=', ' ', '>']).filter(|word| word.ends_with(".css"));
    let mut styles: Vec<String> = Vec::new();
    for address in addresses {
        let address = format!("/{}", address.trim_start_matches(['.', '/']));
        if !styles.contains(&address) {
            styles.push(address);
        }
    }
    styles
}

#[cfg(test)]
mod tests {
    use super::*;

    fn templates() -> Templates {
        let folder = std::env::temp_dir().join(format!("latchkey-ssr-baseline-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("index.html"), r#"<link rel=stylesheet href="/base-1.css">"#).unwrap();
        Templates::with_styles_of(&folder).unwrap()
    }

    fn account() -> Account {
        serde_json::from_str(
            r#"{"id": "0199a000-0000-7000-8000-000000000001", "email": "ada@example.org", "display_name": "Ada <Lovelace>",
                "locale": "en", "roles": ["user"], "created_at": "2026-11-25T14:07:00.000Z"}"#,
        )
        .unwrap()
    }

    fn session(index: usize, more: &str) -> String {
        format!(
            r#"{{"id": "0199a000-0000-7000-8000-00000000000{index}", "current": {}, "device": "Chrome on Linux",
                "user_agent": "Chrome", "ip": "192.0.2.1", "created_at": "2026-11-25T14:07:00.000Z",
                "last_seen_at": "2026-11-25T14:08:00.000Z", "expires_at": "2999-11-25T14:07:00.000Z"{more}}}"#,
            index == 0
        )
    }

    #[test]
    fn every_page_shows_its_data_and_escapes_it() {
        let ended = r#", "ended_at": "2026-11-25T15:00:00.000Z", "end_reason": "replay_detected""#;
        let sessions = [session(0, ""), session(1, ""), session(2, ended)].join(",");
        let list: Page<Session> =
            serde_json::from_str(&format!(r#"{{"items": [{sessions}], "next": null}}"#)).unwrap();
        let templates = templates();
        assert!(templates.login().unwrap().contains(r#"<link rel="stylesheet" href="/base-1.css">"#));
        let profile = templates.profile(&account()).unwrap();
        assert!(profile.contains(r#"value="Ada &lt;Lovelace&gt;""#), "{profile}");
        let page = templates.sessions(&account(), &list).unwrap();
        assert_eq!(page.matches("data-session=").count(), 3);
        assert_eq!(page.matches(">End</button>").count(), 1);
        assert!(page.contains("a copy may have been used · Nov 25, 2026, 3:00 PM"), "{page}");
    }

    #[test]
    fn each_style_of_the_page_is_linked_once() {
        let index = r#"<link rel="stylesheet" href="/base-1.css"><link rel=stylesheet href=/layout-2.css> "/base-1.css""#;
        assert_eq!(styles(index), ["/base-1.css", "/layout-2.css"]);
    }
}
