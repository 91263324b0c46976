//! The fixture: a server with fixed keys, ids and time, so that an input saved by one run means the same to the next.

use latchkey::app::App;
use latchkey::config::from_pairs;
use latchkey::platform::{Randomness, TestClock};
use latchkey::tokens::AccessTokenInput;
use latchkey_shared::Timestamp;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::Runtime;
use uuid::Uuid;

pub const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);
pub const ISSUER: &str = "http://localhost:8080";

/// A published private key (RFC 8410 §10.3); the refresh secret is 32 times the same byte. No token here is secret.
pub const SIGNING_KEY: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
pub const REFRESH_SECRET: [u8; 32] = [7; 32];
const REFRESH_SECRET_AS_TEXT: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc";

/// A P-256 key (RFC 5208 §5, RFC 5915 §3): the private key is 32 times the same byte.
pub const PROOF_KEY: [u8; 67] = [
    0x30, 0x41, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
    0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x04, 0x27, 0x30, 0x25, 0x02, 0x01, 0x01, 0x04,
    0x20, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
];

/// The server, and one valid token of each kind.
pub struct Fixture {
    pub app: App,
    pub access: String,
    pub refresh: String,
    runtime: Mutex<Runtime>,
}

static FIXTURE: LazyLock<Fixture> = LazyLock::new(Fixture::make);

pub fn fixture() -> &'static Fixture {
    &FIXTURE
}

impl Fixture {
    fn make() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        // The folder is deleted at the end of this function. The open database still works, and a killed process leaves
        // nothing behind.
        let folder = tempfile::tempdir().unwrap();
        let settings = [
            ("LATCHKEY_DATA_DIR", folder.path().to_str().unwrap()),
            ("LATCHKEY_TOKENS__SIGNING_KEY", SIGNING_KEY),
            ("LATCHKEY_TOKENS__REFRESH_SECRET", REFRESH_SECRET_AS_TEXT),
            ("LATCHKEY_PASSWORDS__THREADS", "1"),
        ];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let config = from_pairs(None, settings).unwrap();
        let (clock, random) = (Arc::new(TestClock::starting_at(NOW)), Arc::new(NotRandom));
        let app = runtime.block_on(App::start(config, clock, random)).unwrap();
        let (account_id, session_id) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let roles = vec!["user".to_owned()];
        let input = AccessTokenInput { account_id, session_id, generation: 3, roles, authenticated_at: NOW };
        let access =
            app.tokens.access_tokens.issue(input, NOW, &NotRandom).unwrap().token.expose().to_owned();
        let ends_at = NOW + Duration::from_secs(3600);
        let refresh = app.tokens.refresh_tokens.issue(account_id, session_id, 3, NOW, ends_at).unwrap();
        Self { app, access, refresh: refresh.expose().to_owned(), runtime: Mutex::new(runtime) }
    }

    /// Blocks until the future completes.
    pub fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.lock().unwrap_or_else(PoisonError::into_inner).block_on(future)
    }
}

struct NotRandom;

impl Randomness for NotRandom {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}
