//! English.

use super::{Texts, two_largest_units};
use crate::session::{Activity, RefreshCause};
use latchkey_shared::{EndReason, ErrorCode, FieldErrorCode};

pub static TEXTS: Texts = Texts {
    native_name: "English",

    skip_to_content: "Skip to content",
    account_navigation: "Account",
    account_menu: "Account menu",
    language: "Language",
    theme: "Theme",
    theme_system: "System",
    theme_light: "Light",
    theme_dark: "Dark",
    loading: "Loading…",
    interrupted: "The server cannot be reached. You stay signed in; trying again.",
    restoring_interrupted: "The server cannot be reached. Trying again.",
    try_now: "Try now",
    try_again: "Try again",
    home: "Home",
    profile: "Profile",
    security: "Security",
    sessions: "Sessions",
    token: "Token",

    email: "Email",
    password: "Password",
    wrong_password: "This password is wrong.",
    display_name: "Display name",
    show_password: "Show password",
    hide_password: "Hide password",
    save: "Save",
    saved: "Saved.",
    cancel: "Cancel",
    dismiss: "Dismiss",

    sign_in: "Sign in",
    sign_in_lead: "Welcome back.",
    sign_out: "Sign out",
    keep_signed_in: "Keep me signed in",
    keep_signed_in_hint: "Leave this off on a device that others use.",
    no_account: "No account yet?",
    create_account: "Create account",
    sign_up_title: "Create your account",
    sign_up_lead: "It takes a minute, and you can delete your account at any time.",
    have_account: "Already have an account?",
    password_hint: "At least 8 characters. A few words in a row are easy to keep in mind and hard to guess.",
    email_taken_link: "Sign in with this address",

    sign_in_again: "Sign in again",
    sign_in_again_lead: "The page stays as it is: what you typed is still there.",
    sign_in_as_other: "Sign in as someone else",

    confirm: "Continue",
    confirm_title: "Confirm it’s you",
    key_lost: "You are still signed in, but this browser no longer has the key that protects your session. This happens when its site data is cleared. Enter your password to go on.",

    hello_before: "Hello, ",
    hello_after: "",
    home_lead: "Your account, and the session that you are using.",
    your_account: "Your account",
    this_session: "This session",
    member_since: "Member since",
    roles: "Roles",
    device: "Device",
    address: "IP address",
    signed_in_at: "Signed in",
    last_used: "Last used",
    session_ends: "Ends",
    suggestions: "Worth a look",
    suggestion_sessions: "Check where you are signed in",
    suggestion_password: "Change your password",
    suggestion_export: "Take your data with you",

    profile_lead: "What others call you, and the language you read.",
    name_hint: "Up to 80 characters, in any script.",
    language_hint: "Applies to every device you sign in on.",

    security_lead: "Your password, your data, and the end of your account.",
    change_password: "Change password",
    change_password_lead: "You stay signed in here. Every other session ends.",
    current_password: "Current password",
    new_password: "New password",
    password_changed: "Your password is changed. Every other session has ended.",
    export_title: "Export my data",
    export_lead: "All that this server knows of you, as a JSON file.",
    export_saved: "The file is in your downloads.",
    export_failed: "Your browser refused to save the file.",
    delete_title: "Delete my account",
    delete_lead: "Removes your account and everything in it. You cannot undo this.",
    delete_ask: "Delete your account?",
    delete_loss_account: "Your account, with your name and address",
    delete_loss_sessions: "Every session, on every device, at once",
    delete_loss_final: "Only a backup of this server could bring them back",
    delete_password_hint: "Enter your password to confirm.",

    sessions_lead: "Every browser and client that is signed in to your account.",
    this_one: "This session",
    end: "End",
    sign_out_others: "Sign out everywhere else",
    sign_out_others_lead: "Ends every session but this one, at once.",
    sign_out_others_ask: "Sign out on these devices?",
    no_others: "You are signed in nowhere else.",
    show_more: "Show more",
    ended_title: "Ended in the last 30 days",
    no_ended: "Sessions that end will be listed here for 30 days, with the reason.",
    replay_advice: "Somebody else may have had your session. Change your password.",
    signed_out_there: "The session has ended.",
    signed_out_others: "You are signed out everywhere else.",

    token_lead: "This short-lived token goes with every call that the page makes in your name. Nobody has to ask the database to check it.",
    token_lapsed: "Lapsed. The next thing you do replaces it.",
    ends_in: "Ends in",
    copy: "Copy",
    copied: "The token is copied.",
    copy_failed: "Your browser did not allow copying. Select the text instead.",
    header_title: "Header",
    claims_title: "Claims",
    raw_title: "The token itself",
    raw_hint: "Whoever has it can act as you until it ends. Do not pass it on.",
    log_title: "What the page did with it",
    log_lead: "The last 20 steps in this tab, newest first. Nothing of this is stored.",
    refreshes_itself: "While you use this tab, the page replaces it before it ends.",
    name_column: "Name",
    value_column: "Value",
    meaning_column: "Meaning",
    claim_alg: "How it is signed",
    claim_typ: "What kind of token it is",
    claim_kid: "Which key signed it; the public half is at /.well-known/jwks.json",
    claim_iss: "Who issued it",
    claim_aud: "Whom it is for",
    claim_sub: "Whose it is: the id of your account",
    claim_sid: "Which session it belongs to",
    claim_gen: "How often this session has rotated its refresh token",
    claim_roles: "What your account may do",
    claim_auth_time: "When you last entered your password",
    claim_iat: "When it was issued",
    claim_exp: "When it ends",
    claim_jti: "The id of the token itself",
    token_unreadable: "The token cannot be read.",

    not_found: "Page not found",
    not_found_lead: "There is nothing at this address. It may have been mistyped.",
    to_home: "Home",

    device_name: str::to_owned,
    role,
    more_devices: |count| format!("and {count} more"),
    at_least_more_devices: |count| format!("and at least {count} more"),
    ends_if_unused: |when| format!("{when} – if you do not use it before then"),
    ends: |when| format!("Ends {when}"),
    duration,
    problem,
    unreachable: "The server cannot be reached. Check your connection, then try again.",
    invalid_response: "The server's answer could not be read. Try again in a moment.",
    too_slow: "The server is taking too long to answer. Wait a moment, then try again.",
    signed_out_failure: "You are signed out.",
    wait: |seconds| format!("Try again in {}.", duration(seconds)),
    request_id: |id| format!("Request {id}"),
    field_error,
    end_reason,
    ended_label,
    activity,
};

