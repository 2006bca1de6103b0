// Offers the phone's time zone where times are shown in another one. "Stay" is remembered for that pair of zones.
const offer = document.querySelector("[data-clock]");

function compare() {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone, pair = `${offer.dataset.clock} ${here}`;
  if (!here || localStorage.getItem("clock") === pair) return;
  const city = here.split("/").pop().replaceAll("_", " ");
  for (const each of offer.querySelectorAll("[data-clock-words]")) each.textContent = each.dataset.clockWords.replace("…", city);
  offer.querySelector("[name=time_zone]").value = here;
  offer.hidden = false;
  offer.querySelector("[data-clock-stay]").addEventListener("click", () => {
    localStorage.setItem("clock", pair);
    offer.hidden = true;
  });
}

// Naming the zone takes a slow phone 30 ms: done only where the clocks differ, in a task of its own.
if (offer && Number(offer.dataset.ahead) !== -new Date().getTimezoneOffset()) setTimeout(compare);
