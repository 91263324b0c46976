// Loads the page's WebAssembly, and lets the page take the place of its outline. It is a file of its own because the
// content security policy allows no inline script.
const script = document.querySelector("script[data-wasm]");
const shell = document.getElementById("shell");

// The page's first view; what it shows while it does not know yet who is signed in leaves the outline where it is.
const firstView = () => document.querySelector("#shell ~ .outside, #shell ~ .frame:not(.waiting)");

const fieldPairs = (view) =>
  [...shell.querySelectorAll("form input, select")]
    .map((from) => [from, view.querySelector(`[id="${from.id}"]`)])
    .filter(([, to]) => to);

// Gives the page what was typed or chosen since the last time; whether there was anything.
const copyInput = (view) => {
  const changed = fieldPairs(view).filter(([from, to]) => from.value !== to.value || from.checked !== to.checked);
  for (const [from, to] of changed) {
    to.value = from.value;
    to.checked = from.checked;
    for (const name of ["input", "change"]) to.dispatchEvent(new Event(name, { bubbles: true }));
  }
  return changed.length > 0;
};

// The outline goes and the view appears between two paints, with the focus and the caret where they were.
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

// Characters that are being composed, such as Korean ones, would break off: the page waits for the end of the word.
let composing = false;
shell.addEventListener("compositionstart", () => (composing = true));
shell.addEventListener("compositionend", () => {
  composing = false;
  setTimeout(replaceWhenSettled);
});

// The page is hidden as long as the outline stands. What it is given moves its carets, so it gets a moment to settle.
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

// Browsers without popovers open and close the account menu here.
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
  // Without the browser's key no session that has one could go on: the page begins when it can be asked for.
  const [page] = await Promise.all([import(new URL(script.dataset.js, location.href).href), import("./key.js")]);
  await page.default({ module_or_path: script.dataset.wasm });
  dispatchEvent(new CustomEvent("TrunkApplicationStarted"));
};
start().catch((error) => {
  console.error("The page could not be started.", error);
  dispatchEvent(new CustomEvent("latchkey:failed", { detail: error.trouble }));
});
