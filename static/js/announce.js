// Shows a message for some seconds and has it read aloud (`quiet`: only read aloud). Other scripts dispatch an "announce" event;
// the server sends it as an HX-Trigger header.
const region = document.getElementById("announce");
const SECONDS = 6;

function say(text, quiet = false) {
  if (!text || !region) return;
  const toast = document.createElement("p");
  toast.className = quiet ? "unseen" : "toast";
  toast.textContent = text;
  region.replaceChildren(toast);
  setTimeout(() => toast.remove(), SECONDS * 1000);
}

document.addEventListener("announce", ({ detail }) => say(detail?.text ?? detail?.value ?? detail, detail?.quiet));
// A kept note reports its own failures (unsent.js).
const kept = (form) => self.vault?.able && form.matches?.("form[data-outbox]");
// A failed poll is not reported: nothing is lost.
const byItself = (part) => part.matches?.("[data-poll]");
document.addEventListener("htmx:error", ({ target }) => kept(target) || byItself(target) || say(navigator.onLine ? region?.dataset.trouble : region?.dataset.offline));
// A form that the browser itself sends would end on the browser's own error page: without a network it stays where it is.
addEventListener("submit", (event) => {
  if (event.defaultPrevented || navigator.onLine || !region) return;
  event.preventDefault();
  say(region.dataset.offline);
});
document.addEventListener("htmx:response:error", ({ target, detail }) => {
  if (detail.ctx.response.status >= 500 && !kept(target) && !byItself(target)) say(region?.dataset.trouble);
});
