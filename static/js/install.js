// "Add to home screen": shows the instructions for this kind of phone where a page has [data-install].
let offer = null;
const apple = /iPhone|iPad/.test(navigator.userAgent) || (navigator.platform === "MacIntel" && navigator.maxTouchPoints > 1);
const kind = apple ? "apple" : /Android/.test(navigator.userAgent) ? "android" : "computer";
for (const guide of document.querySelectorAll("[data-guide]")) guide.open = guide.dataset.guide === kind;

function hint() {
  const place = document.querySelector("[data-install]");
  if (!place) return;
  const installed = matchMedia("(display-mode: standalone)").matches || navigator.standalone;
  const platform = installed ? "done" : offer ? "offer" : apple ? "apple" : "other";
  for (const part of place.querySelectorAll("[data-platform]")) part.hidden = part.dataset.platform !== platform;
}

addEventListener("beforeinstallprompt", (event) => {
  event.preventDefault();
  offer = event;
  hint();
});
addEventListener("appinstalled", () => { offer = null; hint(); });
document.addEventListener("click", async ({ target }) => {
  if (!target.closest?.("[data-install-now]") || !offer) return;
  await offer.prompt();
  offer = null;
  hint();
});
hint();
