//! Invalid settings are reported in one line, and the message contains no secret, whatever part of a setting is wrong.

use crate::server::*;
use nix::sys::signal::Signal;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const SECRET: &str = "hunter2";

/// Returns the output of the program, if it ends by itself. Asserts that it does not contain the secret.
fn tells_no_secret(command: &mut Command) -> Output {
    let output =
        command.env("RUST_LOG", "trace").stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
    let told = [&output.stdout[..], &output.stderr].concat();
    let told = String::from_utf8_lossy(&told).to_lowercase();
    assert!(!output.status.success(), "it should not have started: {told}");
    for part in [SECRET, "unter2", "hunter"] {
        assert!(!told.contains(part), "{part} is told: {told}");
    }
    output
}

fn line(output: &Output) -> &str {
    let text = std::str::from_utf8(&output.stderr).unwrap();
    text.lines().last().unwrap_or_default()
}

/// Invalid ways to write a password into a URL, and valid URLs of a database that does not exist.
const URLS: [&str; 33] = [
    "postgres://latchkey:hunter2@127.0.0.1:1/latchkey",
    "postgres://latchkey:hunter2@nowhere.invalid/latchkey",
    "postgres://latchkey:hunter2@127.0.0.1:port/latchkey",
    "postgres://latchkey:hunter2@127.0.0.1:99999/latchkey",
    "postgres://latchkey:hunter2@127.0.0.1:-1/latchkey",
    "postgres://latchkey:hunter2@[::1/latchkey",
    "postgres://latchkey:hunter2@[nonsense]/latchkey",
    "postgres://latchkey:hunter2@/latchkey",
    "postgres://latchkey:hunter2@ho st/latchkey",
    "postgres://latchkey:hunter2",
    "postgres://latchkey:/hunter2@127.0.0.1:1/latchkey",
    "postgres://latchkey:hunter2/1@127.0.0.1:1/latchkey",
    "postgres://latchkey:1/hunter2@127.0.0.1:1/latchkey",
    "postgres://latchkey:hunter2#1@127.0.0.1:1/latchkey",
    "postgres://latchkey:1#hunter2@127.0.0.1:1/latchkey",
    "postgres://latchkey:hunter2?1@127.0.0.1:1/latchkey",
    "postgres://latchkey:1?hunter2@127.0.0.1:1/latchkey",
    "postgres://latchkey:hunter2%@127.0.0.1:1/latchkey",
    "postgres://latchkey:hunter2%ff@127.0.0.1:1/latchkey",
    "postgres://latchkey:@hunter2@127.0.0.1:1/latchkey",
    "postgres://latchkey:[hunter2@127.0.0.1:1/latchkey",
    "postgres://latchkey:hunter2 hunter2@127.0.0.1:1/latchkey",
    "postgres://latchkey:hunter2\\@127.0.0.1:1/latchkey",
    "postgres://127.0.0.1:1/latchkey?password=hunter2",
    "postgres://127.0.0.1:1/latchkey?passwort=hunter2",
    "postgres://127.0.0.1:1/latchkey?hunter2",
    "postgres://latchkey:hunter2@127.0.0.1:1/latchkey?sslmode=hunter2",
    "postgres://latchkey:hunter2@127.0.0.1:1/latchkey?sslmode=verify-full&sslrootcert=/nowhere.pem",
    "mysql://latchkey:hunter2@127.0.0.1:1/latchkey",
    "postgres:latchkey:hunter2@127.0.0.1:1/latchkey",
    "Postgres//latchkey:hunter2@127.0.0.1:1/latchkey",
    "latchkey:hunter2@127.0.0.1:1/latchkey",
    "hunter2",
];

/// Passes the URL in a variable, a file named by one, a file of variables, and the settings file, all in one temporary
/// folder.
fn tells_no_password(url: &str) {
    let folder = folder();
    let file = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let output = tells_no_secret(&mut latchkey(folder.path(), &[("LATCHKEY_DATABASE__URL", url)]));
    assert!(line(&output).starts_with("latchkey: database.url: "), "{url}: {}", line(&output));
    file("url", url);
    tells_no_secret(&mut latchkey(folder.path(), &[("LATCHKEY_DATABASE__URL_FILE", "url")]));
    file("env", &format!("LATCHKEY_DATABASE__URL='{url}'\n"));
    tells_no_secret(latchkey(folder.path(), &[]).args(["--env-file", "env"]));
    file("settings.toml", &format!("[database]\nurl = '{url}'\n"));
    tells_no_secret(latchkey(folder.path(), &[]).args(["--config", "settings.toml"]));
}

/// Runs all at once: most of them wait for a database that does not exist.
#[test]
fn the_password_of_a_database_is_never_told_however_its_url_is_wrong() {
    std::thread::scope(|all| {
        for url in URLS {
            all.spawn(move || tells_no_password(url));
        }
    });
}

