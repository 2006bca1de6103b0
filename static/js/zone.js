// Offers the phone's own clock where times are shown by another one. "Stay" is remembered for that pair of clocks.
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

// Which zone this is costs a slow phone 30 ms to say: asked only where the clocks differ, in a task of its own.
if (offer && Number(offer.dataset.ahead) !== -new Date().getTimezoneOffset()) setTimeout(compare);
