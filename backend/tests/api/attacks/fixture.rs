//! Fixture for forging tokens: a server, a person's valid tokens, and the server's own keys.

use crate::support::*;
use latchkey::tokens::{RefreshTokenError, VerifyError};

pub struct Fixture {
    pub app: TestApp,
    pub ada: Person,
    pub forge: Forge,
    /// Header and claims of a valid access token.
    pub header: Value,
    pub claims: Value,
}

impl Fixture {
    pub async fn set_up() -> Self {
        let app = TestApp::spawn().await;
        let ada = app.signed_up("ada").await;
        let forge = app.forge();
        let (header, claims) = (header_of(&ada.access_token()), ada.claims());
        Self { app, ada, forge, header, claims }
    }

    /// Asserts that no kind of request accepts the token.
    pub async fn refused(&self, token: &str, what: &str) {
        for path in ["/api/auth/verify", "/api/me"] {
            let answer = self.app.get(path).bearer(token).await;
            assert_eq!(answer.status, 401, "{what}: {answer}");
            answer.problem(ErrorCode::TokenInvalid);
        }
        let answer = self.app.post("/api/auth/refresh", &json!({})).cookie(token).await;
        assert_eq!(answer.status, 401, "{what}: {answer}");
    }

    /// Returns a correctly signed token whose header and claims are exactly these texts.
    pub fn signed(&self, header: &str, claims: &str) -> String {
        self.forge.access_of(header, claims)
    }

    /// Asserts the refusal without HTTP: for tokens that no header can carry, and for large numbers of them.
    #[track_caller]
    pub fn is_refused(&self, token: &str, what: &str) {
        let (state, now) = (&self.app.state, self.app.now());
        assert_eq!(
            state.tokens.verifier.verify(token, now).err(),
            Some(VerifyError::Invalid),
            "{what}: {token:?}"
        );
        let read = state.tokens.refresh_tokens.read(&token.into(), now);
        assert_eq!(read, Err(RefreshTokenError::Invalid), "{what}: {token:?}");
    }

    /// Asserts that the unchanged token is accepted, so that the others are refused only for what was changed.
    #[track_caller]
    pub fn access_is_taken(&self, token: &str) {
        assert!(self.app.state.tokens.verifier.verify(token, self.app.now()).is_ok(), "{token}");
    }

    /// Asserts the same for a refresh token.
    #[track_caller]
    pub fn refresh_is_taken(&self, token: &str) {
        assert!(self.app.state.tokens.refresh_tokens.read(&token.into(), self.app.now()).is_ok(), "{token}");
    }
}
