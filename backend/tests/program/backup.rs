//! Backups: taken while a server runs, a backup restores everything that was confirmed before it.

use crate::load::{Person, Progress};
use crate::polling::until;
use crate::server::*;
use futures::future::join_all;
use latchkey::platform::DataDirLock;
use nix::sys::signal::Signal;
use nix::unistd::geteuid;
use serde_json::json;
use std::ops::Range;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::Path;
use std::process::Output;
use tokio::task::JoinHandle;

const TRUSTING: (&str, &str) = ("LATCHKEY_PROXIES__TRUSTED", "127.0.0.1");

fn run(folder: &Path, words: &[&str]) -> Output {
    latchkey(folder, &[]).args(words).output().unwrap()
}

/// Returns the output of a command that succeeds.
#[track_caller]
fn said(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn refused(folder: &Path, words: &[&str]) -> String {
    startup_error(latchkey(folder, &[]).args(words))
}

/// Returns a folder in which Ada has signed up, and signed in at a client that keeps its token; the server has stopped.
async fn with_ada() -> (tempfile::TempDir, serde_json::Value) {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    let ada = server.signed_in().await;
    assert_eq!(server.stop(Signal::SIGTERM).code(), Some(0));
    (folder, ada)
}

/// Starts people at work, each in a task of its own.
fn at_work(numbers: Range<usize>, progress: &Progress, server: &Server) -> Vec<JoinHandle<Person>> {
    let people = numbers.map(|number| Person::new(number, progress));
    people.map(|one| tokio::spawn(one.live(server.address.clone()))).collect()
}

async fn answered(progress: &Progress, count: usize) {
    until("they get on", async || progress.count() >= count).await;
}

/// One crowd stops before the backup begins, so everything that was confirmed to it must be restored; another one works
/// meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_taken_under_load_brings_back_what_was_answered_before_it() {
    let folder = folder();
    let server = Server::start(folder.path(), &[TRUSTING]);
    let ada = server.signed_in().await;
    let (early, late) = (Progress::default(), Progress::default());
    let crowd = at_work(0..4, &early, &server);
    // Enough for everybody to do everything twice.
    answered(&early, 100).await;
    early.halt(true);
    let mut crowd: Vec<Person> = join_all(crowd).await.into_iter().map(Result::unwrap).collect();
    assert!(crowd.iter().all(Person::is_signed_up) && crowd.iter().any(Person::brought_somebody));
    let others = at_work(10..14, &late, &server);
    answered(&late, 20).await;
    let at = folder.path().to_owned();
    let told = tokio::task::spawn_blocking(move || said(run(&at, &["backup", "kept.backup"]))).await.unwrap();
    assert!(told.contains("with the keys"), "{told}");
    answered(&late, late.count() + 20).await;
    server.stop(Signal::SIGKILL);
    for one in others {
        assert!(one.await.unwrap().is_signed_up());
    }
    let backup = folder.path().join("kept.backup");
    assert_eq!(mode(&backup), 0o600);
    let backup = backup.to_str().unwrap();
    let elsewhere = self::folder();
    let (_, counts) = told.trim_end().split_once(": ").unwrap();
    let told = said(run(elsewhere.path(), &["restore", backup, "--verify"]));
    assert!(told.contains(&format!("is whole: {counts}")), "{told}");
    assert_eq!(names(elsewhere.path()), Vec::<String>::new(), "to look through it changes nothing");
    said(run(elsewhere.path(), &["restore", backup]));
    assert_eq!(names(&elsewhere.path().join("data")), ["latchkey.db", "secrets.json"]);
    assert_eq!(mode(&elsewhere.path().join("data/latchkey.db")), 0o600);
    assert_eq!(mode(&elsewhere.path().join("data/secrets.json")), 0o600);
    let restored = Server::start(elsewhere.path(), &[TRUSTING]);
    let (status, ada) = restored.refresh(&ada).await;
    assert_eq!(status, 200, "who was signed in stays signed in: {ada}");
    join_all(crowd.iter_mut().map(|one| one.finds_what_was_answered(&restored.address))).await;
    let text = std::fs::read(elsewhere.path().join("data/latchkey.db")).unwrap();
    let keys = std::fs::read_to_string(elsewhere.path().join("data/secrets.json")).unwrap();
    let keys: serde_json::Value = serde_json::from_str(&keys).unwrap();
    let key = keys["refresh"][0]["secret"].as_str().unwrap().as_bytes();
    assert!(!text.windows(key.len()).any(|part| part == key), "the keys do not stay in the database");
}

