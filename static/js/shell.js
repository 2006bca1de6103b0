// Registers the worker, and comes back by itself when the network does, unless someone is writing.
navigator.serviceWorker?.register("/service-worker.js").catch(() => {});

// Every script has decided by then what shows on this device: room kept for the rest is let go ([data-likely] in base.css).
addEventListener("DOMContentLoaded", () => { document.documentElement.dataset.ready = ""; });

// Where one is in the console stays in sight on a phone, too.
const here = document.querySelector(".console-nav [aria-current]");
if (here) { const nav = here.closest("nav"); nav.scrollLeft = here.offsetLeft - nav.offsetLeft - 48; }

if (document.querySelector("[data-retry]")) addEventListener("online", () => document.querySelector("details[open]") || location.reload());
