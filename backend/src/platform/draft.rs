//! A file in the making. It lies in a folder of its own beside the place where it will stand: one whose name nobody can
//! have taken before, and into which nobody else can look or put anything.

use super::{Folder, OsRandomness, Randomness};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// A file in the making; it is removed unless it is put in its place.
#[derive(Debug)]
pub struct Draft {
    folder: PathBuf,
    file: PathBuf,
}

impl Draft {
    /// Makes the folder. Fails where there is none for `target`, or where nothing can be written there.
    pub fn beside(target: &Path) -> io::Result<Self> {
        let random: &dyn Randomness = &OsRandomness;
        let name = format!(".latchkey-{:032x}", u128::from_le_bytes(random.bytes()));
        let folder = folder_of(target).join(name);
        DirBuilder::new().mode(0o700).create(&folder)?;
        Ok(Self { file: folder.join("draft"), folder })
    }

    /// Makes the file, empty and for its owner's eyes alone.
    pub fn create(&self) -> io::Result<File> {
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&self.file)
    }

    /// Where the file lies meanwhile.
    pub fn path(&self) -> &Path {
        &self.file
    }

    /// Puts the file where nothing stands: fails with `AlreadyExists` where something does, be it a link to nowhere.
    pub fn put_new(self, target: &Path) -> io::Result<()> {
        match std::fs::hard_link(&self.file, target) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => rename_new(&self.file, target, error),
            linked => linked,
        }
    }

    /// Puts the file in the place of what stands there, as a whole or not at all.
    pub fn put(self, target: &Path) -> io::Result<()> {
        std::fs::rename(&self.file, target)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // Whatever came of it, what is left is not needed any more.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// For file systems that know no second name for a file.
#[cfg(target_os = "linux")]
fn rename_new(from: &Path, to: &Path, _: io::Error) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE)?)
}

#[cfg(not(target_os = "linux"))]
fn rename_new(_: &Path, _: &Path, error: io::Error) -> io::Result<()> {
    Err(error)
}

/// Gives a file a second name where nothing stands, one that stays when another file takes its place. Some file systems, such
/// as those of memory sticks, know no second name: there a copy gets it.
pub fn keep_second_name(file: &Path, name: &Path) -> io::Result<()> {
    match std::fs::hard_link(file, name) {
        Err(error) if !matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::NotFound) => {
            copy_new(file, name)
        }
        linked => linked,
    }
}

fn copy_new(file: &Path, name: &Path) -> io::Result<()> {
    let draft = Draft::beside(name)?;
    let (mut from, mut to) = (File::open(file)?, draft.create()?);
    Folder::hand_over(file, &to)?;
    io::copy(&mut from, &mut to)?;
    to.sync_all()?;
    draft.put_new(name)
}

/// The folder in which a file stands.
pub fn folder_of(file: &Path) -> PathBuf {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// A name beside `file` that nothing has yet: with `.replaced` at its end, and a number from the second on. `taken` says
/// what else has to be free.
pub fn aside(file: &Path, taken: impl Fn(&Path) -> bool) -> PathBuf {
    let name = |number: u32| {
        let mut name = file.as_os_str().to_owned();
        name.push(if number == 1 { ".replaced".to_owned() } else { format!(".replaced.{number}") });
        PathBuf::from(name)
    };
    let is_free = |name: &PathBuf| !is_there(name) && !taken(name);
    (1..u32::MAX).map(name).find(is_free).unwrap_or_else(|| name(u32::MAX))
}

/// Whether something has this name, be it a link to nowhere.
pub fn is_there(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

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
        let draft = Draft::beside(&target).unwrap();
        draft.create().unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(draft.path()), mode(draft.path().parent().unwrap())), (0o600, 0o700));
        assert!(draft.create().is_err(), "it is made once");
        drop(draft);
        assert_eq!(names(folder.path()), Vec::<String>::new());
        let draft = Draft::beside(&target).unwrap();
        std::fs::write(draft.path(), "whole").unwrap();
        draft.put_new(&target).unwrap();
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
            let draft = Draft::beside(&at(name)).unwrap();
            std::fs::write(draft.path(), "new").unwrap();
            assert_eq!(draft.put_new(&at(name)).unwrap_err().kind(), ErrorKind::AlreadyExists, "{name}");
            #[cfg(target_os = "linux")]
            {
                let draft = Draft::beside(&at(name)).unwrap();
                std::fs::write(draft.path(), "new").unwrap();
                let refused = io::Error::from(ErrorKind::Unsupported);
                let error = rename_new(draft.path(), &at(name), refused).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{name}");
            }
        }
        assert_eq!(std::fs::read(at("file")).unwrap(), b"precious");
        assert_eq!(names(folder.path()), ["dangling", "file", "folder", "link"]);
    }

    #[test]
    fn a_second_name_stays_when_another_file_takes_the_firsts_place_and_replaces_nothing() {
        for keep in [keep_second_name, copy_new] {
            let folder = tempfile::tempdir().unwrap();
            let (file, second) = (folder.path().join("file"), folder.path().join("second"));
            assert_eq!(keep(&file, &second).unwrap_err().kind(), ErrorKind::NotFound);
            std::fs::write(&file, "old").unwrap();
            std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
            keep(&file, &second).unwrap();
            let draft = Draft::beside(&file).unwrap();
            std::fs::write(draft.path(), "new").unwrap();
            draft.put(&file).unwrap();
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
            let next = aside(&file, |_| false);
            assert_eq!(name(next.clone()), expected);
            symlink("nowhere", next).unwrap();
        }
        let wal = |path: &Path| path.ends_with("latchkey.db.replaced.4");
        assert_eq!(name(aside(&file, wal)), "latchkey.db.replaced.5");
    }
}
