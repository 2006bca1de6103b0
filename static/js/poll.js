// Stops a page's polling while it is hidden.
document.addEventListener("htmx:config:request", (event) => {
  if (document.hidden && event.target.matches?.("[data-poll]") && event.detail.ctx.request.method === "GET") event.preventDefault();
});
