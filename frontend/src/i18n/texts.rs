//! The texts of the page, by key.

use crate::session::Activity;
use latchkey_shared::{EndReason, ErrorCode, FieldErrorCode};

/// Declares the texts: plain ones by name, all others by name and type.
macro_rules! texts {
    ($($name:ident)*; $($(#[$doc:meta])* $made:ident: $kind:ty,)*) => {
        /// The texts of one language.
        #[allow(missing_docs, reason = "the names are the keys of the texts, and the English file shows what they say")]
        pub struct Texts {
            $(pub $name: &'static str,)*
            $($(#[$doc])* pub $made: $kind,)*
        }

        #[cfg(test)]
        impl Texts {
            /// Returns the plain texts with their names.
            pub fn plain(&self) -> Vec<(&'static str, &'static str)> {
                vec![$((stringify!($name), self.$name),)*]
            }
        }
    };
}

texts! {
    // The language itself: "English", "한국어"
    native_name
    // Layout
    skip_to_content account_navigation account_menu language theme theme_system theme_light theme_dark loading
    interrupted restoring_interrupted try_now try_again
    home profile security sessions token
    // Forms
    email password wrong_password display_name show_password hide_password save saved cancel dismiss
    // Signing in and up
    sign_in sign_in_lead sign_out keep_signed_in keep_signed_in_hint no_account create_account
    sign_up_title sign_up_lead have_account password_hint email_taken_link
    // The ended session
    sign_in_again sign_in_again_lead sign_in_as_other
    // The lost DPoP key
    confirm confirm_title key_lost
    // Home: `hello_before` and `hello_after` enclose the name in "Hello, Ada"
    hello_before hello_after
    home_lead your_account this_session member_since roles device address signed_in_at last_used session_ends
    suggestions suggestion_sessions suggestion_password suggestion_export
    // Profile
    profile_lead name_hint language_hint
    // Security
    security_lead change_password change_password_lead current_password new_password password_changed
    export_title export_lead export_saved export_failed
    delete_title delete_lead delete_ask delete_loss_account delete_loss_sessions delete_loss_final
    delete_password_hint
    // Sessions
    sessions_lead this_one end sign_out_others sign_out_others_lead sign_out_others_ask no_others show_more ended_title no_ended replay_advice
    signed_out_there signed_out_others
    // Token
    token_lead token_lapsed ends_in copy copied copy_failed header_title claims_title raw_title raw_hint log_title log_lead
    refreshes_itself name_column value_column meaning_column
    claim_alg claim_typ claim_kid claim_iss claim_aud claim_sub claim_sid claim_gen claim_roles claim_auth_time
    claim_iat claim_exp claim_jti token_unreadable
    // Not found
    not_found not_found_lead to_home;

    /// The name of a device, from the server's: "Chrome on Windows".
    device_name: fn(&str) -> String,
    /// The name of a role.
    role: fn(&str) -> String,
    /// The number of devices that a list does not name.
    more_devices: fn(usize) -> String,
    /// The same as a lower bound, while not all sessions are loaded.
    at_least_more_devices: fn(usize) -> String,
    /// The time at which a session ends if it is not used, from that time as text.
    ends_if_unused: fn(&str) -> String,
    /// The time at which a session ends, from that time as text: "Ends in 14 days".
    ends: fn(&str) -> String,
    /// A duration, from seconds.
    duration: fn(u64) -> String,
    /// The message for an error code.
    problem: fn(ErrorCode) -> &'static str,
    /// The server did not respond.
    unreachable: &'static str,
    /// The response did not come from our server.
    invalid_response: &'static str,
    /// The server responds so slowly that tokens expire in transit.
    too_slow: &'static str,
    /// The person is no longer signed in.
    signed_out_failure: &'static str,
    /// The wait before the next attempt, from seconds.
    wait: fn(u64) -> String,
    /// The request's id in the server's log.
    request_id: fn(&str) -> String,
    /// The message for a field error.
    field_error: fn(FieldErrorCode) -> &'static str,
    /// The reason for which the session ended, as a sentence to the person.
    end_reason: fn(EndReason) -> &'static str,
    /// The reason for which a session in the list ended, as a label.
    ended_label: fn(EndReason) -> &'static str,
    /// An entry of the token log.
    activity: fn(Activity) -> &'static str,
}
