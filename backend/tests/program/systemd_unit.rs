//! The server under the seccomp filter of its systemd unit. The filter is built from the unit itself and set on a
//! thread; the processes that the thread starts inherit it, as those that systemd starts do.

use crate::server::*;
use nix::libc;
use nix::sys::signal::Signal;
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};
use std::collections::BTreeMap;
use std::path::Path;

/// Systemd's groups of system calls that a unit may deny (`systemd-analyze syscall-filter`), limited to calls that
/// exist on every architecture.
const GROUPS: [(&str, &[libc::c_long]); 2] = [
    (
        "@privileged",
        &[
            libc::SYS_acct,
            libc::SYS_bpf,
            libc::SYS_capset,
            libc::SYS_chroot,
            libc::SYS_fanotify_init,
            libc::SYS_fchown,
            libc::SYS_fchownat,
            libc::SYS_pivot_root,
            libc::SYS_quotactl,
            libc::SYS_setdomainname,
            libc::SYS_setgroups,
            libc::SYS_sethostname,
            libc::SYS_setresuid,
            libc::SYS_setreuid,
            libc::SYS_settimeofday,
            libc::SYS_setuid,
            libc::SYS_vhangup,
        ],
    ),
    (
        "@resources",
        &[
            libc::SYS_ioprio_set,
            libc::SYS_mbind,
            libc::SYS_sched_setaffinity,
            libc::SYS_sched_setattr,
            libc::SYS_sched_setparam,
            libc::SYS_sched_setscheduler,
            libc::SYS_setpriority,
            libc::SYS_setrlimit,
        ],
    ),
];

fn unit() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/latchkey.service");
    std::fs::read_to_string(file).unwrap()
}

/// Returns each value that the unit assigns to the setting.
fn values<'a>(unit: &'a str, setting: &str) -> impl Iterator<Item = &'a str> {
    let prefix = format!("{setting}=");
    unit.lines().filter_map(move |line| line.strip_prefix(&prefix))
}

fn denied(unit: &str) -> Vec<libc::c_long> {
    let lists = values(unit, "SystemCallFilter").filter_map(|list| list.strip_prefix('~'));
    let calls = lists.flat_map(str::split_whitespace).flat_map(|name| {
        let group = GROUPS.iter().find(|(group, _)| *group == name);
        group.unwrap_or_else(|| panic!("{name}: add what it stands for")).1
    });
    calls.copied().collect()
}

/// Returns the filter's action: systemd kills the process unless the unit sets an error number.
fn answer(unit: &str) -> SeccompAction {
    match values(unit, "SystemCallErrorNumber").last() {
        Some("EPERM") => SeccompAction::Errno(u32::try_from(libc::EPERM).unwrap()),
        Some(other) => panic!("{other}: add its number"),
        None => SeccompAction::KillProcess,
    }
}

fn filter(unit: &str) -> BpfProgram {
    let rules: BTreeMap<i64, _> = denied(unit).into_iter().map(|call| (call, Vec::new())).collect();
    assert!(!rules.is_empty());
    let target = std::env::consts::ARCH.try_into().unwrap();
    SeccompFilter::new(rules, SeccompAction::Allow, answer(unit), target).unwrap().try_into().unwrap()
}

#[tokio::test]
async fn the_server_lives_with_what_its_unit_denies() {
    let folder = folder();
    let at = folder.path().to_owned();
    let started = std::thread::spawn(move || {
        seccompiler::apply_filter(&filter(&unit())).unwrap();
        Server::start(&at, &[])
    });
    let server = started.join().unwrap();
    let signed_in = server.signed_in().await;
    assert_eq!(server.refresh(&signed_in).await.0, 200);
    assert_eq!(server.stop(Signal::SIGTERM).code(), Some(0));
}

#[test]
fn the_unit_gives_what_the_settings_promise_and_keeps_memory_off_the_disk() {
    let unit = unit();
    let last = |setting| values(&unit, setting).last().unwrap_or_else(|| panic!("{setting} is not set"));
    let config = latchkey::config::from_pairs(None, []).unwrap();
    let files: u64 = last("LimitNOFILE").parse().unwrap();
    let connections = config.connections.max;
    assert_eq!(latchkey::platform::cap_connections(Some(files), connections), connections);
    assert!(last("MemoryMax").ends_with(['M', 'G']));
    assert_eq!(last("LimitCORE"), "0");
}

/// Starts the server with these soft and hard limits on open files.
fn with_files(folder: &Path, soft: u32, hard: u32) -> Server {
    let server = latchkey(folder, &[]);
    let mut shell = std::process::Command::new("/bin/sh");
    shell.current_dir(folder).env_clear().env("LATCHKEY_LISTEN", "127.0.0.1:0");
    shell
        .arg("-c")
        .arg(format!("ulimit -Sn {soft} && ulimit -Hn {hard} && exec \"$0\""))
        .arg(server.get_program());
    Server::spawn(shell, folder)
}

fn open_files(server: &Server) -> String {
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", server.id())).unwrap();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
    line.split_whitespace().next().unwrap().to_owned()
}

#[tokio::test]
async fn the_soft_limit_of_open_files_is_raised_and_the_promise_kept_below_it() {
    for (soft, hard, told) in [
        (64, 12_000, "Connections are bounded connections.max=10000 files.limit=\"12000\""),
        (100, 1024, "connections.max=10000 connections.kept=896 files.limit=\"1024\""),
    ] {
        let folder = folder();
        let server = with_files(folder.path(), soft, hard);
        assert_eq!(open_files(&server), hard.to_string());
        let log = server.log();
        assert_eq!(log.lines().filter(|line| line.contains(told)).count(), 1, "{log}");
        server.signed_in().await;
    }
}
