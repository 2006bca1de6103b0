// The in-app banner (M17): shown on whatever page is open while a session can be joined, announced once, can be dismissed, and
// hidden at the end. Uses the server's clock, and polls the server now and then for changes.
const where = () => document.querySelector(".approach");
const known = (what, banner) => `${what}:${document.body.dataset.person}:${banner.dataset.seat}`;
const say = (banner, quiet) => document.dispatchEvent(new CustomEvent("announce", { detail: { text: banner.dataset.say, quiet } }));
// A banner that is fully visible is only read aloud. An observer tells, since measuring here would force a layout.
const sight = new IntersectionObserver((seen) => {
  for (const { target, intersectionRatio } of seen) say(target, intersectionRatio > 0.99);
  sight.disconnect();
});
let asked = Date.now();

function look() {
  for (const banner of document.querySelectorAll("[data-approach]")) {
    banner.dataset.ahead ??= Date.now() - Date.parse(banner.dataset.now);
    const now = Date.now() - banner.dataset.ahead;
    const open = now >= Date.parse(banner.dataset.approach) && now < Date.parse(banner.dataset.until);
    const near = open && !sessionStorage.getItem(known("away", banner));
    if (banner.hidden === near) banner.hidden = !near;
    if (near && !sessionStorage.getItem(known("said", banner))) {
      sessionStorage.setItem(known("said", banner), "yes");
      sight.observe(banner);
    }
  }
}

function putAway(banner) {
  sessionStorage.setItem(known("away", banner), "yes");
  const { away } = banner.querySelector("[data-away]").dataset;
  document.cookie = `${away}=${banner.dataset.seat}; path=/; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`; // the server shows it open at once, unless put away: nothing moves
  if (banner.contains(document.activeElement)) document.getElementById("main")?.focus({ preventScroll: true });
  look();
}

document.addEventListener("click", ({ target }) => {
  const banner = target.closest?.("[data-approach]");
  if (banner && target.closest("[data-away], [data-join]")) putAway(banner);
});
document.addEventListener("htmx:after:swap", look);
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  look();
  if (Date.now() - asked > 60_000) where()?.dispatchEvent(new Event("again"));
  asked = Date.now();
});
setInterval(look, 5000);
look();
