// Runs before the first paint: the theme and the language that hold, which outline is shown, and forms that are of use
// before the page itself is there. What is typed is handed over by boot.js.
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
      // Blocked or full: boot.js hands the choice over, and it holds until the page is left.
    }
  };

  // Browsers before 2022 do not have it, and the page calls nobody without it.
  AbortSignal.timeout ??= (milliseconds) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), milliseconds);
    return controller.signal;
  };

  // The bar of the browser follows the theme that is chosen, and else that of the system.
  const bars = [...document.querySelectorAll("meta[name=theme-color]")];
  const ofSystem = bars.map((bar) => bar.content);
  const colours = { light: ofSystem[0], dark: ofSystem[1] };
  const paintBars = () => bars.forEach((bar, at) => (bar.content = colours[root.dataset.theme] ?? ofSystem[at]));
  new MutationObserver(paintBars).observe(root, { attributeFilter: ["data-theme"] });
  const wear = (theme) => {
    if (theme in colours) root.dataset.theme = theme;
    else delete root.dataset.theme;
  };
  wear(stored("latchkey.theme") ?? "system");

  const spoken = root.dataset.languages.split(" ");
  const wanted = [stored("latchkey.locale"), ...navigator.languages.map((tag) => tag.split(/[-_]/)[0].toLowerCase())];
  const speak = (language) => {
    root.lang = language;
    // The style sheet shows this language alone. What is not shown is not there either: labels and buttons are called by all
    // of their text.
    root.dataset.speaks = language;
    shell()?.querySelectorAll("[lang]:not(option)").forEach((words) => {
      words.dataset.words ??= words.textContent;
      words.textContent = words.lang === language ? words.dataset.words : "";
    });
  };
  speak(wanted.find((language) => spoken.includes(language)) ?? spoken[0]);

  // Nobody is signed in: then a page of the account shows the form for signing in, as the page itself will. The mark of a
  // session tells where nothing is stored, and that a session which ends with the browser has not.
  const ofAccount = /^\/(account\/\w+)?$/.test(location.pathname);
  const session = stored("latchkey.session");
  // Cookies are shared by all ports of a host, so the port stands in the mark's name unless it is the usual one.
  const { port, protocol } = location;
  const usual = protocol === "https:" ? "" : "8080";
  const mark = port === usual ? "latchkey_hint" : `latchkey_hint_${port || 80}`;
  const marked = new RegExp(`(^|; )${mark}=(1|passing)(;|$)`).test(document.cookie);
  const signedIn = session?.state === "signed_in" ? session.remembered || marked : !session?.state && marked;
  if (ofAccount && signedIn) root.dataset.outline = "account";
  else if (ofAccount || location.pathname === "/login") root.dataset.outline = "login";
  else root.dataset.outline = location.pathname === "/signup" ? "signup" : "other";

  // The last element of the outline is there: now it can show what is chosen, and only that.
  const dress = new MutationObserver(() => {
    if (!document.getElementById("shell-end")) return;
    dress.disconnect();
    const fits = (part) => part.dataset.of.split(" ").includes(root.dataset.outline);
    for (const part of shell().querySelectorAll("[data-of]")) if (!fits(part)) part.remove();
    speak(root.lang);
    const choose = (name, value) => shell().querySelectorAll(`[name=${name}]`).forEach(value);
    choose("shell-theme", (radio) => (radio.checked = radio.value === (root.dataset.theme ?? "system")));
    choose("shell-language", (list) => (list.value = root.lang));
    choose("remember", (box) => (box.checked = stored("latchkey.remember") ?? true));
    if (!ofAccount) shell().querySelectorAll(".aside a").forEach((link) => (link.search = location.search));
  });
  dress.observe(root, { childList: true, subtree: true });

  const here = (event, selector) => shell()?.contains(event.target) && event.target.closest(selector);
  addEventListener("change", (event) => {
    const { value, checked } = event.target;
    if (here(event, "[name=shell-theme]")) {
      store("latchkey.theme", value);
      wear(value);
    }
    if (here(event, "[name=shell-language]")) {
      store("latchkey.locale", value);
      speak(value);
    }
    if (here(event, "[name=remember]")) store("latchkey.remember", checked);
  });
  addEventListener("click", (event) => {
    const control = here(event, ".reveal")?.parentElement;
    if (!control) return;
    const hidden = control.firstElementChild.type === "password";
    control.firstElementChild.type = hidden ? "text" : "password";
    control.dataset.shown = hidden;
  });
  // A form that is sent too early waits for the page, which sends it.
  addEventListener("submit", (event) => {
    const form = here(event, "form");
    if (!form) return;
    event.preventDefault();
    if (cannotStart()) return;
    form.dataset.held = "";
    form.querySelector("button:not([type=button])").setAttribute("aria-busy", "true");
  });

  // What goes wrong is told where the person looks.
  const cannotStart = () => /failed|blocked/.test(shell().dataset.trouble);
  const tell = (trouble) => {
    const message = document.getElementById("trouble");
    if (!message) return;
    const place = [...shell().querySelectorAll("main")].find((main) => main.getClientRects().length) ?? shell();
    if (!place.contains(message)) (place.querySelector("form") ?? place.firstElementChild).before(message);
    shell().dataset.trouble = trouble;
    if (cannotStart()) shell().querySelectorAll("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
    message.hidden = false;
    document.getElementById("reload").onclick = () => location.reload();
  };
  addEventListener("latchkey:failed", (event) => tell(event.detail ?? "failed"));
  // A browser that cannot read one of our scripts, or does not get it, hears nothing of it from the script itself.
  // Scripts that others put into the page bear the page's own address, or another origin's.
  const isOurs = ({ target, filename = "" }) =>
    target === window ? filename.startsWith(location.origin) && filename.endsWith(".js") : target.matches?.("script[data-wasm]");
  addEventListener("error", (event) => shell() && isOurs(event) && tell("failed"), true);
  setTimeout(() => shell()?.dataset.trouble ?? tell("slow"), 15_000);
})();
