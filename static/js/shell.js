// Registers the worker, and comes back by itself when the network does, unless someone is writing.
navigator.serviceWorker?.register("/service-worker.js").catch(() => {});

if (document.querySelector("[data-retry]")) addEventListener("online", () => document.querySelector("details[open]") || location.reload());
