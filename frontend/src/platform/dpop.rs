//! DPoP proofs with the browser's key, which `key.js` keeps: no script can export it, so it cannot be stolen from the
//! page.

use js_sys::{Array, Function, Promise, Reflect};
use latchkey_shared::Timestamp;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// Returns a proof for one request that this browser has its key (DPoP, RFC 9449 §4), issued at `at` by the server's
/// clock, with the server's nonce if it sent one. `None` if the browser has no key: without a secure context, in some
/// private windows, with storage blocked or out of order.
pub async fn prove(method: &str, path: &str, at: Timestamp, nonce: Option<&str>) -> Option<String> {
    let nonce = nonce.map_or(JsValue::UNDEFINED, JsValue::from_str);
    #[expect(clippy::cast_precision_loss, reason = "seconds stay below 2^53")]
    let seconds = JsValue::from_f64(at.as_millis().div_euclid(1000) as f64);
    let arguments = Array::of4(&method.into(), &path.into(), &seconds, &nonce);
    let prove: Function = Reflect::get(&js_sys::global(), &"latchkeyProve".into()).ok()?.dyn_into().ok()?;
    let proof: Promise = prove.apply(&JsValue::NULL, &arguments).ok()?.dyn_into().ok()?;
    JsFuture::from(proof).await.ok()?.as_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    fn answered_by(code: &str) {
        let function = Function::new_with_args("method, path, at, nonce", code);
        assert!(Reflect::set(&js_sys::global(), &"latchkeyProve".into(), &function).unwrap());
    }

    #[wasm_bindgen_test]
    async fn a_browser_that_can_keep_no_key_proves_nothing_and_fails_nothing() {
        let at = Timestamp::from_millis(5_999);
        assert_eq!(prove("POST", "/a", at, None).await, None);
        for code in ["return", "throw new Error()", "return Promise.reject()", "return Promise.resolve()"] {
            answered_by(code);
            assert_eq!(prove("POST", "/a", at, None).await, None, "{code}");
        }
        answered_by("return Promise.resolve([method, path, at, nonce].join())");
        assert_eq!(prove("POST", "/a", at, None).await.as_deref(), Some("POST,/a,5,"));
        assert_eq!(prove("POST", "/a", at, Some("n")).await.as_deref(), Some("POST,/a,5,n"));
    }
}
