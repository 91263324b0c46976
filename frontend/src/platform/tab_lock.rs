//! Lock among the tabs of this browser: by the Web Locks API if available, otherwise by an entry in local storage. It
//! is best effort: nothing may rely on mutual exclusion.

use super::clock::{now, random, wait};
use super::storage;
use futures::channel::oneshot;
use futures::future::select;
use js_sys::{Function, Object, Promise, Reflect};
use latchkey_shared::Timestamp;
use std::time::Duration;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::AbortSignal;

/// Acquired lock, released when dropped.
pub enum TabLock {
    /// Lock of the Web Locks API.
    WebLock {
        /// Releases the lock when dropped.
        _over: oneshot::Sender<()>,
    },
    /// Lock by an entry in local storage.
    Storage {
        /// Removes the entry when dropped.
        _lock: StorageLock,
    },
}

/// Waits until no other tab has the lock `name`, but no longer than the timeout: a suspended tab that has the lock must
/// not stop the others.
pub async fn acquire(name: &str, timeout_ms: u32) -> TabLock {
    match locks() {
        Some(locks) => by_web_lock(&locks, name, timeout_ms).await,
        None => {
            let timeout = Duration::from_millis(timeout_ms.into());
            TabLock::Storage { _lock: by_storage_lock(format!("{name}.turn"), timeout).await }
        }
    }
}

async fn by_web_lock(locks: &JsValue, name: &str, timeout_ms: u32) -> TabLock {
    let (begin, begun) = oneshot::channel();
    let (over, until) = oneshot::channel::<()>();
    let hold = Closure::once_into_js(move |_lock: JsValue| -> Promise {
        // A caller that gave up waiting has dropped the other end of both channels.
        let _ = begin.send(());
        future_to_promise(async move {
            let _ = until.await;
            Ok(JsValue::UNDEFINED)
        })
    });
    if let Some(refusal) = request(locks, name, timeout_ms, &hold) {
        select(begun, JsFuture::from(refusal)).await;
    }
    TabLock::WebLock { _over: over }
}

/// Returns the browser's `LockManager`. It exists only in a secure context, and is unstable in web-sys.
fn locks() -> Option<JsValue> {
    let navigator = web_sys::window()?.navigator();
    Reflect::get(&navigator, &"locks".into()).ok().filter(JsValue::is_object)
}

/// Requests the lock; the promise is rejected after the timeout.
fn request(locks: &JsValue, name: &str, timeout_ms: u32, hold: &JsValue) -> Option<Promise> {
    let request: Function = Reflect::get(locks, &"request".into()).ok()?.dyn_into().ok()?;
    let options = Object::new();
    let timeout = AbortSignal::timeout_with_u32(timeout_ms);
    Reflect::set(&options, &"signal".into(), &timeout).ok()?;
    request.call3(locks, &name.into(), &options, hold).ok()?.dyn_into().ok()
}

/// Time after which a tab checks that its entry is still stored: if several tabs write at once, the last one gets the
/// lock. The delay is too short to notice.
const SETTLE_TIME: Duration = Duration::from_millis(30);

/// Entry in local storage that shows other tabs who has the lock, and its latest expiry.
pub struct StorageLock {
    key: String,
    text: (u32, Timestamp),
}

/// Stores the entry once no other tab has the lock. Without storage, or after the timeout, this tab proceeds without
/// the lock.
async fn by_storage_lock(key: String, timeout: Duration) -> StorageLock {
    let (me, enough) = (random_tab_id(), now() + timeout);
    loop {
        let text = (me, now() + timeout);
        if holder(&key, timeout).is_some() {
            wait(SETTLE_TIME.mul_f64(1.0 + 2.0 * random())).await;
        } else if storage::write(&key, &text) {
            wait(SETTLE_TIME).await;
            if holder(&key, timeout) == Some(me) {
                return StorageLock { key, text };
            }
        } else {
            return StorageLock { key, text };
        }
        if now() >= enough {
            return StorageLock { key, text };
        }
    }
}

/// Returns a number that is almost certainly unique among the tabs.
fn random_tab_id() -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a number from 0 to 1, stretched to all that fit"
    )]
    let number = (random() * f64::from(u32::MAX)) as u32;
    number
}

/// Returns the id of the tab that has the lock. An entry that claims to last longer than the timeout is ignored.
fn holder(key: &str, timeout: Duration) -> Option<u32> {
    let (who, until) = storage::read::<(u32, Timestamp)>(key).ok()?;
    (now() < until && until <= now() + timeout).then_some(who)
}

impl Drop for StorageLock {
    fn drop(&mut self) {
        // Another tab may have proceeded after its timeout and stored its own entry.
        if storage::read(&self.key) == Ok(self.text) {
            storage::remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{cell::RefCell, rc::Rc};
    use wasm_bindgen_futures::spawn_local;
    use wasm_bindgen_test::wasm_bindgen_test;

    const LONG: u32 = 10_000;

    #[wasm_bindgen_test]
    async fn turns_under_one_name_follow_one_another() {
        let log = Rc::new(RefCell::new(vec![]));
        let first = acquire("test.turns", LONG).await;
        let notes = log.clone();
        let (done, second) = oneshot::channel();
        spawn_local(async move {
            let _tab_lock = acquire("test.turns", LONG).await;
            notes.borrow_mut().push("second");
            let _ = done.send(());
        });
        drop(acquire("test.other", LONG).await);
        log.borrow_mut().push("first");
        drop(first);
        second.await.unwrap();
        assert_eq!(*log.borrow(), ["first", "second"]);
    }

    #[wasm_bindgen_test]
    async fn patience_ends() {
        let _first = acquire("test.patience", LONG).await;
        drop(acquire("test.patience", 20).await);
    }

    const TIMEOUT: Duration = Duration::from_secs(10);

    #[wasm_bindgen_test]
    async fn of_tabs_that_leave_notes_at_once_one_after_the_other_has_its_turn() {
        let at_work = Rc::new(RefCell::new((0, 0)));
        let tabs = (0..5).map(|_| async {
            let lock = by_storage_lock("test.notes".into(), TIMEOUT).await;
            at_work.borrow_mut().0 += 1;
            let most = at_work.borrow().1.max(at_work.borrow().0);
            at_work.borrow_mut().1 = most;
            wait(Duration::from_millis(30)).await;
            at_work.borrow_mut().0 -= 1;
            drop(lock);
        });
        futures::future::join_all(tabs).await;
        assert_eq!(*at_work.borrow(), (0, 1));
        assert_eq!(holder("test.notes", TIMEOUT), None);
    }

    #[wasm_bindgen_test]
    async fn no_note_stops_anybody_for_longer_than_the_patience() {
        let timeout = Duration::from_millis(60);
        let _asleep = by_storage_lock("test.asleep".into(), timeout).await;
        drop(by_storage_lock("test.asleep".into(), timeout).await);
        for (edited, until) in [(5, now() + Duration::from_secs(9_999)), (5, Timestamp::default())] {
            assert!(storage::write("test.edited", &(edited, until)));
            assert_eq!(holder("test.edited", TIMEOUT), None);
        }
    }
}
