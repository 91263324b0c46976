//! Taking turns among the tabs of this browser, where it can arrange that (Web Locks).

use futures::channel::oneshot;
use futures::future::select;
use js_sys::{Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::AbortSignal;

/// A turn. It is over when this goes out of scope.
pub struct Turn {
    _over: oneshot::Sender<()>,
}

/// Waits until no other tab has its turn under this name, but not longer than the patience lasts: a tab that sleeps in
/// its turn must not stop the others. Without locks everybody goes ahead at once. Nothing may rely on being alone.
pub async fn take(name: &str, patience_ms: u32) -> Turn {
    let (begin, begun) = oneshot::channel();
    let (over, until) = oneshot::channel::<()>();
    let hold = Closure::once_into_js(move |_lock: JsValue| -> Promise {
        // Whoever gave up waiting has dropped the other end of both.
        let _ = begin.send(());
        future_to_promise(async move {
            let _ = until.await;
            Ok(JsValue::UNDEFINED)
        })
    });
    if let Some(refusal) = request(name, patience_ms, &hold) {
        select(begun, JsFuture::from(refusal)).await;
    }
    Turn { _over: over }
}

/// Asks for the lock; the promise fails when that takes too long.
fn request(name: &str, patience_ms: u32, hold: &JsValue) -> Option<Promise> {
    let navigator = web_sys::window()?.navigator();
    // Only a secure context has locks, and web-sys counts them as unstable.
    let locks = Reflect::get(&navigator, &"locks".into()).ok()?;
    let request: Function = Reflect::get(&locks, &"request".into()).ok()?.dyn_into().ok()?;
    let options = Object::new();
    let patience = AbortSignal::timeout_with_u32(patience_ms);
    Reflect::set(&options, &"signal".into(), &patience).ok()?;
    request.call3(&locks, &name.into(), &options, hold).ok()?.dyn_into().ok()
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
        let first = take("test.turns", LONG).await;
        let notes = log.clone();
        let (done, second) = oneshot::channel();
        spawn_local(async move {
            let _turn = take("test.turns", LONG).await;
            notes.borrow_mut().push("second");
            let _ = done.send(());
        });
        drop(take("test.other", LONG).await);
        log.borrow_mut().push("first");
        drop(first);
        second.await.unwrap();
        assert_eq!(*log.borrow(), ["first", "second"]);
    }

    #[wasm_bindgen_test]
    async fn patience_ends() {
        let _first = take("test.patience", LONG).await;
        drop(take("test.patience", 20).await);
    }
}
