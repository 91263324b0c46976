//! `POST /api/auth/signup`

use crate::support::*;

#[tokio::test]
async fn signing_up_makes_an_account_and_signs_its_owner_in() {
    let app = TestApp::spawn().await;
    let body = json!({"email": "ada@example.org", "password": PASSWORD, "display_name": "Ada Lovelace", "locale": "ko"});
    let answer = app.post("/api/auth/signup", &body).await;
    let signed_in = answer.created();
    assert_signed_in(&signed_in);
    assert_eq!(signed_in.get("refresh_token"), None, "it travels in the cookie");
    assert_eq!(signed_in["expires_in"], 600);
    assert_eq!(instant(&signed_in["session_expires_at"]), app.now() + 14 * DAY);
    let account = &signed_in["account"];
    assert_eq!(account["email"], "ada@example.org");
    assert_eq!(account["display_name"], "Ada Lovelace");
    assert_eq!(account["locale"], "ko");
    assert_eq!(account["roles"], json!(["user"]));
    assert_eq!(instant(&account["created_at"]), app.now());
    let cookie = answer.set_cookie().unwrap();
    assert_eq!(cookie.name, "latchkey_refresh");
    assert_eq!(cookie.attributes, ["HttpOnly", "Max-Age=1209600", "Path=/api/auth", "SameSite=Strict"]);
    let me = app.get("/api/me").bearer(&answer.access_token()).await.ok();
    assert_eq!(&me, account);
}

#[tokio::test]
async fn a_sign_up_is_in_english_unless_it_says_otherwise() {
    let app = TestApp::spawn().await;
    let ada = app.signed_up("ada").await;
    assert_eq!(ada.me().await["locale"], "en");
    assert_eq!(ada.me().await["email"], "ada@example.org");
}

#[tokio::test]
async fn the_session_that_a_sign_up_starts_goes_on() {
    let ada = TestApp::spawn().await.signed_up("ada").await;
    ada.refresh().await.ok();
    assert_eq!(ada.verify().await.ok()["gen"], 1);
    assert_eq!(ada.sessions().await.len(), 1);
}

#[tokio::test]
async fn the_space_around_an_address_and_a_name_is_left_out() {
    let app = TestApp::spawn().await;
    let body = json!({"email": " ada@example.org\n", "password": PASSWORD, "display_name": "  Ada\u{3000}"});
    let account = app.post("/api/auth/signup", &body).await.created()["account"].clone();
    assert_eq!((&account["email"], &account["display_name"]), (&json!("ada@example.org"), &json!("Ada")));
}

#[tokio::test]
async fn an_address_belongs_to_one_account_however_it_is_written() {
    let app = TestApp::spawn().await;
    app.signed_up("ada").await;
    let before = app.everything().await;
    for email in ["ada@example.org", "ADA@Example.ORG", " ada@example.org ", "\u{ff41}da@example.org"] {
        let body = json!({"email": email, "password": "another long enough phrase", "display_name": "Eve"});
        let answer = app.post("/api/auth/signup", &body).await;
        answer.problem(ErrorCode::EmailTaken);
        assert_eq!(answer.set_cookie(), None);
    }
    assert_eq!(app.everything().await, before);
    app.log_in("ada@example.org", PASSWORD).await.ok();
}

#[tokio::test]
async fn a_weak_password_is_refused_with_the_reason() {
    let app = TestApp::spawn().await;
    for (password, code) in [
        ("", FieldErrorCode::Required),
        ("k3#9qLm", FieldErrorCode::TooShort),
        ("password1", FieldErrorCode::PasswordCommon),
        ("P@ssw0rd1", FieldErrorCode::PasswordCommon),
        ("ada.lovelace@example.org", FieldErrorCode::PasswordPersonal),
        ("Lovelace12", FieldErrorCode::PasswordPersonal),
        ("zzzzzzzzzzz", FieldErrorCode::PasswordPattern),
        ("qwertyuiop[]", FieldErrorCode::PasswordPattern),
    ] {
        let body = json!({"email": "ada.lovelace@example.org", "password": password, "display_name": "Ada Lovelace"});
        app.post("/api/auth/signup", &body).await.refuses("password", code);
    }
    assert!(app.everything().await.is_empty());
}

