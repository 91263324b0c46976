//! Detection of changes to the API's source code.

use crate::failure::{Context, Outcome};
use crate::workspace::root;
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// Quiet time after which the code counts as changed: editors save in several steps, and a branch changes many files.
const DEBOUNCE: Duration = Duration::from_millis(200);

/// Watcher of the files from which the API is built.
pub struct SourceWatcher {
    changes: Receiver<()>,
    last: Option<Instant>,
    _watcher: RecommendedWatcher,
}

impl SourceWatcher {
    /// Starts watching.
    pub fn watch() -> Outcome<Self> {
        let (tell, changes) = channel();
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if event.is_ok_and(|event| matters(&event)) {
                // The receiver is gone when the command is about to end.
                let _ended = tell.send(());
            }
        })
        .context("watch the code")?;
        for folder in ["backend", "shared"] {
            watcher.watch(&root().join(folder), RecursiveMode::Recursive).context("watch the code")?;
        }
        // Watches the folder, not the files: editors replace a file rather than write to it.
        watcher.watch(&root(), RecursiveMode::NonRecursive).context("watch Cargo.toml")?;
        Ok(Self { changes, last: None, _watcher: watcher })
    }

    /// Returns `true` if the code has changed and the quiet time has passed.
    pub fn has_changed(&mut self) -> bool {
        if self.changes.try_iter().count() > 0 {
            self.last = Some(Instant::now());
        }
        self.last.take_if(|last| last.elapsed() > DEBOUNCE).is_some()
    }
}

fn matters(event: &Event) -> bool {
    let changed = !matches!(event.kind, EventKind::Access(_));
    changed && event.paths.iter().any(|path| is_code(&root(), path))
}

fn is_code(root: &Path, path: &Path) -> bool {
    let Ok(inside) = path.strip_prefix(root) else { return false };
    let name = inside.file_name().unwrap_or_default().to_string_lossy();
    // Temporary files of editors.
    if name.starts_with('.') || name.ends_with('~') {
        return false;
    }
    inside.starts_with("backend")
        || inside.starts_with("shared")
        || name == "Cargo.toml"
        || name == "Cargo.lock"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_api_is_built_from_counts() {
        let code = |path: &str| is_code(Path::new("/latchkey"), &Path::new("/latchkey").join(path));
        for path in ["backend/src/main.rs", "shared/Cargo.toml", "Cargo.toml", "Cargo.lock"] {
            assert!(code(path), "{path}");
        }
        for path in ["data", "dist", "index.html", "backend/src/.main.rs.swp", "backend/src/main.rs~"] {
            assert!(!code(path), "{path}");
        }
    }

    #[test]
    fn a_burst_of_changes_counts_once_it_is_over() {
        let mut code = SourceWatcher::watch().unwrap();
        code.last = Some(Instant::now());
        assert!(!code.has_changed());
        std::thread::sleep(DEBOUNCE * 2);
        // Other events in the folder can only delay the result.
        assert!(crate::interrupt::wait_until(Duration::from_secs(30), || Ok(code.has_changed())).unwrap());
    }
}
