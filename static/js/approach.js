// The in-app alert: a hidden banner appears on whatever page is open while a session's doors are open.
function look() {
  for (const banner of document.querySelectorAll("[data-approach]")) {
    const now = Date.now();
    const near = now >= Date.parse(banner.dataset.approach) && now < Date.parse(banner.dataset.until);
    if (banner.hidden === near) banner.hidden = !near;
  }
}

look();
setInterval(look, 5000);
document.addEventListener("visibilitychange", () => document.hidden || look());
