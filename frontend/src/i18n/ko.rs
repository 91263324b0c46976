//! Korean.

use super::{Texts, two_largest_units};
use crate::session::{Activity, RefreshCause};
use latchkey_shared::{EndReason, ErrorCode, FieldErrorCode};

pub static TEXTS: Texts = Texts {
    native_name: "한국어",

    skip_to_content: "본문으로 건너뛰기",
    account_navigation: "계정",
    account_menu: "계정 메뉴",
    language: "언어",
    theme: "화면 테마",
    theme_system: "시스템 설정",
    theme_light: "라이트",
    theme_dark: "다크",
    loading: "불러오는 중…",
    interrupted: "서버에 연결할 수 없습니다. 로그인은 유지되며, 다시 시도하고 있습니다.",
    restoring_interrupted: "서버에 연결할 수 없습니다. 다시 시도하고 있습니다.",
    try_now: "지금 시도",
    try_again: "다시 시도",
    home: "홈",
    profile: "프로필",
    security: "보안",
    sessions: "로그인 관리",
    token: "토큰",

    email: "이메일",
    password: "비밀번호",
    wrong_password: "비밀번호가 올바르지 않습니다.",
    display_name: "표시 이름",
    show_password: "비밀번호 표시",
    hide_password: "비밀번호 숨기기",
    save: "저장",
    saved: "저장했습니다.",
    cancel: "취소",
    dismiss: "닫기",

    sign_in: "로그인",
    sign_in_lead: "다시 오신 것을 환영합니다.",
    sign_out: "로그아웃",
    keep_signed_in: "로그인 상태 유지",
    keep_signed_in_hint: "여러 사람이 함께 쓰는 기기에서는 꺼 두세요.",
    no_account: "아직 계정이 없으신가요?",
    create_account: "회원가입",
    sign_up_title: "회원가입",
    sign_up_lead: "1분이면 충분하며, 언제든지 계정을 삭제할 수 있습니다.",
    have_account: "이미 계정이 있으신가요?",
    password_hint: "8자 이상 입력해 주세요. 단어 여러 개를 이어 쓰면 외우기 쉽고 추측하기 어렵습니다.",
    email_taken_link: "이 이메일로 로그인",

    sign_in_again: "다시 로그인",
    sign_in_again_lead: "페이지는 그대로 유지되며, 입력한 내용도 남아 있습니다.",
    sign_in_as_other: "다른 계정으로 로그인",

    confirm: "계속",
    confirm_title: "본인 확인",
    key_lost: "로그인은 유지되고 있지만, 이를 보호하는 키가 이 브라우저에 없습니다. 사이트 데이터를 삭제하면 키도 함께 삭제됩니다. 계속하려면 비밀번호를 입력해 주세요.",

    hello_before: "안녕하세요, ",
    hello_after: " 님",
    home_lead: "내 계정과 지금 사용 중인 로그인을 확인할 수 있습니다.",
    your_account: "내 계정",
    this_session: "현재 로그인",
    member_since: "가입일",
    roles: "권한",
    device: "기기",
    address: "IP 주소",
    signed_in_at: "로그인 시각",
    last_used: "마지막 사용",
    session_ends: "만료",
    suggestions: "확인해 보세요",
    suggestion_sessions: "내 로그인 확인하기",
    suggestion_password: "비밀번호 변경하기",
    suggestion_export: "내 데이터 다운로드하기",

    profile_lead: "다른 사람에게 보이는 이름과 사용할 언어를 설정합니다.",
    name_hint: "어떤 언어로든 80자까지 쓸 수 있습니다.",
    language_hint: "로그인하는 모든 기기에 적용됩니다.",

    security_lead: "비밀번호와 데이터를 관리하고 계정을 삭제할 수 있습니다.",
    change_password: "비밀번호 변경",
    change_password_lead: "지금 사용 중인 로그인은 유지되고, 나머지는 모두 로그아웃됩니다.",
    current_password: "현재 비밀번호",
    new_password: "새 비밀번호",
    password_changed: "비밀번호를 변경했습니다. 지금 사용 중인 로그인을 제외하고 모두 로그아웃되었습니다.",
    export_title: "내 데이터 다운로드",
    export_lead: "이 서버에 저장된 내 정보를 모두 JSON 파일로 다운로드합니다.",
    export_saved: "다운로드 폴더에 파일을 저장했습니다.",
    export_failed: "브라우저가 파일 저장을 허용하지 않았습니다.",
    delete_title: "계정 삭제",
    delete_lead: "계정과 모든 데이터를 삭제합니다. 삭제한 계정은 직접 복구할 수 없습니다.",
    delete_ask: "계정을 삭제하시겠어요?",
    delete_loss_account: "이름과 이메일을 포함한 계정 정보",
    delete_loss_sessions: "모든 로그인(즉시 로그아웃)",
    delete_loss_final: "서버 백업을 복원하지 않는 한 복구할 수 없습니다",
    delete_password_hint: "확인을 위해 비밀번호를 입력해 주세요.",

    sessions_lead: "내 계정으로 로그인한 브라우저와 앱입니다.",
    this_one: "현재 로그인",
    end: "로그아웃",
    sign_out_others: "지금 사용 중인 로그인을 제외하고 모두 로그아웃",
    sign_out_others_lead: "지금 사용 중인 로그인은 유지되고, 나머지는 즉시 로그아웃됩니다.",
    sign_out_others_ask: "다음 로그인에서 모두 로그아웃하시겠어요?",
    no_others: "다른 로그인이 없습니다.",
    show_more: "더 보기",
    ended_title: "최근 30일간 종료된 로그인",
    no_ended: "종료된 로그인은 사유와 함께 30일 동안 여기에 표시됩니다.",
    replay_advice: "다른 사람이 이 로그인을 사용했을 수 있습니다. 비밀번호를 변경해 주세요.",
    signed_out_there: "선택한 로그인에서 로그아웃했습니다.",
    signed_out_others: "지금 사용 중인 로그인을 제외하고 모두 로그아웃했습니다.",

    token_lead: "페이지가 서버에 요청할 때마다 함께 보내는, 수명이 짧은 토큰입니다. 데이터베이스를 조회하지 않고도 확인할 수 있습니다.",
    token_lapsed: "만료되었습니다. 페이지를 다시 사용하면 새 토큰으로 바뀝니다.",
    ends_in: "남은 시간",
    copy: "복사",
    copied: "토큰을 복사했습니다.",
    copy_failed: "브라우저가 복사를 허용하지 않았습니다. 직접 선택해 복사해 주세요.",
    header_title: "헤더",
    claims_title: "클레임",
    raw_title: "토큰 원문",
    raw_hint: "이 토큰을 가진 사람은 만료될 때까지 내 계정을 사용할 수 있습니다. 다른 사람에게 전달하지 마세요.",
    log_title: "토큰 사용 기록",
    log_lead: "이 탭에서 있었던 최근 20건을 최신순으로 보여 줍니다. 어디에도 저장되지 않습니다.",
    refreshes_itself: "이 탭을 사용하는 동안에는 만료되기 전에 자동으로 갱신됩니다.",
    name_column: "이름",
    value_column: "값",
    meaning_column: "의미",
    claim_alg: "서명 방식",
    claim_typ: "토큰의 종류",
    claim_kid: "서명에 사용한 키. 공개 키는 /.well-known/jwks.json에 있습니다",
    claim_iss: "발급자",
    claim_aud: "대상 서비스",
    claim_sub: "소유자: 내 계정의 ID",
    claim_sid: "이 토큰이 속한 로그인 세션",
    claim_gen: "이 로그인 세션에서 리프레시 토큰을 교체한 횟수",
    claim_roles: "내 계정의 권한",
    claim_auth_time: "마지막으로 비밀번호를 입력한 시각",
    claim_iat: "발급 시각",
    claim_exp: "만료 시각",
    claim_jti: "이 토큰의 ID",
    token_unreadable: "토큰을 읽을 수 없습니다.",

    not_found: "페이지를 찾을 수 없습니다",
    not_found_lead: "이 주소에는 페이지가 없습니다. 주소를 다시 확인해 주세요.",
    to_home: "홈으로",

    device_name,
    role,
    more_devices: |count| format!("그 외 {count}개"),
    at_least_more_devices: |count| format!("그 외 {count}개 이상"),
    ends_if_unused: |when| format!("{when}(그때까지 사용하지 않으면)"),
    ends: |when| format!("{when} 만료"),
    duration,
    problem,
    unreachable: "서버에 연결할 수 없습니다. 인터넷 연결을 확인한 뒤 다시 시도해 주세요.",
    invalid_response: "서버 응답을 처리하지 못했습니다. 잠시 후 다시 시도해 주세요.",
    too_slow: "서버 응답이 지연되고 있습니다. 잠시 후 다시 시도해 주세요.",
    signed_out_failure: "로그아웃되었습니다.",
    wait: |seconds| format!("{} 후에 다시 시도해 주세요.", duration(seconds)),
    request_id: |id| format!("요청 번호 {id}"),
    field_error,
    end_reason,
    ended_label,
    activity,
};

