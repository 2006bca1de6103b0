// Resumes a recording where it was stopped, on any device: <video data-place="address" data-position="seconds">.
const tell = (player, least) => {
  const at = Math.floor(player.currentTime), told = Number(player.dataset.position);
  if (!player.readyState || Math.abs(at - told) < least) return; // not loaded yet: its position means nothing
  player.dataset.position = at;
  const headers = { "HX-Request": "true", "X-CSRFToken": document.querySelector("meta[name=csrf-token]").content };
  fetch(player.dataset.place, { method: "POST", headers, body: new URLSearchParams({ seconds: at }), keepalive: true }).catch(() => {});
};
const on = (event, act) => document.addEventListener(event, ({ target }) => target.dataset?.place && act(target), true);

on("loadedmetadata", (player) => {
  const at = Number(player.dataset.position);
  if (at && at < player.duration - 3) player.currentTime = at;
});
on("timeupdate", (player) => tell(player, 15));
on("pause", (player) => tell(player, 1));
on("ended", () => document.querySelector("[data-finish]")?.requestSubmit());
addEventListener("pagehide", () => document.querySelectorAll("[data-place]").forEach((player) => tell(player, 1)));