#[tokio::test]
async fn a_backup_without_the_keys_signs_everybody_out_and_loses_nobody() {
    let (folder, ada) = with_ada().await;
    let told = said(run(folder.path(), &["backup", "kept.backup", "--without-keys"]));
    assert!(told.contains("without keys"), "{told}");
    let elsewhere = self::folder();
    let backup = folder.path().join("kept.backup");
    let told = said(run(elsewhere.path(), &["restore", backup.to_str().unwrap(), "--verify"]));
    assert!(told.contains("signs everybody out"), "{told}");
    said(run(elsewhere.path(), &["restore", backup.to_str().unwrap()]));
    let server = Server::start(elsewhere.path(), &[]);
    assert_eq!(server.refresh(&ada).await.0, 401);
    let login = json!({"email": "ada@example.org", "password": PASSWORD});
    assert_eq!(server.post("/api/auth/login", &login).await.0, 200);
}

#[tokio::test]
async fn a_backup_without_the_keys_signs_everybody_out_where_there_are_keys_already() {
    let (folder, ada) = with_ada().await;
    said(run(folder.path(), &["backup", "kept.backup", "--without-keys"]));
    let keys = std::fs::read(folder.path().join("data/secrets.json")).unwrap();
    let told = said(run(folder.path(), &["restore", "kept.backup", "--force"]));
    assert!(told.contains("everybody signs in again"), "{told}");
    assert_eq!(std::fs::read(folder.path().join("data/secrets.json.replaced")).unwrap(), keys);
    let server = Server::start(folder.path(), &[]);
    assert_eq!(server.refresh(&ada).await.0, 401);
    let login = json!({"email": "ada@example.org", "password": PASSWORD});
    assert_eq!(server.post("/api/auth/login", &login).await.0, 200);
    assert_ne!(std::fs::read(folder.path().join("data/secrets.json")).unwrap(), keys);
}

/// The configured keys stay the same, so the sessions themselves are ended.
#[tokio::test]
async fn a_backup_that_leaves_the_keys_out_signs_everybody_out_also_where_the_keys_are_configured() {
    const PEM: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
    let secret = "A".repeat(43);
    let keys = [("LATCHKEY_TOKENS__SIGNING_KEY", PEM), ("LATCHKEY_TOKENS__REFRESH_SECRET", &*secret)];
    for (words, status) in
        [(&["backup", "kept.backup", "--without-keys"][..], 401), (&["backup", "kept.backup"], 200)]
    {
        let folder = folder();
        let server = Server::start(folder.path(), &keys);
        let ada = server.signed_in().await;
        server.stop(Signal::SIGTERM);
        said(latchkey(folder.path(), &keys).args(words).output().unwrap());
        said(latchkey(folder.path(), &keys).args(["restore", "kept.backup", "--force"]).output().unwrap());
        let server = Server::start(folder.path(), &keys);
        assert_eq!(server.refresh(&ada).await.0, status, "{words:?}");
        server.stop(Signal::SIGTERM);
    }
}

#[tokio::test]
async fn what_a_restore_has_kept_aside_is_never_written_over() {
    let (folder, ada) = with_ada().await;
    let data = folder.path().join("data");
    said(run(folder.path(), &["backup", "kept.backup"]));
    let server = Server::start(folder.path(), &[]);
    let eve = json!({"email": "eve@example.org", "password": PASSWORD, "display_name": "Eve"});
    assert_eq!(server.post("/api/auth/signup", &eve).await.0, 201);
    assert_eq!(server.stop(Signal::SIGTERM).code(), Some(0));
    // A name counts as taken whatever has it: here a link, which must not be followed either.
    std::os::unix::fs::symlink("nowhere", data.join("latchkey.db.replaced.2")).unwrap();
    for aside in ["latchkey.db.replaced", "latchkey.db.replaced.3", "latchkey.db.replaced.4"] {
        let told = said(run(folder.path(), &["restore", "kept.backup", "--force"]));
        assert!(told.trim_end().ends_with(aside), "{told}");
        assert!(data.join(aside).is_file());
    }
    assert!(!data.join("nowhere").exists());
    let told = said(run(folder.path(), &["restore", "data/latchkey.db.replaced", "--verify"]));
    assert!(told.contains("2 accounts"), "the original is still the original: {told}");
    for keys in ["secrets.json.replaced", "secrets.json.replaced.2", "secrets.json.replaced.3"] {
        assert!(data.join(keys).is_file(), "{keys}");
    }
    let server = Server::start(folder.path(), &[]);
    assert_eq!(server.refresh(&ada).await.0, 200);
}

