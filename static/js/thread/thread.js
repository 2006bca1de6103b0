// Opens a thread at its newest message and stays there while one is at the end. New messages count as read only once somebody
// touches, scrolls or types, since a screen may be open with nobody there.
const page = document.scrollingElement;
const atEnd = () => page.scrollHeight - innerHeight - page.scrollTop < 120;
let following = true;

function toEnd() {
  if (following && !location.search.includes("before=")) page.scrollTo({ top: page.scrollHeight, behavior: "instant" });
}

function tell() {
  const said = document.querySelector("[data-unread]");
  if (!said || document.hidden) return;
  const { unread, upTo } = said.dataset;
  said.removeAttribute("data-unread");
  const token = document.querySelector("meta[name=csrf-token]")?.content ?? "";
  fetch(unread, { method: "POST", keepalive: true, headers: { "X-CSRFToken": token }, body: new URLSearchParams({ up_to: upTo }) }).catch(() => {});
}

addEventListener("scroll", () => { following = atEnd(); }, { passive: true });
document.addEventListener("htmx:after:swap", toEnd);
for (const sign of ["pointerdown", "keydown", "wheel", "touchmove"]) addEventListener(sign, tell, { passive: true });
if (!location.hash || location.hash === "#body") toEnd();
