//! Sample data for the exhibits.

use crate::api::Failure;
use crate::platform::clock;
use latchkey_shared::{EndReason, ErrorCode, Page, Problem, Session, Timestamp};
use std::time::Duration;
use uuid::Uuid;

pub const LONG: &str = "A text that is much longer than anybody who drew this part had in mind, with a-word-that-has-no-place-to-break-in-it-at-all-and-still-must-not-leave-the-screen";
pub const KOREAN: &str = "다른 기기에서 모두 로그아웃한 뒤 비밀번호를 변경해 주세요";

/// Returns a refusal with this code.
pub fn refused(code: ErrorCode) -> Failure {
    let wait = matches!(code, ErrorCode::TooManyRequests | ErrorCode::Overloaded);
    Failure::Refused {
        problem: Problem {
            kind: String::new(),
            title: String::new(),
            status: 500,
            code,
            detail: String::new(),
            request_id: "01890a5d-ac96-774b-bcce-b302099a8057".to_owned(),
            errors: Vec::new(),
            end_reason: None,
            public_url: None,
        },
        retry_after: wait.then(|| Duration::from_secs(37)),
    }
}

/// Returns `live` active sessions, the first of them the current one, and, if there are several, one ended session for
/// each reason.
pub fn sessions(live: u128) -> Page<Session> {
    let devices = ["Chrome on Windows", "Safari on iOS", "Firefox on Linux", LONG, "curl"];
    let now = clock::now();
    let session = |number: u128, device: &str| Session {
        id: Uuid::from_u128(number),
        current: number == 0,
        device: device.to_owned(),
        user_agent: device.to_owned(),
        ip: "2001:db8:85a3:8d3:1319:8a2e:370:7348".to_owned(),
        created_at: earlier(now, 5_000_000),
        last_seen_at: earlier(now, 300),
        expires_at: now + Duration::from_secs(1_000_000),
        ended_at: None,
        end_reason: None,
    };
    let living = (0..live).zip(devices.into_iter().cycle()).map(|(number, device)| session(number, device));
    let ended =
        EndReason::ALL.into_iter().zip(1_000..).filter(|_| live > 1).map(|(reason, number)| Session {
            ended_at: Some(earlier(now, 86_400)),
            end_reason: Some(reason),
            ..session(number, "Edge on Windows")
        });
    Page { items: living.chain(ended).collect(), next: None }
}

fn earlier(now: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_millis(now.as_millis() - seconds * 1_000)
}
