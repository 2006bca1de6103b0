// Reports a tap on Join to the server (weak presence); the link itself opens the room, even if the server is unreachable.
document.addEventListener("click", ({ target }) => {
  const link = target.closest?.("a[data-join]");
  if (!link) return;
  const token = document.querySelector("meta[name=csrf-token]")?.content ?? "";
  fetch(link.dataset.join, { method: "POST", keepalive: true, headers: { "X-CSRFToken": token } }).catch(() => {});
});
