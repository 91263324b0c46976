//! Temporary files that create or replace a target. Each is in a folder of its own next to the target, with an
//! unpredictable name, which only its owner can read or write.

use super::{Clock as _, DataDirLock, OsRandomness, Randomness, SystemClock};
use latchkey_shared::Timestamp;
use std::ffi::OsStr;
use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Prefix of the folder's name; 32 hexadecimal digits follow.
const PREFIX: &str = ".latchkey-";
/// Name of the temporary file; SQLite creates others next to it whose names begin with it.
const FILE_NAME: &str = "draft";
/// Age of a temporary file, one day, from which it counts as left behind by a killed program.
const ABANDONED_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// A temporary file, removed on drop unless it was moved to its target.
#[derive(Debug)]
pub struct TempFile {
    folder: PathBuf,
    file: PathBuf,
}

impl TempFile {
    /// Creates the folder next to `target`. Fails if the parent folder of `target` does not exist or is not writable.
    pub fn beside(target: &Path) -> io::Result<Self> {
        let place = parent_dir(target);
        remove_abandoned(&place, SystemClock.now());
        let random: &dyn Randomness = &OsRandomness;
        let name = format!("{PREFIX}{:032x}", u128::from_le_bytes(random.bytes()));
        let folder = place.join(name);
        DirBuilder::new().mode(0o700).create(&folder)?;
        Ok(Self { file: folder.join(FILE_NAME), folder })
    }

    /// Creates the file, empty; only its owner can read it (mode 0600). Fails if it exists.
    pub fn create(&self) -> io::Result<File> {
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&self.file)
    }

    /// Returns the path of the temporary file.
    pub fn path(&self) -> &Path {
        &self.file
    }

    /// Moves the file to `target`. Fails with `AlreadyExists` if anything has that name, even a dangling link.
    pub fn persist_new(self, target: &Path) -> io::Result<()> {
        match std::fs::hard_link(&self.file, target) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => rename_new(&self.file, target, error),
            linked => linked,
        }
    }

    /// Moves the file to `target` and replaces what is there, atomically.
    pub fn persist(self, target: &Path) -> io::Result<()> {
        std::fs::rename(&self.file, target)
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        // After success and failure alike, the folder is not needed any more.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Moves a file without replacing anything, for file systems without hard links.
#[cfg(target_os = "linux")]
fn rename_new(from: &Path, to: &Path, _: io::Error) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE)?)
}

#[cfg(not(target_os = "linux"))]
fn rename_new(_: &Path, _: &Path, error: io::Error) -> io::Result<()> {
    Err(error)
}

/// Removes temporary files that a killed program left behind, possibly with a whole backup in them. Those of other
/// users stay, and so do folders that have such a name but other contents.
fn remove_abandoned(place: &Path, now: Timestamp) {
    let Ok(entries) = std::fs::read_dir(place) else { return };
    let abandoned = entries.flatten().map(|entry| entry.path()).filter(|path| is_abandoned(path, now));
    for folder in abandoned {
        // Failing to remove one must not stop the caller.
        let _ = std::fs::remove_dir_all(folder);
    }
}

fn is_abandoned(folder: &Path, now: Timestamp) -> bool {
    let is_digit = |c: char| matches!(c, '0'..='9' | 'a'..='f');
    let name = folder.file_name().and_then(OsStr::to_str).and_then(|name| name.strip_prefix(PREFIX));
    let has_temp_name = name.is_some_and(|digits| digits.len() == 32 && digits.chars().all(is_digit));
    let is_ours = |metadata: &Metadata| metadata.uid() == rustix::process::geteuid().as_raw();
    let is_old = |metadata: &Metadata| {
        Timestamp::from_millis(metadata.mtime().saturating_mul(1000)) + ABANDONED_AFTER < now
    };
    has_temp_name
        && std::fs::symlink_metadata(folder).is_ok_and(|it| it.is_dir() && is_ours(&it) && is_old(&it))
        && std::fs::read_dir(folder).is_ok_and(|files| {
            files.flatten().all(|file| {
                let is_file = file.metadata().is_ok_and(|it| it.is_file() && is_old(&it));
                is_file && file.file_name().to_string_lossy().starts_with(FILE_NAME)
            })
        })
}

/// Creates a hard link `name` to a file, which stays when another file replaces the original. Fails with
/// `AlreadyExists` if anything has that name. Some file systems, such as those of memory sticks, have no hard links:
/// there it copies the file.
pub fn link_or_copy(file: &Path, name: &Path) -> io::Result<()> {
    match std::fs::hard_link(file, name) {
        Err(error) if !matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::NotFound) => {
            copy_new(file, name)
        }
        linked => linked,
    }
}

fn copy_new(file: &Path, name: &Path) -> io::Result<()> {
    let temp_file = TempFile::beside(name)?;
    let (mut from, mut to) = (File::open(file)?, temp_file.create()?);
    DataDirLock::inherit_owner(file, &to)?;
    io::copy(&mut from, &mut to)?;
    to.sync_all()?;
    temp_file.persist_new(name)
}

