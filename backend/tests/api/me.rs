//! `GET /api/me` and `PATCH /api/me`

use crate::support::*;

#[tokio::test]
async fn an_account_is_shown_to_its_owner() {
    let app = TestApp::spawn().await;
    let (ada, bob) = (app.signed_up("ada").await, app.signed_up("bob").await);
    for person in [&ada, &bob] {
        let me = person.me().await;
        assert_account(&me);
        assert_eq!(me["email"], person.email);
        assert_eq!(me["id"], person.claims()["sub"]);
    }
}

#[tokio::test]
async fn what_is_given_changes_and_the_rest_stays() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    let before = ada.me().await;
    for (change, name, locale) in [
        (json!({"display_name": " Countess 🦊 김 "}), "Countess 🦊 김", "en"),
        (json!({"locale": "ko"}), "Countess 🦊 김", "ko"),
        (json!({"display_name": "Ada", "locale": "en"}), "Ada", "en"),
        (json!({}), "Ada", "en"),
        (json!({"display_name": null, "locale": null}), "Ada", "en"),
    ] {
        app.clock.advance(SECOND);
        let after = ada.change_profile(&change).await.ok();
        assert_account(&after);
        assert_eq!((&after["display_name"], &after["locale"]), (&json!(name), &json!(locale)), "{change}");
        for same in ["id", "email", "roles", "created_at"] {
            assert_eq!(after[same], before[same]);
        }
        assert_eq!(ada.me().await, after);
        assert_eq!(instant(&ada.export().await["updated_at"]), app.now());
    }
}

#[tokio::test]
async fn a_change_of_profile_is_seen_by_the_next_refresh_and_by_nobody_else() {
    let app = TestApp::spawn().await;
    let (ada, bob) = (app.signed_up("ada").await, app.signed_up("bob").await);
    ada.change_profile(&json!({"display_name": "Countess"})).await.ok();
    assert_eq!(ada.refresh().await.ok()["account"]["display_name"], "Countess");
    assert_eq!(bob.me().await["display_name"], "bob");
}

#[tokio::test]
async fn what_breaks_the_rules_is_refused_and_nothing_of_it_is_done() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    let before = app.everything().await;
    for (change, field, code) in [
        (json!({"display_name": "", "locale": "ko"}), "display_name", FieldErrorCode::Required),
        (json!({"display_name": "a".repeat(81)}), "display_name", FieldErrorCode::TooLong),
        (json!({"display_name": "a\u{202E}b"}), "display_name", FieldErrorCode::ControlCharacters),
        (json!({"display_name": "\u{2800}\u{200B}"}), "display_name", FieldErrorCode::NothingVisible),
        (
            json!({"display_name": format!("a{}", "\u{20DD}".repeat(30))}),
            "display_name",
            FieldErrorCode::TooManyMarks,
        ),
        (json!({"display_name": "Countess", "locale": "tlh"}), "locale", FieldErrorCode::UnsupportedLocale),
        (json!({"locale": "KO"}), "locale", FieldErrorCode::UnsupportedLocale),
        (json!({"roles": ["admin"]}), "roles", FieldErrorCode::UnknownField),
        (json!({"email": "eve@example.org"}), "email", FieldErrorCode::UnknownField),
    ] {
        ada.change_profile(&change).await.refuses(field, code);
    }
    assert_eq!(app.everything().await, before);
}
