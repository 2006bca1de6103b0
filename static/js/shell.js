// Registers the worker, and comes back by itself when the network does.
navigator.serviceWorker?.register("/service-worker.js").catch(() => {});

if (document.querySelector("[data-retry]")) addEventListener("online", () => location.reload());
