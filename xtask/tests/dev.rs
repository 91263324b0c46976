//! What `cargo xtask dev` says when it cannot start.

use std::net::{Ipv4Addr, TcpListener};
use std::process::Command;

#[test]
fn a_taken_port_is_told_in_one_line() {
    // When somebody else holds the port already, all the better.
    let _taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 8080));
    let output = Command::new(env!("CARGO_BIN_EXE_xtask")).arg("dev").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("taken: is `cargo xtask dev` running already?"), "{said}");
    assert!(output.stdout.is_empty());
}

#[test]
fn an_unknown_command_leads_to_the_help() {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask")).arg("deploy").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("cargo xtask help"));
}
