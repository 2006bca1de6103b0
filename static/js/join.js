// A tap on Join is told to the ladder (weak presence) while the link itself opens the room, even if we are unreachable.
document.addEventListener("click", ({ target }) => {
  const link = target.closest?.("a[data-join]");
  if (!link) return;
  const token = document.querySelector("meta[name=csrf-token]")?.content ?? "";
  fetch(link.dataset.join, { method: "POST", keepalive: true, headers: { "X-CSRFToken": token } }).catch(() => {});
});
