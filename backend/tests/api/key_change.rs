//! Key rotation with keys from files, in three steps, one server after the other, while people are signed in: the new
//! key is published, then it signs, then the old one is removed.

use crate::support::*;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;

/// Returns the Ed25519 key of a seed (RFC 8410 §7), in the format of a key file.
fn signing_key(seed: u8) -> String {
    let der = [&[48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32][..], &[seed; 32]].concat();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der))
}

fn secret(byte: u8) -> String {
    format!("{}\n", in_base64url([byte; 32]))
}

const OLD: u8 = 8;
const NEW: u8 = 9;

/// The key files, and two servers that read them at their start.
struct Fixture {
    folder: TempDir,
    servers: [TestApp; 2],
}

impl Fixture {
    async fn set_up() -> Self {
        let folder = tempfile::tempdir().unwrap();
        write(&folder, &[OLD], &[OLD]);
        let path = |name: &str| folder.path().join(name).display().to_string();
        let (key, secret) = (path("signing-key"), path("refresh-secret"));
        let settings = [("tokens.signing_key_file", &*key), ("tokens.refresh_secret_file", &*secret)];
        let first = TestApp::with(&settings).await;
        let second = first.beside(&[]).await;
        Self { folder, servers: [first, second] }
    }

    /// Writes the files and restarts one server after the other. After each restart, all sessions in `living` still
    /// work.
    async fn step(&mut self, keys: &[u8], secrets: &[u8], living: &[&Person]) {
        write(&self.folder, keys, secrets);
        for turn in [1, 0] {
            self.servers[turn] = self.servers[turn].restarted().await;
            for person in living {
                self.lives(person).await;
            }
        }
    }

    /// Asserts that each server accepts what the other has just issued.
    async fn lives(&self, person: &Person) {
        let [first, second] = &self.servers;
        for (here, there) in [(first, second), (second, first)] {
            let answer = person.at(here).refresh_with(&person.refresh_token()).await;
            answer.ok();
            person.store_tokens(&answer);
            for server in [here, there] {
                person.at(server).verify().await.ok();
            }
        }
    }

    /// Compares the key IDs of `before` and `now`; returns for the access and the refresh token if they differ.
    fn signed_by_another(before: &Person, now: &Person) -> [bool; 2] {
        let kid = |token: String| header_of(&token)["kid"].clone();
        [
            kid(before.access_token()) != kid(now.access_token()),
            kid(before.refresh_token()) != kid(now.refresh_token()),
        ]
    }
}

fn write(folder: &TempDir, keys: &[u8], secrets: &[u8]) {
    let keys: String = keys.iter().map(|seed| signing_key(*seed)).collect();
    let secrets: String = secrets.iter().map(|byte| secret(*byte)).collect();
    std::fs::write(folder.path().join("signing-key"), keys).unwrap();
    std::fs::write(folder.path().join("refresh-secret"), secrets).unwrap();
}

#[tokio::test]
async fn keys_that_are_changed_by_file_in_three_steps_sign_nobody_out() {
    let mut fixture = Fixture::set_up().await;
    // Ada is active all the time; Bob and Eve have signed in and are idle.
    let ada = fixture.servers[0].signed_up("ada").await;
    let (bob, eve) = (fixture.servers[0].signed_up("bob").await, fixture.servers[1].signed_up("eve").await);
    let before = ada.at(&fixture.servers[0]);

    fixture.step(&[OLD, NEW], &[OLD, NEW], &[&ada]).await;
    assert_eq!(Fixture::signed_by_another(&before, &ada), [false; 2], "the new keys are only known");

    fixture.step(&[NEW, OLD], &[NEW, OLD], &[&ada]).await;
    assert_eq!(Fixture::signed_by_another(&before, &ada), [true; 2]);
    for server in &fixture.servers {
        bob.at(server).verify().await.ok();
        assert_eq!(server.get("/.well-known/jwks.json").await.ok()["keys"].as_array().unwrap().len(), 2);
    }

    // The last access token of the old key has expired; its last refresh token has not.
    fixture.servers[0].clock.advance(10 * MINUTE);
    fixture.step(&[NEW], &[NEW, OLD], &[&ada]).await;
    for server in &fixture.servers {
        assert_eq!(server.get("/.well-known/jwks.json").await.ok()["keys"].as_array().unwrap().len(), 1);
        before.at(server).verify().await.problem(ErrorCode::TokenInvalid);
    }
    fixture.lives(&bob).await;

    // Everybody who has returned since has a token of the new secret. Eve has not, and her session expires after a
    // fortnight anyway.
    for _ in 0..3 {
        fixture.servers[0].clock.advance(5 * DAY);
        fixture.lives(&ada).await;
        fixture.lives(&bob).await;
    }
    let ended = eve.at(&fixture.servers[0]).refresh().await.problem(ErrorCode::SessionEnded);
    assert_eq!(ended.end_reason, Some(EndReason::Expired));
    fixture.step(&[NEW], &[NEW], &[&ada, &bob]).await;
    let last = before.at(&fixture.servers[0]);
    last.refresh().await.problem(ErrorCode::TokenInvalid);
}
