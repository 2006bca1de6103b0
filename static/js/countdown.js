// Updates <time data-countdown> in the server's format: "1 h 24 min", with data-seconds at last "40 s". Two days and more
// stay as the server wrote them.
const MINUTE = 60_000, HOUR = 60 * MINUTE;

function spelled(left, seconds) {
  if (seconds && left < MINUTE) return `${Math.ceil(left / 1000)} s`;
  const minutes = Math.ceil(left / MINUTE);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60 ? `${minutes % 60} min` : ""}`.trim();
}

function tick() {
  if (document.hidden) return; // a hidden page requests nothing; it catches up when it is visible again
  for (const time of document.querySelectorAll("time[data-countdown]")) {
    const left = Date.parse(time.dateTime) - Date.now();
    if (left > 48 * HOUR) continue;
    if (left > 0) {
      const text = spelled(left, "seconds" in time.dataset);
      if (time.textContent !== text) time.textContent = text;
    } else if (time.dataset.countdown !== "over") {
      time.dataset.countdown = "over";
      time.dispatchEvent(new CustomEvent("started", { bubbles: true }));
    }
  }
}

setInterval(tick, 1000);
document.addEventListener("visibilitychange", tick);
