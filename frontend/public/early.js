// Runs before the first paint: applies the theme and the language, selects the outline, and makes its forms usable
// before the page has loaded. boot.js copies what is typed to the page.
(() => {
  const root = document.documentElement;
  const shell = () => document.getElementById("shell");
  const stored = (key) => {
    try {
      return JSON.parse(localStorage.getItem(key));
    } catch {
      return null; // blocked, or edited by hand
    }
  };
  const store = (key, value) => {
    try {
      localStorage.setItem(key, JSON.stringify(value));
    } catch {
      // Blocked or full: boot.js copies the choice to the page, where it lasts until the page is left.
    }
  };

  // Missing in browsers before 2022; the page needs it for every request.
  AbortSignal.timeout ??= (milliseconds) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), milliseconds);
    return controller.signal;
  };

  // The browser's bar has the colour of the chosen theme, or else of the system's.
  const themeColorMetas = [...document.querySelectorAll("meta[name=theme-color]")];
  const systemColors = themeColorMetas.map((bar) => bar.content);
  const colours = { light: systemColors[0], dark: systemColors[1] };
  const applyThemeColor = () => themeColorMetas.forEach((bar, at) => (bar.content = colours[root.dataset.theme] ?? systemColors[at]));
  new MutationObserver(applyThemeColor).observe(root, { attributeFilter: ["data-theme"] });
  const applyTheme = (theme) => {
    if (theme in colours) root.dataset.theme = theme;
    else delete root.dataset.theme;
  };
  applyTheme(stored("latchkey.theme") ?? "system");

  const outlineLanguages = root.dataset.languages.split(" ");
  const preferredLanguages = [stored("latchkey.locale"), ...navigator.languages.map((tag) => tag.split(/[-_]/)[0].toLowerCase())];
  const applyLanguage = (language) => {
    root.lang = language;
    // The style sheet shows this language alone. Hidden texts are emptied too: the accessible names of labels and
    // buttons consist of all their text.
    root.dataset.speaks = language;
    shell()?.querySelectorAll("[lang]:not(option)").forEach((words) => {
      words.dataset.words ??= words.textContent;
      words.textContent = words.lang === language ? words.dataset.words : "";
    });
  };
  applyLanguage(preferredLanguages.find((language) => outlineLanguages.includes(language)) ?? outlineLanguages[0]);

  // If nobody is signed in, an account page shows the sign-in form, as the page itself will. The hint cookie decides if
  // nothing is stored, and shows whether a session that ends with the browser is still active.
  const isAccountPage = /^\/(account\/\w+)?$/.test(location.pathname);
  const session = stored("latchkey.session");
  // Cookies are shared by all ports of a host, so the hint cookie's name contains the port unless it is the default.
  const { port, protocol } = location;
  const defaultPort = protocol === "https:" ? "" : "8080";
  const hintCookie = port === defaultPort ? "latchkey_hint" : `latchkey_hint_${port || 80}`;
  const hasHintCookie = new RegExp(`(^|; )${hintCookie}=(1|passing)(;|$)`).test(document.cookie);
  const signedIn = session?.state === "signed_in" ? session.remembered || hasHintCookie : !session?.state && hasHintCookie;
  if (isAccountPage && signedIn) root.dataset.outline = "account";
  else if (isAccountPage || location.pathname === "/login") root.dataset.outline = "login";
  else root.dataset.outline = location.pathname === "/signup" ? "signup" : "other";

  // Once the last element of the outline is parsed, it can show the current choices, and only the parts that apply.
  const outlineObserver = new MutationObserver(() => {
    if (!document.getElementById("shell-end")) return;
    outlineObserver.disconnect();
    const fits = (part) => part.dataset.of.split(" ").includes(root.dataset.outline);
    for (const part of shell().querySelectorAll("[data-of]")) if (!fits(part)) part.remove();
    applyLanguage(root.lang);
    const forEachControl = (name, value) => shell().querySelectorAll(`[name=${name}]`).forEach(value);
    forEachControl("shell-theme", (radio) => (radio.checked = radio.value === (root.dataset.theme ?? "system")));
    forEachControl("shell-language", (list) => (list.value = root.lang));
    forEachControl("remember", (box) => (box.checked = stored("latchkey.remember") ?? true));
    if (!isAccountPage) shell().querySelectorAll(".aside a").forEach((link) => (link.search = location.search));
  });
  outlineObserver.observe(root, { childList: true, subtree: true });

  const closestInOutline = (event, selector) => shell()?.contains(event.target) && event.target.closest(selector);
  addEventListener("change", (event) => {
    const { value, checked } = event.target;
    if (closestInOutline(event, "[name=shell-theme]")) {
      store("latchkey.theme", value);
      applyTheme(value);
    }
    if (closestInOutline(event, "[name=shell-language]")) {
      store("latchkey.locale", value);
      applyLanguage(value);
    }
    if (closestInOutline(event, "[name=remember]")) store("latchkey.remember", checked);
  });
  addEventListener("click", (event) => {
    const control = closestInOutline(event, ".reveal")?.parentElement;
    if (!control) return;
    const hidden = control.firstElementChild.type === "password";
    control.firstElementChild.type = hidden ? "text" : "password";
    control.dataset.shown = hidden;
  });
  // A form that is submitted too early is held for the page, which submits it.
  addEventListener("submit", (event) => {
    const form = closestInOutline(event, "form");
    if (!form) return;
    event.preventDefault();
    if (cannotStart()) return;
    form.dataset.held = "";
    form.querySelector("button:not([type=button])").setAttribute("aria-busy", "true");
  });

  // A failure is reported in the visible part of the outline.
  const cannotStart = () => /failed|blocked/.test(shell().dataset.trouble);
  const showTrouble = (trouble) => {
    const message = document.getElementById("trouble");
    if (!message) return;
    const place = [...shell().querySelectorAll("main")].find((main) => main.getClientRects().length) ?? shell();
    if (!place.contains(message)) (place.querySelector("form") ?? place.firstElementChild).before(message);
    shell().dataset.trouble = trouble;
    if (cannotStart()) shell().querySelectorAll("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
    message.hidden = false;
    document.getElementById("reload").onclick = () => location.reload();
  };
  addEventListener("latchkey:failed", (event) => showTrouble(event.detail ?? "failed"));
  // A script that cannot be loaded or parsed cannot report its own failure. Scripts that others inject have the page's
  // own address, or another origin's.
  const isOurs = ({ target, filename = "" }) =>
    target === window ? filename.startsWith(location.origin) && filename.endsWith(".js") : target.matches?.("script[data-wasm]");
  addEventListener("error", (event) => shell() && isOurs(event) && showTrouble("failed"), true);
  setTimeout(() => shell()?.dataset.trouble ?? showTrouble("slow"), 15_000);
})();