#[test]
fn a_database_url_that_is_none_is_told_how_to_write_the_password() {
    let folder = folder();
    for url in URLS.iter().filter(|url| url.contains("latchkey:1") || url.contains("hunter2/1")) {
        let line = startup_error(&mut latchkey(folder.path(), &[("LATCHKEY_DATABASE__URL", url)]));
        assert!(line.contains("percent-encode") || line.contains("percent-encoded"), "{url}: {line}");
    }
}

/// A URL, a key or a password in the wrong place: in another setting, in place of a section or a file name, or on the
/// command line.
#[test]
fn a_secret_in_the_wrong_place_is_not_told() {
    let folder = folder();
    let url = "postgres://latchkey:hunter2@127.0.0.1/latchkey";
    let key = "hunter2hunter2hunter2hunter2hunter2hunter2h";
    let pem = "-----BEGIN PRIVATE KEY-----\nhunter2hunter2\n-----END PRIVATE KEY-----";
    for name in [
        "LISTEN",
        "PUBLIC_URL",
        "DATA_DIR",
        "DATA_DIR_FILE",
        "DATABASE",
        "DATABASE_URL",
        "DATABASE__URL_FILE",
        "TOKENS",
        "TOKENS__SIGNING_KEY",
        "TOKENS__SIGNING_KEY_FILE",
        "TOKENS__REFRESH_SECRET_FILE",
        "TOKENS__ACCESS_LIFETIME",
        "SESSIONS__IDLE",
        "PASSWORDS__THREADS",
        "PROXIES__TRUSTED",
        "LOG__FORMAT",
        "METRICS__LISTEN",
        "METRICS__ALLOW_REMOTE",
        "TRACES__ENDPOINT",
        "TRACES__SAMPLE",
        "CONNECTIONS__MAX",
    ] {
        for value in [url, key, pem] {
            tells_no_secret(&mut latchkey(folder.path(), &[(&format!("LATCHKEY_{name}"), value)]));
        }
    }
    for name in [
        "LISTEN",
        "PUBLIC_URL",
        "DATA_DIR_FILE",
        "DATABASE",
        "TOKENS__SIGNING_KEY",
        "TOKENS__REFRESH_SECRET",
        "TOKENS__ACCESS_LIFETIME",
        "SESSIONS__BIND",
        "SESSIONS__PER_ACCOUNT",
        "PASSWORDS__THREADS",
        "PROXIES__TRUSTED",
        "LOG__FORMAT",
        "LOG__ADDRESSES",
        "METRICS__LISTEN",
        "TRACES__ENDPOINT",
        "TRACES__SAMPLE",
    ] {
        for value in ["hunter2", "1hunter2", "./hunter2", "127.0.0.1 hunter2"] {
            tells_no_secret(&mut latchkey(folder.path(), &[(&format!("LATCHKEY_{name}"), value)]));
        }
    }
    for text in [
        format!("database = \"{url}\""),
        format!("tokens = \"{key}\""),
        format!("listen = \"{url}\""),
        format!("[database]\nurl = \"{url}\n"),
        format!("[database]\nurl = {url}\n"),
        "[database]\nurl = [\"hunter2\"]".to_owned(),
        "[tokens]\nsigning_key = [\"hunter2\"]".to_owned(),
        "[tokens]\nrefresh_secret = { hunter2 = \"hunter2\" }".to_owned(),
        "[tokens]\nrefresh_secret = hunter2".to_owned(),
        "[tokens]\nrefresh_secret = \"hunter2\"\nrefresh_secret = \"hunter2\"".to_owned(),
        format!("\"{url}\" = 1"),
        "[database\nurl = \"hunter2\"".to_owned(),
    ] {
        std::fs::write(folder.path().join("settings.toml"), &text).unwrap();
        let mut command = latchkey(folder.path(), &[]);
        command.env_remove("LATCHKEY_LISTEN").args(["--config", "settings.toml"]);
        let output = tells_no_secret(&mut command);
        assert_eq!(output.status.code(), Some(1), "{text}");
    }
    for words in [
        &["account", "set-password", "ada@example.org", "hunter2"][..],
        &["account", "set-password", "--password", "hunter2", "ada@example.org"],
        &["account", "set-password", "--password=hunter2", "ada@example.org"],
        &["hunter2"],
        &["--database-url=hunter2"],
        &["keys", "rotate", "--lead", "hunter2"],
        &["keys", "rotate", "--lead", "1hunter2"],
        &["account", "hunter2"],
    ] {
        let output = tells_no_secret(latchkey(folder.path(), &[]).args(words));
        assert_eq!(output.status.code(), Some(2), "{words:?}");
    }
}