/// Returns the folder that contains a file.
pub fn parent_dir(file: &Path) -> PathBuf {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Returns an unused path next to `file`: with `.replaced` appended, and a number from the second on. A path for which
/// `taken` returns true counts as used.
pub fn replaced_path(file: &Path, taken: impl Fn(&Path) -> bool) -> PathBuf {
    let name = |number: u32| {
        let mut name = file.as_os_str().to_owned();
        name.push(if number == 1 { ".replaced".to_owned() } else { format!(".replaced.{number}") });
        PathBuf::from(name)
    };
    let is_free = |name: &PathBuf| !path_exists(name) && !taken(name);
    (1..u32::MAX).map(name).find(is_free).unwrap_or_else(|| name(u32::MAX))
}

/// Returns true if anything has this name, even a dangling link.
pub fn path_exists(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::time::SystemTime;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_draft_is_private_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("kept");
        let temp_file = TempFile::beside(&target).unwrap();
        temp_file.create().unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(temp_file.path()), mode(temp_file.path().parent().unwrap())), (0o600, 0o700));
        assert!(temp_file.create().is_err(), "it is made once");
        drop(temp_file);
        assert_eq!(names(folder.path()), Vec::<String>::new());
        let temp_file = TempFile::beside(&target).unwrap();
        std::fs::write(temp_file.path(), "whole").unwrap();
        temp_file.persist_new(&target).unwrap();
        assert_eq!(names(folder.path()), ["kept"]);
    }

    #[test]
    fn what_stands_there_is_never_written_over_or_through() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("file"), "precious").unwrap();
        std::fs::create_dir(at("folder")).unwrap();
        symlink(at("file"), at("link")).unwrap();
        symlink(at("nowhere"), at("dangling")).unwrap();
        for name in ["file", "folder", "link", "dangling"] {
            let temp_file = TempFile::beside(&at(name)).unwrap();
            std::fs::write(temp_file.path(), "new").unwrap();
            assert_eq!(
                temp_file.persist_new(&at(name)).unwrap_err().kind(),
                ErrorKind::AlreadyExists,
                "{name}"
            );
            #[cfg(target_os = "linux")]
            {
                let temp_file = TempFile::beside(&at(name)).unwrap();
                std::fs::write(temp_file.path(), "new").unwrap();
                let refused = io::Error::from(ErrorKind::Unsupported);
                let error = rename_new(temp_file.path(), &at(name), refused).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{name}");
            }
        }
        assert_eq!(std::fs::read(at("file")).unwrap(), b"precious");
        assert_eq!(names(folder.path()), ["dangling", "file", "folder", "link"]);
    }

    #[test]
    fn the_next_draft_removes_those_that_a_killed_program_has_left_and_nothing_else() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        let [old, new, foreign] = ["0", "1", "2"].map(|digit| format!("{PREFIX}{}", digit.repeat(32)));
        let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let leave = |folder: &str, file: &str, is_old: bool| {
            std::fs::create_dir(at(folder)).unwrap();
            std::fs::write(at(folder).join(file), "keys").unwrap();
            for path in [at(folder).join(file), at(folder)] {
                if is_old {
                    File::open(path).unwrap().set_modified(long_ago).unwrap();
                }
            }
        };
        leave(&old, "draft-journal", true);
        leave(&new, "draft", false);
        leave(&foreign, "precious", true);
        leave(".latchkey-notes", "draft", true);
        drop(TempFile::beside(&at("backup")).unwrap());
        assert_eq!(names(place.path()), [new, foreign, ".latchkey-notes".to_owned()]);
    }

    #[test]
    fn a_second_name_stays_when_another_file_takes_the_firsts_place_and_replaces_nothing() {
        for keep in [link_or_copy, copy_new] {
            let folder = tempfile::tempdir().unwrap();
            let (file, second) = (folder.path().join("file"), folder.path().join("second"));
            assert_eq!(keep(&file, &second).unwrap_err().kind(), ErrorKind::NotFound);
            std::fs::write(&file, "old").unwrap();
            std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
            keep(&file, &second).unwrap();
            let temp_file = TempFile::beside(&file).unwrap();
            std::fs::write(temp_file.path(), "new").unwrap();
            temp_file.persist(&file).unwrap();
            assert_eq!(keep(&file, &second).unwrap_err().kind(), ErrorKind::AlreadyExists);
            assert_eq!(std::fs::read(&second).unwrap(), b"old");
            assert_eq!(std::fs::metadata(&second).unwrap().permissions().mode() & 0o777, 0o600);
            assert_eq!(names(folder.path()), ["file", "second"]);
        }
    }

    #[test]
    fn each_name_aside_is_a_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("latchkey.db");
        let name = |path: PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
        for expected in ["latchkey.db.replaced", "latchkey.db.replaced.2", "latchkey.db.replaced.3"] {
            let next = replaced_path(&file, |_| false);
            assert_eq!(name(next.clone()), expected);
            symlink("nowhere", next).unwrap();
        }
        let wal = |path: &Path| path.ends_with("latchkey.db.replaced.4");
        assert_eq!(name(replaced_path(&file, wal)), "latchkey.db.replaced.5");
    }
}