fn role(name: &str) -> String {
    match name {
        "user" => "User",
        "auditor" => "Auditor",
        "admin" => "Administrator",
        other => other,
    }
    .to_owned()
}

fn duration(seconds: u64) -> String {
    two_largest_units(seconds, [" d", " h", " min", " s"])
}

fn problem(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::CredentialsRejected => "The address or the password is wrong.",
        ErrorCode::EmailTaken => "An account with this address exists already.",
        ErrorCode::ValidationFailed => "Some fields have to change.",
        ErrorCode::TooManyRequests => "Too many tries.",
        ErrorCode::Overloaded => "The server is busy.",
        ErrorCode::Forbidden => "You may not do this.",
        ErrorCode::WrongOrigin => "Sign-in does not work at this address. Open:",
        ErrorCode::NotFound => "This no longer exists.",
        ErrorCode::SessionEnded | ErrorCode::ReplayDetected => "Your session has ended.",
        ErrorCode::TokenMissing | ErrorCode::TokenExpired | ErrorCode::TokenInvalid => {
            "Your sign-in could not be confirmed. Try again."
        }
        ErrorCode::PayloadTooLarge => "That is more than the server takes.",
        ErrorCode::MalformedJson | ErrorCode::UnsupportedMediaType | ErrorCode::MethodNotAllowed => {
            "The server did not understand this page. Reload it; it may have been updated."
        }
        ErrorCode::Internal | ErrorCode::Unknown => {
            "Something went wrong on the server. Try again in a moment."
        }
    }
}

