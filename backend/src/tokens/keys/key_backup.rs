//! The data folder's keys as a whole, for a backup.

use super::parse;
use super::secrets_file::{KeyError, SecretsFile, StoredSecrets};
use crate::config::Config;
use latchkey_shared::Secret;

/// The keys that the data folder holds, if it holds any: configured ones need no folder.
pub fn export(config: &Config) -> Result<Option<Secret>, KeyError> {
    let file = SecretsFile::of(config);
    if !file.exists() {
        return Ok(None);
    }
    let stored = file.read()?;
    serde_json::to_string(&stored).map(|text| Some(text.into())).map_err(|_| file.damaged())
}

/// Takes the data folder's keys out of use; they are kept as `secrets.json.replaced`, and the next start makes new ones.
pub fn retire(config: &Config) -> Result<(), KeyError> {
    let file = SecretsFile::of(config);
    file.set_aside()?;
    file.remove()
}

/// Puts exported keys into the data folder, in the place of those that are there, which are kept beside them as
/// `secrets.json.replaced`, with a number where that is taken.
pub fn import(config: &Config, keys: &Secret) -> Result<(), KeyError> {
    let file = SecretsFile::of(config);
    let read = || serde_json::from_str::<StoredSecrets>(keys.expose()).map_err(|_| file.damaged());
    // Keys that could not be used must not replace any that can.
    parse::key_set(config, read)?;
    file.set_aside()?;
    file.replace(&read()?)
}