#[tokio::test]
async fn names_addresses_and_passwords_of_any_script_are_taken() {
    let app = TestApp::spawn().await;
    for (email, name, password) in [
        ("하늘@예시.한국", "김하늘", "가을하늘공활한데높고구름없이"),
        ("संपर्क@उदाहरण.भारत", "क्षितिज श्रीवास्तव", "नीला आकाश और गहरा समुद्र"),
        ("ติดต่อ@ตัวอย่าง.ไทย", "สมเกียรติ์ น้ำใจ", "ฟ้าใสทะเลลึกภูเขาสูงใหญ่"),
        ("zoe@example.org", "👩‍🚀 Zoë", "🐙🦊🦉🐝🦋🐞🦀🐢🐬"),
        ("o'brien+news@ex-ample.co", "O'Brien <b>", "' OR 1=1; -- \" \\ %s"),
    ] {
        let body = json!({"email": email, "password": password, "display_name": name});
        let account = app.post("/api/auth/signup", &body).await.created()["account"].clone();
        assert_eq!((&account["email"], &account["display_name"]), (&json!(email), &json!(name)));
        assert_eq!(app.log_in(email, password).await.ok()["account"], account);
    }
}

#[tokio::test]
async fn every_wrong_field_is_named_at_once() {
    let app = TestApp::spawn().await;
    let body = json!({"email": "ada", "password": "short", "display_name": " ", "locale": "tlh"});
    let fields = app.post("/api/auth/signup", &body).await.refused_fields();
    let named: Vec<_> = fields.iter().map(|(field, code)| (field.as_str(), *code)).collect();
    assert_eq!(
        named,
        [
            ("display_name", FieldErrorCode::Required),
            ("email", FieldErrorCode::InvalidEmail),
            ("locale", FieldErrorCode::UnsupportedLocale),
            ("password", FieldErrorCode::TooShort),
        ]
    );
    assert!(app.everything().await.is_empty());
}

#[tokio::test]
async fn a_sign_up_that_finds_no_hashing_thread_is_told_to_come_back() {
    let app = TestApp::with(&[("passwords.max_wait", "1ns")]).await;
    let body = json!({"email": "ada@example.org", "password": PASSWORD, "display_name": "Ada"});
    app.post("/api/auth/signup", &body).await.problem(ErrorCode::Overloaded);
    assert!(app.everything().await.is_empty());
}

#[tokio::test]
async fn a_domain_in_its_two_spellings_is_one_address() {
    let app = TestApp::spawn().await;
    let sign_up = |email: &str| {
        app.post("/api/auth/signup", &json!({"email": email, "password": PASSWORD, "display_name": "Ada"}))
    };
    sign_up("ada@예시.한국").await.created();
    for spelling in [
        "ada@xn--vv4b11d.xn--3e0b707e",
        "ada@예시。한국",
        "ＡＤＡ@예시．한국",
        "\u{FEFF}ada@예시.한국\u{200B}",
    ] {
        sign_up(spelling).await.problem(ErrorCode::EmailTaken);
    }
    app.log_in("Ada@XN--VV4B11D.xn--3e0b707e", PASSWORD).await.ok();
}

#[tokio::test]
async fn what_comes_along_when_an_address_is_copied_is_not_kept() {
    let app = TestApp::spawn().await;
    let body = json!({"email": "\u{200B}\u{A0}ada@example.org\u{2060}\u{FEFF}", "password": PASSWORD, "display_name": "Ada"});
    assert_eq!(app.post("/api/auth/signup", &body).await.created()["account"]["email"], "ada@example.org");
    app.log_in("\u{202A}ada@example.org\u{202C}", PASSWORD).await.ok();
}

