//! Local storage. It may be blocked, full, or edited by hand; none of these cases is an error for the caller.

use super::json;
use gloo_storage::{LocalStorage, Storage};
use serde::{Serialize, de::DeserializeOwned};

/// Reason why there is no value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Missing {
    /// Nothing is stored under this key.
    Absent,
    /// Storage cannot be used at all.
    Blocked,
    /// The stored value cannot be deserialized.
    Unreadable,
}

/// Returns the value stored under `key`.
pub fn read<T: DeserializeOwned>(key: &str) -> Result<T, Missing> {
    if !available() {
        return Err(Missing::Blocked);
    }
    match LocalStorage::raw().get_item(key) {
        Ok(Some(text)) => json::read(&text).ok_or(Missing::Unreadable),
        Ok(None) => Err(Missing::Absent),
        Err(_) => Err(Missing::Blocked),
    }
}

/// Stores a value under `key`; returns whether that succeeded. After a failure nothing is stored: an old value would
/// mislead.
pub fn write<T: Serialize>(key: &str, value: &T) -> bool {
    if !available() {
        return false;
    }
    let stored = LocalStorage::set(key, value).is_ok();
    if !stored {
        LocalStorage::delete(key);
    }
    stored
}

/// Removes the value under `key`.
pub fn remove(key: &str) {
    if available() {
        LocalStorage::delete(key);
    }
}

/// Returns whether storage can be used. `gloo-storage` throws if the browser blocks storage, so this is checked first.
fn available() -> bool {
    web_sys::window().is_some_and(|window| matches!(window.local_storage(), Ok(Some(_))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn values_read_back_and_rubbish_does_not() {
        assert_eq!(read::<String>("test.absent"), Err(Missing::Absent));
        assert!(write("test.text", &"하늘 🔑"));
        assert_eq!(read::<String>("test.text").as_deref(), Ok("하늘 🔑"));
        LocalStorage::raw().set_item("test.text", "{rubbish").unwrap();
        assert_eq!(read::<String>("test.text"), Err(Missing::Unreadable));
    }

    #[wasm_bindgen_test]
    fn a_full_storage_keeps_no_old_value() {
        assert!(write("test.full", &1));
        assert!(!write("test.full", &"x".repeat(20_000_000)));
        assert_eq!(read::<u8>("test.full"), Err(Missing::Absent));
    }
}
