// Says one thing for a moment, aloud and on screen. Others ask by an "announce" event or an HX-Trigger header of it.
const region = document.getElementById("announce");
const SECONDS = 6;

function say(text) {
  if (!text || !region) return;
  const toast = document.createElement("p");
  toast.className = "toast";
  toast.textContent = text;
  region.replaceChildren(toast);
  setTimeout(() => toast.remove(), SECONDS * 1000);
}

document.addEventListener("announce", ({ detail }) => say(detail?.text ?? detail?.value ?? detail));
document.addEventListener("htmx:error", () => say(navigator.onLine ? region?.dataset.trouble : region?.dataset.offline));
document.addEventListener("htmx:response:error", ({ detail }) => {
  if (detail.ctx.response.status >= 500) say(region?.dataset.trouble);
});