#[tokio::test]
async fn an_account_from_before_is_found_by_the_key_that_it_was_given() {
    let app = TestApp::spawn().await;
    let body = json!({"email": "νίκος@example.org", "password": PASSWORD, "display_name": "Νίκος"});
    app.post("/api/auth/signup", &body).await.created();
    app.run_sql("UPDATE accounts SET email_key = 'νίκος@example.org'").await;
    app.log_in("νίκος@example.org", PASSWORD).await.ok();
    app.log_in("ΝΊΚΟΣ@example.org", PASSWORD).await.ok();
    app.log_in("νίκος@example.org", "not his password").await.problem(ErrorCode::CredentialsRejected);
    app.post("/api/auth/signup", &body).await.problem(ErrorCode::EmailTaken);
}

#[tokio::test]
async fn nobody_takes_an_account_from_before_its_owner_by_another_spelling_of_its_address() {
    let app = TestApp::spawn().await;
    let sign_up = async |email: &str, password: &str| {
        let body = json!({"email": email, "password": password, "display_name": email});
        app.post("/api/auth/signup", &body).await.created();
    };
    sign_up("νίκος@example.org", PASSWORD).await;
    app.run_sql("UPDATE accounts SET email_key = 'νίκος@example.org'").await;
    let other = "an entirely different phrase";
    sign_up("νίκοσ@example.org", other).await;
    for (typed, password) in
        [("νίκος@example.org", PASSWORD), ("ΝΊΚΟΣ@example.org", PASSWORD), ("νίκοσ@example.org", other)]
    {
        app.log_in(typed, password).await.ok();
    }
}

#[tokio::test]
async fn an_address_that_is_refused_today_still_signs_its_owner_in() {
    let app = TestApp::spawn().await;
    app.signed_up("ada").await;
    let odd = "ada@100%.example.org";
    app.run_sql(&format!("UPDATE accounts SET email_key = '{odd}', email = '{odd}'")).await;
    app.log_in(odd, PASSWORD).await.ok();
}

/// Some systems write an accent as a separate combining mark after the letter; an address typed on one system is found
/// on the other.
#[tokio::test]
async fn an_address_is_one_whether_its_accents_are_written_apart_or_not() {
    let app = TestApp::spawn().await;
    for (whole, apart) in [
        ("ren\u{e9}@exampl\u{e9}.org", "rene\u{301}@example\u{301}.org"),
        ("\u{304c}\u{304e}@example.org", "\u{304b}\u{3099}\u{304d}\u{3099}@example.org"),
        ("\u{d55c}\u{ae00}@example.org", "\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}@example.org"),
    ] {
        let body = json!({"email": apart, "password": PASSWORD, "display_name": "Ada"});
        let account = app.post("/api/auth/signup", &body).await.created()["account"].clone();
        assert_eq!(account["email"], apart);
        assert_eq!(app.log_in(whole, PASSWORD).await.ok()["account"], account);
        assert_eq!(app.log_in(apart, PASSWORD).await.ok()["account"], account);
        let again = json!({"email": whole, "password": PASSWORD, "display_name": "Eve"});
        app.post("/api/auth/signup", &again).await.problem(ErrorCode::EmailTaken);
    }
}

#[tokio::test]
async fn a_client_that_keeps_its_token_itself_gets_it_at_sign_up_too() {
    let app = TestApp::spawn().await;
    let sign_up = |name: &str, delivery: Value| {
        let email = format!("{name}@example.org");
        json!({"email": email, "password": PASSWORD, "display_name": name, "token_delivery": delivery})
    };
    // No browser adds anything by itself to such a request, so it may come from anywhere.
    let call = app.post("/api/auth/signup", &sign_up("ada", json!("body")));
    let answer = call.header("origin", "https://evil.example").await;
    let body = answer.created();
    assert_eq!(answer.set_cookie(), None);
    let token = json!({"refresh_token": body["refresh_token"]});
    let next = app.post("/api/auth/refresh", &token).await;
    assert_eq!(next.ok()["account"]["email"], "ada@example.org");
    let answer = app.post("/api/auth/signup", &sign_up("bob", json!("cookie"))).await;
    assert!(answer.created().get("refresh_token").is_none() && answer.set_cookie().is_some());
    for wrong in [json!("pigeon"), json!(7), json!(null)] {
        let answer = app.post("/api/auth/signup", &sign_up("eve", wrong)).await;
        answer.refuses("token_delivery", FieldErrorCode::WrongType);
    }
}
