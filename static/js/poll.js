// A page that looks by itself rests while nobody can see it.
document.addEventListener("htmx:config:request", (event) => {
  if (document.hidden && event.target.matches?.("[data-poll]") && event.detail.ctx.request.method === "GET") event.preventDefault();
});
