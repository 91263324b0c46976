// Loads the page's WebAssembly. It is a file of its own because the content security policy allows no inline script.
const script = document.querySelector("script[data-wasm]");

const sayThatItFailed = () => {
  const shell = document.getElementById("shell");
  const message = document.getElementById("boot-failed");
  if (!shell || !message) return;
  shell.dataset.failed = "";
  message.hidden = false;
  document.getElementById("boot-reload").addEventListener("click", () => location.reload());
};

try {
  const page = await import(new URL(script.dataset.js, location.href).href);
  await page.default({ module_or_path: script.dataset.wasm });
  dispatchEvent(new CustomEvent("TrunkApplicationStarted"));
} catch (error) {
  console.error("The page could not be started.", error);
  sayThatItFailed();
}
