//! Backup and restore of all keys in the data folder.

use super::parse;
use super::secrets_file::{KeyError, SecretsFile, StoredSecrets};
use crate::config::Config;
use latchkey_shared::Secret;

/// Returns the keys of the data folder as JSON, or `None` if it has none: configured keys need no folder.
pub fn export(config: &Config) -> Result<Option<Secret>, KeyError> {
    let file = SecretsFile::of(config);
    if !file.exists() {
        return Ok(None);
    }
    let stored = file.read()?;
    serde_json::to_string(&stored).map(|text| Some(text.into())).map_err(|_| file.damaged())
}

/// Takes the keys of the data folder out of use; they are kept as `secrets.json.replaced`, and the next start makes new
/// ones.
pub fn retire(config: &Config) -> Result<(), KeyError> {
    let file = SecretsFile::of(config);
    file.set_aside()?;
    file.remove()
}

/// Replaces the keys of the data folder with exported ones. The previous keys are kept in the same folder as
/// `secrets.json.replaced`, with a number if that name is taken.
pub fn import(config: &Config, keys: &Secret) -> Result<(), KeyError> {
    let file = SecretsFile::of(config);
    let read = || serde_json::from_str::<StoredSecrets>(keys.expose()).map_err(|_| file.damaged());
    // Unusable keys must not replace usable ones.
    parse::key_set(config, read)?;
    file.set_aside()?;
    file.replace(&read()?)
}