/// The server names devices in English; what it may say besides that is shown as it is.
fn device_name(words: &str) -> String {
    match words.rsplit_once(" on ") {
        Some((client, system)) => format!("{system}의 {client}"),
        None if words == "Unknown device" => "알 수 없는 기기".to_owned(),
        None => words.to_owned(),
    }
}

fn role(name: &str) -> String {
    match name {
        "user" => "사용자",
        "auditor" => "감사자",
        "admin" => "관리자",
        other => other,
    }
    .to_owned()
}

fn duration(seconds: u64) -> String {
    two_largest_units(seconds, ["일", "시간", "분", "초"])
}

fn problem(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::CredentialsRejected => "이메일 또는 비밀번호가 올바르지 않습니다.",
        ErrorCode::EmailTaken => "이미 가입된 이메일입니다.",
        ErrorCode::ValidationFailed => "입력한 내용을 확인해 주세요.",
        ErrorCode::TooManyRequests => "시도 횟수가 너무 많습니다.",
        ErrorCode::Overloaded => "서버가 혼잡합니다.",
        ErrorCode::Forbidden => "이 작업을 할 권한이 없습니다.",
        ErrorCode::WrongOrigin => "이 주소에서는 로그인할 수 없습니다. 다음 주소로 접속해 주세요:",
        ErrorCode::NotFound => "더 이상 존재하지 않는 항목입니다.",
        ErrorCode::SessionEnded | ErrorCode::ReplayDetected => "로그인이 종료되었습니다.",
        ErrorCode::TokenMissing | ErrorCode::TokenExpired | ErrorCode::TokenInvalid => {
            "로그인 상태를 확인하지 못했습니다. 다시 시도해 주세요."
        }
        ErrorCode::PayloadTooLarge => "보낸 데이터가 너무 큽니다.",
        ErrorCode::MalformedJson | ErrorCode::UnsupportedMediaType | ErrorCode::MethodNotAllowed => {
            "서버가 요청을 처리하지 못했습니다. 페이지가 업데이트되었을 수 있으니 새로고침해 주세요."
        }
        ErrorCode::Internal | ErrorCode::Unknown => "서버에 문제가 발생했습니다. 잠시 후 다시 시도해 주세요.",
    }
}

