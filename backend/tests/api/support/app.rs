//! A real server in this process, with a clock that the test controls.

use super::database::TestDatabase;
use super::{Answer, Call, DatabaseProxy, FaultyProxy, Forge, LogCapture, PASSWORD, Person, address_of};
use latchkey::app::App;
use latchkey::db::Executor as _;
use latchkey::platform::{Clock as _, OsRandomness, TestClock};
use latchkey_shared::Timestamp;
use sea_orm::Statement;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// 2026-01-15T12:00:00.250Z in milliseconds: not a whole second, so that a timestamp without its milliseconds is
/// noticed.
const START: i64 = 1_768_478_400_250;

/// A running server; a clone is another handle.
#[derive(Clone)]
pub struct TestApp(Arc<Running>);

pub struct Running {
    pub clock: Arc<TestClock>,
    /// The server's own state, for tests that inspect its internals.
    pub state: App,
    pub base: String,
    pub http: reqwest::Client,
    pub log_capture: Arc<LogCapture>,
    settings: Settings,
    data: Arc<Data>,
    server: Mutex<Option<(oneshot::Sender<()>, JoinHandle<()>)>>,
}

type Settings = BTreeMap<String, String>;

/// Folder and database, which outlive a server.
struct Data {
    database: TestDatabase,
    folder: TempDir,
}

impl Data {
    async fn make() -> Arc<Self> {
        Arc::new(Self { database: TestDatabase::make().await, folder: tempfile::tempdir().unwrap() })
    }

    fn secrets(&self) -> PathBuf {
        self.folder.path().join("secrets.json")
    }
}

fn clock() -> Arc<TestClock> {
    Arc::new(TestClock::starting_at(Timestamp::from_millis(START)))
}

impl Deref for TestApp {
    type Target = Running;
    fn deref(&self) -> &Running {
        &self.0
    }
}

impl TestApp {
    /// Starts a server with the default settings except one: on a busy machine, no request is refused while it waits
    /// for a hash.
    pub async fn spawn() -> Self {
        Self::with(&[]).await
    }

