// Offers the phone's own clock where times are shown by another one. "Stay" is remembered for that pair of clocks.
const offer = document.querySelector("[data-clock]");
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
const shown = (zone) => new Date().toLocaleString("en", { timeZone: zone, dateStyle: "short", timeStyle: "short" });

if (offer && here && localStorage.getItem("clock") !== `${offer.dataset.clock} ${here}` && shown(here) !== shown(offer.dataset.clock)) {
  const city = here.split("/").pop().replaceAll("_", " ");
  offer.querySelector("[data-clock-words]").textContent = offer.dataset.words.replace("…", city);
  offer.querySelector("[name=time_zone]").value = here;
  offer.hidden = false;
  offer.querySelector("[data-clock-stay]").addEventListener("click", () => {
    localStorage.setItem("clock", `${offer.dataset.clock} ${here}`);
    offer.hidden = true;
  });
}
