// Loads the page's WebAssembly, and replaces the outline with the page. It is a separate file because the content
// security policy allows no inline script.
const script = document.querySelector("script[data-wasm]");
const shell = document.getElementById("shell");

// Returns the page's first view. The layout shown until it is known who is signed in does not replace the outline.
const firstView = () => document.querySelector("#shell ~ .outside, #shell ~ .frame:not(.waiting)");

const fieldPairs = (view) =>
  [...shell.querySelectorAll("form input, select")]
    .map((from) => [from, view.querySelector(`[id="${from.id}"]`)])
    .filter(([, to]) => to);

// Copies what was typed or chosen since the last call to the page; returns whether there was anything.
const copyInput = (view) => {
  const changed = fieldPairs(view).filter(([from, to]) => from.value !== to.value || from.checked !== to.checked);
  for (const [from, to] of changed) {
    to.value = from.value;
    to.checked = from.checked;
    for (const name of ["input", "change"]) to.dispatchEvent(new Event(name, { bubbles: true }));
  }
  return changed.length > 0;
};

// Replaces the outline with the view between two paints, and restores the focus and the caret.
const replaceOutline = (view) => {
  const steps = [];
  for (const [from, to] of fieldPairs(view)) {
    if (from.parentElement.dataset.shown === "true") to.parentElement.querySelector(".reveal").click();
    if (from === document.activeElement) {
      const caret = [from.selectionStart, from.selectionEnd, from.selectionDirection];
      steps.push(() => to.focus({ preventScroll: true }), () => caret[0] == null || to.setSelectionRange(...caret));
    }
  }
  const heldField = shell.querySelector("form[data-held] input");
  if (heldField) steps.push(() => document.getElementById(heldField.id)?.form.querySelector("[type=submit]").click());
  shell.remove();
  for (const step of steps) step();
};

// Replacing the outline would break off an IME composition, such as Korean, so it waits for the end of the composition.
let composing = false;
shell.addEventListener("compositionstart", () => (composing = true));
shell.addEventListener("compositionend", () => {
  composing = false;
  setTimeout(replaceWhenSettled);
});

// The page is hidden as long as the outline exists. Copied input moves its carets, so it gets a moment to settle.
const replaceWhenSettled = () => {
  const view = firstView();
  if (!view || composing) return;
  if (copyInput(view)) setTimeout(replaceWhenSettled);
  else replaceOutline(view);
};
const viewObserver = new MutationObserver(() => {
  if (!firstView()) return;
  viewObserver.disconnect();
  replaceWhenSettled();
});
viewObserver.observe(document.body, { childList: true, subtree: true });

// Opens and closes the account menu in browsers without popovers.
if (!("popover" in HTMLElement.prototype)) {
  document.documentElement.dataset.popovers = "none";
  const forEach = (act) => {
    for (const opener of document.querySelectorAll("[data-menu]")) act(opener, document.getElementById(opener.dataset.menu));
  };
  const show = (opener, menu, open) => {
    menu.classList.toggle("open", open);
    opener.setAttribute("aria-expanded", open);
  };
  addEventListener("click", (event) => {
    const within = event.composedPath();
    forEach((opener, menu) => {
      if (within.includes(opener)) show(opener, menu, !menu.classList.contains("open"));
      else if (!within.includes(menu)) show(opener, menu, false);
    });
  });
  addEventListener("keydown", ({ key }) => {
    if (key !== "Escape") return;
    forEach((opener, menu) => {
      if (menu.contains(document.activeElement)) opener.focus();
      show(opener, menu, false);
    });
  });
}

const start = async () => {
  if (!window.WebAssembly?.instantiate) throw Object.assign(new Error("WebAssembly is switched off."), { trouble: "blocked" });
  // A session bound to the browser's key cannot continue without it, so the page starts once `key.js` is loaded.
  const [page] = await Promise.all([import(new URL(script.dataset.js, location.href).href), import("./key.js")]);
  await page.default({ module_or_path: script.dataset.wasm });
  dispatchEvent(new CustomEvent("TrunkApplicationStarted"));
};
start().catch((error) => {
  console.error("The page could not be started.", error);
  dispatchEvent(new CustomEvent("latchkey:failed", { detail: error.trouble }));
});