    /// Starts a server with these settings, by their names in the documentation.
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        Self::start(Data::make().await, clock(), &Settings::new(), settings).await
    }

    /// Starts a server that reaches PostgreSQL only through the proxy.
    pub async fn with_database_through(proxy: &DatabaseProxy) -> Self {
        let data = Data::make().await;
        let mut url = url::Url::parse(&data.database.url(data.folder.path())).unwrap();
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(proxy.address.port())).unwrap();
        let url = String::from(url);
        Self::start(data, clock(), &Settings::new(), &[("database.url", &url)]).await
    }

    /// Starts another server on the same folder, database and clock.
    pub async fn beside(&self, settings: &[(&str, &str)]) -> Self {
        Self::start(Arc::clone(&self.data), Arc::clone(&self.clock), &self.settings, settings).await
    }

    /// Starts another server on the same folder and database, whose clock is ahead of this one's.
    pub async fn beside_ahead_by(&self, skew: Duration) -> Self {
        let clock = Arc::new(TestClock::starting_at(self.now() + skew));
        Self::start(Arc::clone(&self.data), clock, &self.settings, &[]).await
    }

    /// Starts another server on the same folder and clock that reaches the database without the proxy.
    pub async fn beside_the_proxy(&self) -> Self {
        let url = self.data.database.url(self.data.folder.path());
        self.beside(&[("database.url", &url)]).await
    }

    /// Returns a handle for the same server, reached through a proxy that injects faults.
    pub fn through(&self, faulty_proxy: &FaultyProxy) -> Self {
        let Running { clock, state, http, log_capture, settings, data, .. } = &**self;
        Self(Arc::new(Running {
            clock: Arc::clone(clock),
            state: state.clone(),
            base: faulty_proxy.base.clone(),
            http: http.clone(),
            log_capture: Arc::clone(log_capture),
            settings: settings.clone(),
            data: Arc::clone(data),
            server: Mutex::new(None),
        }))
    }

    /// Returns the address on which it listens.
    pub fn address(&self) -> std::net::SocketAddr {
        self.base.strip_prefix("http://").unwrap().parse().unwrap()
    }

    /// Stops this server and starts another one on its folder and database.
    pub async fn restarted(&self) -> Self {
        self.stop().await;
        self.beside(&[]).await
    }

    /// Starts a server with a folder and a database of its own, but with this one's secrets.
    pub async fn with_the_same_secrets(&self, settings: &[(&str, &str)]) -> Self {
        let data = Data::make().await;
        let [from, to] = [&self.data, &data].map(|data| data.secrets());
        std::fs::copy(from, to).unwrap();
        Self::start(data, Arc::clone(&self.clock), &Settings::new(), settings).await
    }

    /// Stops the server gracefully: waits until it has responded to all accepted requests.
    pub async fn stop(&self) {
        let server = self.server.lock().unwrap().take();
        let (stop, served) = server.unwrap();
        stop.send(()).unwrap();
        served.await.unwrap();
    }

    async fn start(data: Arc<Data>, clock: Arc<TestClock>, before: &Settings, more: &[(&str, &str)]) -> Self {
        let log_capture = Arc::new(LogCapture::begin());
        let folder = data.folder.path();
        let mut settings = before.clone();
        settings.entry("passwords.max_wait".to_owned()).or_insert_with(|| "5m".to_owned());
        settings.insert("data_dir".to_owned(), folder.display().to_string());
        settings.insert("database.url".to_owned(), data.database.url(folder));
        settings.extend(more.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
        let variables = settings.iter().map(|(key, value)| (variable(key), value.clone()));
        let config = latchkey::config::from_pairs(None, variables).unwrap();
        let state = App::start(config, Arc::clone(&clock) as _, Arc::new(OsRandomness)).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = latchkey::server::serve(state.clone(), listener, async {
            stopped.await.ok();
        });
        // A server whose handle is dropped still flushes its counts, and its database must not be reused before that.
        let in_use = Arc::clone(&data);
        let served = tokio::spawn(async move {
            serving.await.unwrap();
            drop(in_use);
        });
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let server = Mutex::new(Some((stop, served)));
        Self(Arc::new(Running { clock, state, base, http, log_capture, settings, data, server }))
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Returns a forge with the keys of the secrets file.
    pub fn forge(&self) -> Forge {
        Forge::with_secrets_of(&self.data.secrets(), self)
    }

    pub fn call(&self, method: &str, path: &str) -> Call {
        Call::new(self, method, path)
    }

    pub fn get(&self, path: &str) -> Call {
        self.call("GET", path)
    }

    pub fn post(&self, path: &str, body: &Value) -> Call {
        self.call("POST", path).json(body)
    }

    /// Signs up a person, who is then signed in.
    pub async fn signed_up(&self, name: &str) -> Person {
        self.signed_up_with(name, PASSWORD).await
    }

    pub async fn signed_up_with(&self, name: &str, password: &str) -> Person {
        let body = json!({"email": address_of(name), "password": password, "display_name": name});
        let answer = self.post("/api/auth/signup", &body).await;
        answer.created();
        Person::holding(self, name, password, &answer)
    }

    /// Sends a login request.
    pub async fn log_in(&self, email: &str, password: &str) -> Answer {
        self.post("/api/auth/login", &json!({"email": email, "password": password})).await
    }

    /// Runs a statement directly on the database.
    pub async fn run_sql(&self, statement: &str) {
        self.state.db.executor().execute_unprepared(statement).await.unwrap();
    }

    /// Inserts `count` sessions of the account, as a program creates them that signs in again and again; each was last
    /// used a little earlier than the one before.
    pub async fn insert_sessions(&self, email: &str, count: usize) {
        let id =
            if self.state.config.database_url.is_sqlite() { "randomblob(16)" } else { "gen_random_uuid()" };
        self.run_sql(&format!(
            "INSERT INTO sessions (id, account_id, generation, seen_generation, rotated_at, remember, user_agent, ip, \
             created_at, last_seen_at, idle_ends_at, absolute_ends_at, epoch) \
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) \
             SELECT {id}, s.account_id, 0, -1, s.rotated_at, s.remember, 'flood', '192.0.2.1', s.created_at - i, \
             s.created_at - i, s.idle_ends_at, s.absolute_ends_at, s.session_epoch \
             FROM n, (SELECT sessions.*, accounts.session_epoch FROM sessions JOIN accounts ON accounts.id = account_id \
             WHERE email_key = '{email}' LIMIT 1) AS s"
        ))
        .await;
    }

    /// Makes PostgreSQL refuse every statement that touches more than `most` sessions.
    pub async fn bound_statements(&self, most: usize) {
        if self.state.config.database_url.is_sqlite() {
            return;
        }
        let check = format!(
            "BEGIN IF (SELECT count(*) FROM touched) > {most} THEN RAISE EXCEPTION ''too many rows''; END IF; RETURN NULL; END"
        );
        self.run_sql(&format!("CREATE FUNCTION bound() RETURNS trigger LANGUAGE plpgsql AS '{check}'")).await;
        for (event, rows) in [("UPDATE", "NEW"), ("DELETE", "OLD")] {
            self.run_sql(&format!(
                "CREATE TRIGGER bound_{event} AFTER {event} ON sessions REFERENCING {rows} TABLE AS touched \
                 FOR EACH STATEMENT EXECUTE FUNCTION bound()"
            ))
            .await;
        }
    }

    /// Returns the number of rows; `from` is the rest of the query after `FROM`.
    pub async fn count(&self, from: &str) -> usize {
        let found = self.lines(&format!("SELECT CAST(count(*) AS TEXT) FROM {from}")).await;
        found[0].parse().unwrap()
    }

    /// Installs a trigger that records each rotation of any session.
    pub async fn count_rotations(&self) {
        let note = "INSERT INTO rotations VALUES (CAST(NEW.generation AS TEXT));";
        let trigger = "CREATE TRIGGER rotated AFTER UPDATE OF generation ON sessions FOR EACH ROW";
        self.run_sql("CREATE TABLE rotations (generation TEXT)").await;
        if self.state.config.database_url.is_sqlite() {
            self.run_sql(&format!("{trigger} BEGIN {note} END")).await;
        } else {
            let body = format!("BEGIN {note} RETURN NEW; END");
            let function = format!("CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS '{body}'");
            self.run_sql(&format!("{function}; {trigger} EXECUTE FUNCTION note()")).await;
        }
    }

    /// Returns the generations recorded since [`Self::count_rotations`].
    pub async fn rotations(&self) -> Vec<String> {
        self.lines("SELECT generation FROM rotations").await
    }

    /// Returns the first column of a query, as text.
    pub async fn lines(&self, query: &str) -> Vec<String> {
        let db = self.state.db.executor();
        let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), query)).await.unwrap();
        rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
    }

    /// Returns everything that a request could have changed, except when a session was last seen, which is written
    /// asynchronously.
    pub async fn everything(&self) -> Vec<String> {
        let accounts = self.lines(
            "SELECT email_key || '|' || email || '|' || display_name || '|' || locale || '|' || roles || '|' || \
             CAST(credential_version AS TEXT) || '|' || CAST(updated_at AS TEXT) || '|' || \
             CAST(signed_in_at AS TEXT) FROM accounts ORDER BY email_key",
        );
        let credentials = self.lines(
            "SELECT kind || '|' || secret || '|' || CAST(created_at AS TEXT) FROM credentials ORDER BY account_id",
        );
        let sessions = self.lines(
            "SELECT CAST(generation AS TEXT) || '|' || CAST(idle_ends_at AS TEXT) || '|' || \
             COALESCE(end_reason, 'lives') FROM sessions ORDER BY id",
        );
        let mut lines = accounts.await;
        lines.extend(credentials.await);
        lines.extend(sessions.await);
        lines
    }
}

/// `tokens.access_lifetime` → `LATCHKEY_TOKENS__ACCESS_LIFETIME`
fn variable(key: &str) -> String {
    format!("LATCHKEY_{}", key.replace('.', "__").to_uppercase())
}