#[tokio::test]
async fn a_backup_follows_no_link_and_waits_for_no_pipe() {
    use std::os::unix::fs::symlink;
    let (folder, _) = with_ada().await;
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("precious"), "precious").unwrap();
    std::fs::create_dir(at("folder")).unwrap();
    symlink(at("precious"), at("link")).unwrap();
    symlink(at("nowhere"), at("dangling")).unwrap();
    nix::unistd::mkfifo(&at("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    // Names that earlier versions used for temporary files.
    symlink(at("precious"), at("new.partial")).unwrap();
    symlink(at("precious"), at("data/latchkey.db.restoring")).unwrap();
    for name in ["precious", "folder", "link", "dangling", "pipe"] {
        let line = refused(folder.path(), &["backup", name]);
        assert!(line.contains(&format!("{name} exists")), "{line}");
    }
    said(run(folder.path(), &["backup", "new"]));
    for name in ["pipe", "folder"] {
        for more in ["--verify", "--force"] {
            let line = refused(folder.path(), &["restore", name, more]);
            assert!(line.contains(&format!("{name} is no file")), "{line}");
        }
    }
    // A link to a backup works like the backup.
    symlink(at("new"), at("latest")).unwrap();
    said(run(folder.path(), &["restore", "latest", "--force"]));
    assert_eq!(std::fs::read(at("precious")).unwrap(), b"precious");
    assert!(!at("nowhere").exists());
    let hidden = |folder: &Path| names(folder).into_iter().filter(|name| name.starts_with('.')).count();
    assert_eq!((hidden(folder.path()), hidden(&at("data"))), (0, 0), "nothing half made is left");
}

#[tokio::test]
async fn a_missing_folder_is_named_as_such() {
    let (folder, _) = with_ada().await;
    for (file, missing) in
        [("backups/kept.backup", "backups"), ("data/secrets.json/kept", "data/secrets.json")]
    {
        let line = refused(folder.path(), &["backup", file]);
        assert!(line.contains(&format!("{missing} does not exist or is no folder")), "{line}");
    }
    assert_eq!(names(folder.path()), ["data", "log"]);
}

#[tokio::test]
async fn a_backup_is_never_written_over() {
    let (folder, _) = with_ada().await;
    std::fs::write(folder.path().join("kept.backup"), "precious").unwrap();
    let line = refused(folder.path(), &["backup", "kept.backup"]);
    assert!(line.contains("kept.backup exists"), "{line}");
    assert_eq!(std::fs::read(folder.path().join("kept.backup")).unwrap(), b"precious");
    assert_eq!(names(folder.path()), ["data", "kept.backup", "log"]);
}

#[tokio::test]
async fn a_restore_waits_for_the_server_to_stop_and_replaces_nothing_unasked() {
    let (folder, ada) = with_ada().await;
    said(run(folder.path(), &["backup", "kept.backup"]));
    let server = Server::start(folder.path(), &[]);
    let eve = json!({"email": "eve@example.org", "password": PASSWORD, "display_name": "Eve"});
    assert_eq!(server.post("/api/auth/signup", &eve).await.0, 201);
    let line = refused(folder.path(), &["restore", "kept.backup", "--force"]);
    assert!(line.contains("in use: stop the server first"), "{line}");
    // Killed, so that the newest data is only in the write-ahead log, which must not be applied to the restored
    // database.
    server.stop(Signal::SIGKILL);
    let line = refused(folder.path(), &["restore", "kept.backup"]);
    assert!(line.contains("latchkey.db exists: --force"), "{line}");
    said(run(folder.path(), &["keys", "rotate"]));
    let rotated = std::fs::read(folder.path().join("data/secrets.json")).unwrap();
    let told = said(run(folder.path(), &["restore", "kept.backup", "--force"]));
    assert_ne!(std::fs::read(folder.path().join("data/secrets.json")).unwrap(), rotated);
    assert_eq!(std::fs::read(folder.path().join("data/secrets.json.replaced")).unwrap(), rotated);
    assert!(told.contains("1 accounts") && told.contains("latchkey.db.replaced"), "{told}");
    let server = Server::start(folder.path(), &[]);
    let login = json!({"email": "eve@example.org", "password": PASSWORD});
    assert_eq!(server.post("/api/auth/login", &login).await.0, 401, "she came after the backup");
    assert_eq!(server.refresh(&ada).await.0, 200);
    assert_eq!(server.stop(Signal::SIGTERM).code(), Some(0));
    // The previous database is kept complete, and can be restored.
    let told = said(run(folder.path(), &["restore", "data/latchkey.db.replaced", "--force"]));
    assert!(told.contains("2 accounts"), "{told}");
}

#[tokio::test]
async fn no_server_starts_while_a_backup_is_restored() {
    let (folder, _) = with_ada().await;
    let _restoring = DataDirLock::exclusive(&folder.path().join("data")).unwrap();
    let line = startup_error(&mut latchkey(folder.path(), &[]));
    assert!(line.contains("data_dir: ") && line.contains("restored"), "{line}");
}

#[tokio::test]
async fn what_is_no_whole_backup_is_refused_and_changes_nothing() {
    let (folder, _) = with_ada().await;
    said(run(folder.path(), &["backup", "kept.backup"]));
    let whole = std::fs::read(folder.path().join("kept.backup")).unwrap();
    let mut damaged = whole.clone();
    // Damages everything after the first page, which identifies the file type.
    damaged[4096..].iter_mut().for_each(|byte| *byte ^= 0x5a);
    let before = names(&folder.path().join("data"));
    for (name, content, part) in [
        ("damaged", damaged, "damaged"),
        ("cut", whole[..whole.len() / 2].to_vec(), "cut"),
        ("empty", Vec::new(), "not a database of Latchkey's"),
        ("text", b"not a database, but some other file that is long enough".to_vec(), "text"),
    ] {
        std::fs::write(folder.path().join(name), content).unwrap();
        for words in [&["restore", name, "--verify"][..], &["restore", name, "--force"]] {
            let line = refused(folder.path(), words);
            assert!(line.contains(part), "{name}: {line}");
        }
    }
    let line = refused(folder.path(), &["restore", "nowhere", "--verify"]);
    assert!(line.contains("nowhere"), "{line}");
    assert_eq!(names(&folder.path().join("data")), before);
}

#[tokio::test]
async fn a_backup_of_a_newer_version_is_refused() {
    let (folder, _) = with_ada().await;
    said(run(folder.path(), &["backup", "kept.backup"]));
    let url = format!("sqlite://{}/kept.backup", folder.path().display());
    let database = sea_orm::Database::connect(url).await.unwrap();
    let newer = "INSERT INTO seaql_migrations VALUES ('m9999_of_tomorrow', 0)";
    sea_orm::ConnectionTrait::execute_unprepared(&database, newer).await.unwrap();
    database.close().await.unwrap();
    let line = refused(folder.path(), &["restore", "kept.backup", "--verify"]);
    assert!(line.contains("newer") && line.contains("m9999_of_tomorrow"), "{line}");
}

#[test]
fn postgresql_is_left_to_its_own_tools_and_the_line_says_which() {
    let folder = folder();
    let url = ("LATCHKEY_DATABASE__URL", "postgres://latchkey:hunter2@127.0.0.1:1/latchkey");
    for words in [["backup", "kept.backup"], ["restore", "kept.backup"]] {
        let line = startup_error(latchkey(folder.path(), &[url]).args(words));
        assert!(line.contains("pg_dump") && line.contains("pg_restore"), "{line}");
        assert!(!line.contains("hunter2"), "{line}");
    }
    assert_eq!(names(folder.path()), Vec::<String>::new());
}

/// Only root can give a folder to another user: without root, the test is skipped.
#[tokio::test]
async fn what_root_does_in_the_data_folder_stays_its_owners() {
    if !geteuid().is_root() {
        return;
    }
    const OWNER: u32 = 4242;
    let (folder, ada) = with_ada().await;
    let data = folder.path().join("data");
    said(run(folder.path(), &["backup", "kept.backup"]));
    for path in [data.clone(), data.join("latchkey.db"), data.join("secrets.json")] {
        chown(&path, Some(OWNER), Some(OWNER)).unwrap();
    }
    let are_the_owners = |names: &[&str]| {
        assert_eq!(self::names(&data), names);
        for name in names {
            let file = std::fs::metadata(data.join(name)).unwrap();
            assert_eq!((file.uid(), file.gid(), file.mode() & 0o777), (OWNER, OWNER, 0o600), "{name}");
        }
    };
    said(run(folder.path(), &["keys", "rotate"]));
    are_the_owners(&["latchkey.db", "secrets.json"]);
    said(run(folder.path(), &["restore", "kept.backup", "--force"]));
    are_the_owners(&["latchkey.db", "latchkey.db.replaced", "secrets.json", "secrets.json.replaced"]);
    let server = Server::start(folder.path(), &[]);
    assert_eq!(server.refresh(&ada).await.0, 200);
    assert_eq!(server.stop(Signal::SIGTERM).code(), Some(0));
}
