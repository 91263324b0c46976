//! Everything that the page says.

use crate::session::Activity;
use latchkey_shared::{EndReason, ErrorCode, FieldErrorCode};

/// Declares the texts: plain ones by name, and those that are made of something.
macro_rules! texts {
    ($($name:ident)*; $($(#[$doc:meta])* $made:ident: $kind:ty,)*) => {
        /// One language's texts.
        #[allow(missing_docs, reason = "the names are the keys of the texts, and the English file shows what they say")]
        pub struct Texts {
            $(pub $name: &'static str,)*
            $($(#[$doc])* pub $made: $kind,)*
        }

        #[cfg(test)]
        impl Texts {
            /// The plain texts, with their names.
            pub fn plain(&self) -> Vec<(&'static str, &'static str)> {
                vec![$((stringify!($name), self.$name),)*]
            }
        }
    };
}

texts! {
    // The language itself: "English", "한국어"
    native_name
    // The frame
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
    // The lost key
    confirm confirm_title key_lost
    // Home: what stands before and after a name in "Hello, Ada"
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

    /// A device in words, from the server's: "Chrome on Windows".
    device_name: fn(&str) -> String,
    /// What an account may do, in a word.
    role: fn(&str) -> String,
    /// How many devices are not named, below those that are.
    more_devices: fn(usize) -> String,
    /// The same, where there may be still more.
    at_least_more_devices: fn(usize) -> String,
    /// When a session ends that is not used any more, from that in words.
    ends_if_unused: fn(&str) -> String,
    /// When a session ends, from that in words: "Ends in 14 days".
    ends: fn(&str) -> String,
    /// A span of seconds.
    duration: fn(u64) -> String,
    /// The general line of a problem.
    problem: fn(ErrorCode) -> &'static str,
    /// No answer came.
    unreachable: &'static str,
    /// Something else than our server answered.
    invalid_response: &'static str,
    /// The server takes so long that tokens end on their way.
    too_slow: &'static str,
    /// Nobody is signed in any more.
    signed_out_failure: &'static str,
    /// How long to wait before the next try, in seconds.
    wait: fn(u64) -> String,
    /// Where to find a problem in the server's log.
    request_id: fn(&str) -> String,
    /// What is wrong with a field.
    field_error: fn(FieldErrorCode) -> &'static str,
    /// Why the session ended, as a sentence to the person.
    end_reason: fn(EndReason) -> &'static str,
    /// Why a session in the list ended, as a label.
    ended_label: fn(EndReason) -> &'static str,
    /// A line of the token's log.
    activity: fn(Activity) -> &'static str,
}
