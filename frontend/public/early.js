// Runs before the first paint: the theme and language that were chosen, and which outline to show.
(() => {
  const root = document.documentElement;
  const stored = (key) => {
    try {
      return JSON.parse(localStorage.getItem(key));
    } catch {
      return null; // blocked, or edited by hand
    }
  };
  const theme = stored("latchkey.theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  root.lang = stored("latchkey.locale") === "ko" ? "ko" : "en";
  root.dataset.script = "";
  if (stored("latchkey.session")?.state === "signed_in") root.dataset.signedIn = "";
})();
