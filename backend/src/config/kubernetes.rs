//! Variables that Kubernetes gives to every container for each Service of its namespace. For a Service named `latchkey`
//! or `latchkey-db`, they have the same prefix as our settings.

use std::net::IpAddr;

const PROTOCOLS: [&str; 3] = ["TCP", "UDP", "SCTP"];

/// Returns whether this is one of them. Both the name and the value have to match: `LATCHKEY_PORT=3000` is a mistake to
/// be reported, `LATCHKEY_PORT=tcp://10.0.0.7:3000` is not.
pub fn is_service_variable(name: &str, value: &str) -> bool {
    if name.ends_with("_SERVICE_HOST") {
        return is_address(value);
    }
    if name.ends_with("_SERVICE_PORT") || name.contains("_SERVICE_PORT_") {
        return is_number(value);
    }
    let parts: Vec<&str> = name.rsplit('_').collect();
    let of = |protocol: &str, number: &str| PROTOCOLS.contains(&protocol) && is_number(number);
    match parts.as_slice() {
        ["PROTO", protocol, number, "PORT", ..] if of(protocol, number) => {
            value.eq_ignore_ascii_case(protocol)
        }
        ["PORT", protocol, number, "PORT", ..] if of(protocol, number) => value == *number,
        ["ADDR", protocol, number, "PORT", ..] if of(protocol, number) => is_address(value),
        [protocol, number, "PORT", ..] if of(protocol, number) => is_link(value),
        ["PORT", ..] => is_link(value),
        _ => false,
    }
}

fn is_address(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok()
}

fn is_number(text: &str) -> bool {
    text.parse::<u16>().is_ok()
}

/// Returns whether the text is a link such as `tcp://10.0.0.7:3000`.
fn is_link(text: &str) -> bool {
    let scheme = text.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| PROTOCOLS.iter().any(|known| known.eq_ignore_ascii_case(scheme)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_kubernetes_adds_for_a_service_is_told_from_a_mistake() {
        for service in ["LATCHKEY", "LATCHKEY_DB", "LATCHKEY_POSTGRES", "LATCHKEY_PG_RW", "LATCHKEY__X"] {
            for (ending, value) in [
                ("SERVICE_HOST", "10.43.0.7"),
                ("SERVICE_HOST", "fd00::7"),
                ("SERVICE_PORT", "5432"),
                ("SERVICE_PORT_HTTP", "80"),
                ("SERVICE_PORT_TCP_POSTGRESQL", "5432"),
                ("PORT", "tcp://10.43.0.7:5432"),
                ("PORT", "udp://[fd00::7]:5432"),
                ("PORT_5432_TCP", "tcp://10.43.0.7:5432"),
                ("PORT_5432_TCP_PROTO", "tcp"),
                ("PORT_5432_TCP_PORT", "5432"),
                ("PORT_5432_TCP_ADDR", "10.43.0.7"),
                ("PORT_53_UDP_ADDR", "fd00::7"),
            ] {
                assert!(
                    is_service_variable(&format!("{service}_{ending}"), value),
                    "{service}_{ending}={value}"
                );
            }
        }
        for (name, value) in [
            ("LATCHKEY_PORT", "3000"),
            ("LATCHKEY_PORT", "0.0.0.0:3000"),
            ("LATCHKEY_SERVICE", "10.43.0.7"),
            ("LATCHKEY_SERVICE_HOST", "id.example.org"),
            ("LATCHKEY_SERVICE_PORT", "http"),
            ("LATCHKEY_DATABASE_PORT", "5432"),
            ("LATCHKEY_PORT_3000", "tcp://10.43.0.7:3000"),
            ("LATCHKEY_PORT_3000_TCP_ADDR", "here"),
            ("LATCHKEY_PORT_3000_TCP_PORT", "3001"),
            ("LATCHKEY_MAIL__SMTP__PORT", "587"),
            ("LATCHKEY_LISTEN", "127.0.0.1:3000"),
        ] {
            assert!(!is_service_variable(name, value), "{name}={value}");
        }
    }
}