#[tokio::test]
async fn empty_variables_and_those_of_kubernetes_are_no_settings() {
    let folder = folder();
    let added = [
        ("LATCHKEY_DATABASE__URL", ""),
        ("LATCHKEY_DATABASE__URL_FILE", ""),
        ("LATCHKEY_TOKENS__SIGNING_KEY", ""),
        ("LATCHKEY_PASSWORDS__THREADS", ""),
        ("LATCHKEY_PROXIES__TRUSTED", ""),
        ("LATCHKEY_PUBLIC_URL", ""),
        ("LATCHKEY_SERVICE_HOST", "10.43.0.7"),
        ("LATCHKEY_SERVICE_PORT", "3000"),
        ("LATCHKEY_SERVICE_PORT_HTTP", "3000"),
        ("LATCHKEY_PORT", "tcp://10.43.0.7:3000"),
        ("LATCHKEY_PORT_3000_TCP", "tcp://10.43.0.7:3000"),
        ("LATCHKEY_PORT_3000_TCP_PROTO", "tcp"),
        ("LATCHKEY_PORT_3000_TCP_PORT", "3000"),
        ("LATCHKEY_PORT_3000_TCP_ADDR", "10.43.0.7"),
        ("LATCHKEY_POSTGRES_SERVICE_HOST", "fd00::7"),
        ("LATCHKEY_DB_RW_PORT_5432_TCP_ADDR", "fd00::7"),
    ];
    let server = Server::start(folder.path(), &added);
    assert_eq!(server.get("/api/health/ready").await.0, 200);
    assert!(folder.path().join("data/latchkey.db").is_file());
    assert_eq!(server.stop(Signal::SIGTERM).code(), Some(0));
    for (name, value, key) in [
        ("LATCHKEY_PORT", "3000", "port"),
        ("LATCHKEY_SERVICE", "10.43.0.7", "service"),
        ("LATCHKEY_DATABASE_URL", "sqlite://a.db", "database_url"),
        ("LATCHKEY_PUBLICURL", "http://localhost", "publicurl"),
        ("LATCHKEY_TOKENS__ACCESS", "1m", "tokens.access"),
    ] {
        let line = startup_error(&mut latchkey(folder.path(), &[(name, value)]));
        assert!(line.contains(&format!("latchkey: {key}: unknown field")), "{name}: {line}");
    }
}

/// Runs a server with the settings of its unit's environment file until the folder contains one account.
async fn served_with(folder: &Path, file: &str, data_dir: &str) {
    std::fs::write(folder.join("environment"), file).unwrap();
    let mut serve = latchkey(folder, &[("LATCHKEY_DATA_DIR", data_dir)]);
    serve.args(["serve"]);
    let server = Server::spawn(serve, folder);
    server.signed_in().await;
    assert_eq!(server.stop(Signal::SIGTERM).code(), Some(0));
}

/// A shell that reads such a file ends a value at its `&`, and continues with the default.
#[tokio::test]
async fn a_command_uses_the_settings_of_the_units_file_to_the_letter() {
    let folder = folder();
    let data_dir = "of the unit & nobody's \"else\" $HOME #1";
    let quoted = r#"
# LATCHKEY_DATA_DIR=nowhere
RUST_LOG=info
LATCHKEY_DATA_DIR="of the unit & nobody's \"else\" \$HOME \
#1"
"#;
    served_with(folder.path(), quoted, data_dir).await;
    for words in
        [&["--env-file", "environment", "backup", "one"][..], &["backup", "two", "--env-file=environment"]]
    {
        // Variables of the shell are ignored.
        let mut command = latchkey(folder.path(), &[("LATCHKEY_DATA_DIR", "elsewhere")]);
        let output = command.args(words).output().unwrap();
        let told = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(told.contains("1 accounts"), "{told}");
    }
    // One option before the command and one after it: the shell function of the documents puts its own before.
    std::fs::write(folder.path().join("more"), "LATCHKEY_LOG__FORMAT=json\n").unwrap();
    let both = ["--env-file", "environment", "backup", "both", "--env-file", "more"];
    let output = latchkey(folder.path(), &[]).args(both).output().unwrap();
    let told = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(told.contains("1 accounts"), "{told}");
    let twice = ["--config", "one.toml", "backup", "three", "--config", "two.toml"];
    let output = latchkey(folder.path(), &[]).args(twice).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("--config is given before and behind"));
    let line = startup_error(latchkey(folder.path(), &[]).args(["--env-file", "nowhere", "backup", "three"]));
    assert!(line.contains("--env-file nowhere: "), "{line}");
    std::fs::write(folder.path().join("shell"), "export LATCHKEY_DATA_DIR=here\n").unwrap();
    let line = startup_error(latchkey(folder.path(), &[]).args(["--env-file", "shell", "backup", "three"]));
    assert!(line.contains("--env-file shell: line 1: ") && line.contains("export"), "{line}");
}

#[tokio::test]
async fn a_public_url_without_tls_is_warned_of_unless_it_is_this_machine() {
    let warns = async |public_url: &str| {
        let folder = folder();
        let server = Server::start(folder.path(), &[("LATCHKEY_PUBLIC_URL", public_url)]);
        let told = server.log().contains("public_url is plain http");
        assert_eq!(server.stop(Signal::SIGTERM).code(), Some(0));
        told
    };
    for public_url in ["http://id.example.org", "http://192.0.2.7:8080", "http://localhost.example.org"] {
        assert!(warns(public_url).await, "{public_url}");
    }
    for public_url in
        ["https://id.example.org", "http://localhost:8080", "http://127.0.0.1", "http://[::1]:80"]
    {
        assert!(!warns(public_url).await, "{public_url}");
    }
}
