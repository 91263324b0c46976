//! Log of the whole suite: at its end, every test checks that the log contains none of its secrets.

use crate::support::*;
use std::panic::{AssertUnwindSafe, catch_unwind};

type Pick = fn(&Person) -> String;

/// Returns the error with which a test ends that has logged this secret.
async fn end_of_a_test_that_logs(name: &str, pick: Pick) -> Result<(), String> {
    let app = TestApp::spawn().await;
    let person = app.signed_up_with(name, "quiet harbour lanterns rise").await;
    person.refresh().await.ok();
    // The password, the email address, and two tokens of each kind.
    assert!(app.log_capture.count() >= 6, "{}", app.log_capture.count());
    let picked = pick(&person);
    tracing::trace!("it is {picked:?}, and nobody should know");
    let ended = catch_unwind(AssertUnwindSafe(|| drop((app, person))));
    ended.map_err(|panic| panic.downcast_ref::<String>().unwrap().clone())
}

#[tokio::test]
async fn a_test_in_which_a_secret_is_logged_fails() {
    let name = end_of_a_test_that_logs("nothing-secret", |person| person.name.clone());
    assert_eq!(name.await, Ok(()));
    let secrets: [(&str, Pick); 6] = [
        ("a-password", |person| person.password.clone()),
        ("an-address", |person| person.email.clone()),
        ("an-access-token", Person::access_token),
        ("a-refresh-token", Person::refresh_token),
        ("a-signature-alone", |person| person.access_token().rsplit_once('.').unwrap().1.to_owned()),
        ("a-whole-call", |person| format!("cookie: latchkey_refresh={}; Path=/", person.refresh_token())),
    ];
    for (name, pick) in secrets {
        let said = end_of_a_test_that_logs(name, pick).await.unwrap_err();
        assert!(said.contains("is in the log") && said.contains("nobody should know"), "{name}: {said}");
    }
}