fn field_error(code: FieldErrorCode) -> &'static str {
    match code {
        FieldErrorCode::Required => "필수 항목입니다.",
        FieldErrorCode::TooShort => "8자 이상 입력해 주세요.",
        FieldErrorCode::TooLong => "더 짧게 입력해 주세요.",
        FieldErrorCode::ControlCharacters => "보이지 않는 문자를 지워 주세요.",
        FieldErrorCode::NothingVisible => "눈에 보이는 글자를 하나 이상 입력해 주세요.",
        FieldErrorCode::TooManyMarks => "한 글자에 부호가 너무 많습니다. 부호를 줄여 주세요.",
        FieldErrorCode::InvalidEmail => "name@example.org 형식의 이메일을 입력해 주세요.",
        FieldErrorCode::UnsupportedLocale => "목록에 있는 언어를 선택해 주세요.",
        FieldErrorCode::PasswordCommon => "너무 흔한 비밀번호입니다. 다른 비밀번호를 입력해 주세요.",
        FieldErrorCode::PasswordPersonal => "이름이나 이메일이 들어가지 않은 비밀번호를 입력해 주세요.",
        FieldErrorCode::PasswordPattern => {
            "반복, 연속된 문자, 날짜, 키보드 순서(예: qwerty)는 비밀번호로 쓸 수 없습니다."
        }
        FieldErrorCode::PasswordGuessable => {
            "추측하기 쉬운 비밀번호입니다. 더 길게 쓰거나 단어를 추가해 주세요."
        }
        FieldErrorCode::UnknownField
        | FieldErrorCode::WrongType
        | FieldErrorCode::OutOfRange
        | FieldErrorCode::InvalidCursor
        | FieldErrorCode::Unknown => "이 항목을 수정해 주세요.",
    }
}