fn field_error(code: FieldErrorCode) -> &'static str {
    match code {
        FieldErrorCode::Required => "Fill this in.",
        FieldErrorCode::TooShort => "Use at least 8 characters.",
        FieldErrorCode::TooLong => "Make this shorter.",
        FieldErrorCode::ControlCharacters => "Remove the invisible characters.",
        FieldErrorCode::NothingVisible => "Use at least one character that can be seen.",
        FieldErrorCode::TooManyMarks => "There are too many marks on one letter. Use fewer.",
        FieldErrorCode::InvalidEmail => "Enter an address such as name@example.org.",
        FieldErrorCode::UnsupportedLocale => "Choose one of the languages in the list.",
        FieldErrorCode::PasswordCommon => {
            "Choose another password: this one is among those that are tried first."
        }
        FieldErrorCode::PasswordPersonal => "Choose a password that is not made of your name or address.",
        FieldErrorCode::PasswordPattern => {
            "Choose a password that is not a repetition, a sequence, a date or a row of keys (such as qwerty)."
        }
        FieldErrorCode::PasswordGuessable => {
            "Make it longer or add some words: this password is easy to guess."
        }
        FieldErrorCode::UnknownField
        | FieldErrorCode::WrongType
        | FieldErrorCode::OutOfRange
        | FieldErrorCode::InvalidCursor
        | FieldErrorCode::Unknown => "Change this.",
    }
}

fn end_reason(reason: EndReason) -> &'static str {
    match reason {
        EndReason::SignedOut => "You signed out.",
        EndReason::SignedOutElsewhere => "You ended this session from another device or browser.",
        EndReason::ReplayDetected => {
            "Your session was ended for safety: it looks as if a copy of it was used. Sign in and change your password."
        }
        EndReason::PasswordChanged => {
            "Your password was changed on another device or in another browser, which ended this session."
        }
        EndReason::PasswordReset => "Your password was set anew, which ended this session.",
        EndReason::TooManySessions => {
            "This session has ended: you had too many, and it had gone unused the longest."
        }
        EndReason::Expired => {
            "Your session has ended because it was not used for long, or had reached its longest age."
        }
        EndReason::AccountDeleted => "Your account is deleted.",
        EndReason::Admin => "An administrator ended your session.",
        EndReason::Unknown => "Your session has ended.",
    }
}

fn ended_label(reason: EndReason) -> &'static str {
    match reason {
        EndReason::SignedOut => "Signed out there",
        EndReason::SignedOutElsewhere => "Ended from another session",
        EndReason::ReplayDetected => "Ended for safety: a copy may have been used",
        EndReason::PasswordChanged => "Password changed",
        EndReason::PasswordReset => "Password reset",
        EndReason::TooManySessions => "Too many sessions",
        EndReason::Expired => "Not used for long, or at its longest age",
        EndReason::AccountDeleted => "Account deleted",
        EndReason::Admin => "Ended by an administrator",
        EndReason::Unknown => "Ended",
    }
}

fn activity(activity: Activity) -> &'static str {
    match activity {
        Activity::SignedIn => "You signed in in this tab",
        Activity::Loaded => "Taken from local storage when the page started",
        Activity::Restored => "Restored by the refresh cookie",
        Activity::Refreshed(RefreshCause::Scheduled) => "Refreshed ahead of time",
        Activity::Refreshed(RefreshCause::Expired) => "Refreshed on use, after it had lapsed",
        Activity::Refreshed(RefreshCause::Rejected) => "Refreshed after the server refused it (401)",
        Activity::Refreshed(RefreshCause::Retry) => "Refreshed after an interruption",
        Activity::Refreshed(RefreshCause::OutOfOrder) => {
            "Refreshed once more, after answers had overtaken one another"
        }
        Activity::Refreshed(RefreshCause::Password) => "Replaced when you changed the password",
        Activity::Refreshed(RefreshCause::Start) => "Refreshed when the page started",
        Activity::SyncedFromTab => "Taken over from another tab",
        Activity::StaleIgnored => "Kept, because an older answer came late",
        Activity::Interrupted => "Server out of reach; token kept",
        Activity::Reconnected => "Server in reach again",
    }
}
