// Registers the service worker, and reloads the offline page when the network returns, unless someone is writing.
navigator.serviceWorker?.register("/service-worker.js").catch(() => {});

// By then every script has decided what shows on this device: space reserved for the rest is given up ([data-likely] in base.css).
addEventListener("DOMContentLoaded", () => { document.documentElement.dataset.ready = ""; });

// Scrolls the console's navigation to the current page on a phone.
const here = document.querySelector(".console-nav [aria-current]");
if (here) { const nav = here.closest("nav"); nav.scrollLeft = here.offsetLeft - nav.offsetLeft - 48; }

if (document.querySelector("[data-retry]")) addEventListener("online", () => document.querySelector("details[open]") || location.reload());