fn end_reason(reason: EndReason) -> &'static str {
    match reason {
        EndReason::SignedOut => "로그아웃했습니다.",
        EndReason::SignedOutElsewhere => "다른 기기나 브라우저에서 이 로그인을 종료했습니다.",
        EndReason::ReplayDetected => {
            "로그인 세션이 복제되어 사용된 것으로 보여 안전을 위해 로그아웃되었습니다. 로그인한 뒤 비밀번호를 변경해 주세요."
        }
        EndReason::PasswordChanged => "다른 기기나 브라우저에서 비밀번호를 변경하여 로그아웃되었습니다.",
        EndReason::PasswordReset => "비밀번호가 재설정되어 로그아웃되었습니다.",
        EndReason::TooManySessions => {
            "동시에 유지할 수 있는 로그인 수를 넘어 가장 오래 사용하지 않은 이 로그인이 종료되었습니다."
        }
        EndReason::Expired => "오랫동안 사용하지 않았거나 최대 유지 기간이 지나 로그아웃되었습니다.",
        EndReason::AccountDeleted => "계정이 삭제되었습니다.",
        EndReason::Admin => "관리자가 이 로그인을 종료했습니다.",
        EndReason::Unknown => "로그인이 종료되었습니다.",
    }
}

fn ended_label(reason: EndReason) -> &'static str {
    match reason {
        EndReason::SignedOut => "직접 로그아웃하여 종료됨",
        EndReason::SignedOutElsewhere => "다른 기기나 브라우저에서 종료됨",
        EndReason::ReplayDetected => "로그인 세션이 복제되어 사용된 것으로 보여 종료됨",
        EndReason::PasswordChanged => "비밀번호 변경으로 종료됨",
        EndReason::PasswordReset => "비밀번호 재설정으로 종료됨",
        EndReason::TooManySessions => "로그인 수 초과로 종료됨",
        EndReason::Expired => "오랫동안 사용하지 않았거나 최대 유지 기간이 지나 만료됨",
        EndReason::AccountDeleted => "계정 삭제로 종료됨",
        EndReason::Admin => "관리자에 의해 종료됨",
        EndReason::Unknown => "종료됨",
    }
}

fn activity(activity: Activity) -> &'static str {
    match activity {
        Activity::SignedIn => "이 탭에서 로그인함",
        Activity::Loaded => "페이지를 열 때 로컬 저장소에서 가져옴",
        Activity::Restored => "리프레시 쿠키로 복원함",
        Activity::Refreshed(RefreshCause::Scheduled) => "만료 전에 미리 갱신함",
        Activity::Refreshed(RefreshCause::Expired) => "만료된 뒤 사용할 때 갱신함",
        Activity::Refreshed(RefreshCause::Rejected) => "서버가 거부하여(401) 갱신함",
        Activity::Refreshed(RefreshCause::Retry) => "연결이 끊겼다가 갱신함",
        Activity::Refreshed(RefreshCause::OutOfOrder) => "응답 순서가 뒤바뀌어 한 번 더 갱신함",
        Activity::Refreshed(RefreshCause::Password) => "비밀번호를 변경하여 갱신함",
        Activity::Refreshed(RefreshCause::Start) => "페이지를 열 때 갱신함",
        Activity::SyncedFromTab => "다른 탭에서 이어받음",
        Activity::StaleIgnored => "이전 응답이 늦게 도착하여 기존 토큰을 유지함",
        Activity::Interrupted => "서버에 연결할 수 없어 토큰을 그대로 둠",
        Activity::Reconnected => "서버에 다시 연결함",
    }
}
