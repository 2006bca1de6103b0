// Says one thing for a moment, aloud and on screen (`quiet`: aloud only). Others ask by an "announce" event or an HX-Trigger
// header of it.
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
// A note that goes out by itself says so in its own place (unsent.js).
const kept = (form) => self.vault?.able && form.matches?.("form[data-outbox]");
// What a page asks by itself may wait: nobody asked for it, nothing is lost.
const byItself = (part) => part.matches?.("[data-poll]");
document.addEventListener("htmx:error", ({ target }) => kept(target) || byItself(target) || say(navigator.onLine ? region?.dataset.trouble : region?.dataset.offline));
document.addEventListener("htmx:response:error", ({ target, detail }) => {
  if (detail.ctx.response.status >= 500 && !kept(target) && !byItself(target)) say(region?.dataset.trouble);
});
