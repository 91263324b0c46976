//! A real file system of a few megabytes in its own mount namespace, which becomes full, or is made read-only.

use crate::disk::{must_write, sign_up, verify};
use crate::server::*;
use nix::sys::signal::Signal;
use std::fs::File;
use std::io::{BufRead as _, BufReader, ErrorKind};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A folder whose `data` is a separate file system. Dropping this ends it.
struct Disk {
    folder: TempDir,
    /// Process that keeps the namespace; it ends when its standard input is closed.
    keeper: Child,
}

impl Disk {
    /// Returns `None` if mount namespaces are not permitted.
    fn mount() -> Option<Self> {
        let folder = folder();
        std::fs::create_dir(folder.path().join("data")).unwrap();
        let mut keeper = Command::new("unshare");
        keeper.args(["--user", "--map-root-user", "--mount", "/bin/sh", "-c"]);
        keeper.arg("mount -t tmpfs -o size=4m,mode=700 tmpfs data && echo mounted && exec cat");
        keeper.current_dir(folder.path()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut keeper = keeper.spawn().ok()?;
        let mut told = String::new();
        BufReader::new(keeper.stdout.take().unwrap()).read_line(&mut told).unwrap();
        let disk = Self { folder, keeper };
        (told == "mounted\n").then_some(disk)
    }

    /// Returns a command that runs in the namespace.
    fn command(&self, words: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.args([
            "--user",
            "--preserve-credentials",
            "--mount",
            "--target",
            &self.keeper.id().to_string(),
        ]);
        command.args(["/bin/sh", "-c", &format!("cd \"$0\" && {words}")]).arg(self.folder.path());
        command.stdin(Stdio::null());
        command
    }

    /// Returns the command of the server, which replaces the started process (`exec`).
    fn program(&self) -> Command {
        let mut command = self.command("exec env -i LATCHKEY_LISTEN=127.0.0.1:0 \"$1\"");
        command.arg(latchkey(self.folder.path(), &[]).get_program());
        command
    }

    fn start(&self) -> Server {
        Server::spawn(self.program(), self.folder.path())
    }

    fn remount(&self, how: &str) {
        assert!(self.command(&format!("mount -o remount,{how} data")).status().unwrap().success(), "{how}");
    }

    /// Returns a file next to the server's own, as visible from outside the namespace.
    fn ballast(&self) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.keeper.id()));
        root.join(self.folder.path().strip_prefix("/").unwrap()).join("data/ballast")
    }

    /// Uses up the remaining space.
    fn fill(&self) {
        let mut ballast = File::create(self.ballast()).unwrap();
        let end = std::io::copy(&mut std::io::repeat(0), &mut ballast).unwrap_err();
        assert_eq!(end.kind(), ErrorKind::StorageFull);
    }

    fn make_room(&self) {
        std::fs::remove_file(self.ballast()).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.keeper.kill().ok();
        self.keeper.wait().ok();
    }
}

const WHAT: &str = "a file system of its own (`unshare --user --map-root-user --mount` is refused)";

#[tokio::test]
async fn a_full_disk_is_told_to_the_log_and_needs_no_restart_once_there_is_room() {
    let Some(disk) = Disk::mount() else { return skip_or_fail(WHAT) };
    let server = disk.start();
    let ada = server.signed_in().await;
    disk.fill();
    for _ in 0..5 {
        must_write(&server, &ada).await;
        assert_eq!(verify(&server, &ada).await, 200, "what needs no write goes on");
    }
    let advice = "the disk is full: make room, the server goes on by itself";
    wait_for("the log", || server.log().contains(advice).then_some(()));
    disk.make_room();
    let (status, ada) = server.refresh(&ada).await;
    assert_eq!(status, 200, "nobody was signed out: {ada}");
    assert_eq!(server.post("/api/auth/signup", &sign_up("eve")).await.0, 201);
    // Again; this time the server stops while the disk is full.
    disk.fill();
    must_write(&server, &ada).await;
    assert!(server.stop(Signal::SIGTERM).code().is_some(), "it ends by itself");
    disk.make_room();
    let server = disk.start();
    assert_eq!(server.refresh(&ada).await.0, 200);
}

/// An open file keeps its file system writable, so this one is made read-only while the server is stopped.
#[tokio::test]
async fn a_read_only_disk_stops_the_start_with_one_line_and_a_writable_one_has_everything() {
    let Some(disk) = Disk::mount() else { return skip_or_fail(WHAT) };
    let server = disk.start();
    let ada = server.signed_in().await;
    assert_eq!(server.stop(Signal::SIGTERM).code(), Some(0));
    disk.remount("ro");
    let line = startup_error(&mut disk.program());
    assert!(line.contains("database.url: ") && line.contains("Read-only file system"), "{line}");
    disk.remount("rw");
    let server = disk.start();
    assert_eq!(server.refresh(&ada).await.0, 200);
}
