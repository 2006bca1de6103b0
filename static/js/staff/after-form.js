// After a form has replaced the console's live part (#live), focus and view go to what was refused, else to the card that the form
// was in, else to the card after it. Without this the focus is lost with the form.
let form;
document.addEventListener("htmx:before:swap", ({ detail }) => {
  const source = detail.ctx.sourceElement;
  form = source.matches?.("#live form[hx-target='#live']") ? source : null;
});

const inNewPart = (old) => old.id && old.id !== "live" && document.getElementById(old.id);
const ancestors = (old) => old ? [old, ...ancestors(old.parentElement)] : [];
const following = (old) => old ? [old, ...following(old.nextElementSibling)] : [];

function card() {
  const around = ancestors(form), first = (olds) => olds.map(inNewPart).find(Boolean);
  const same = [...document.querySelectorAll("#live form")].find((each) => each.getAttribute("action") === form.getAttribute("action"));
  return first(around) ?? same?.closest(".card") ?? same ?? first(around.flatMap(following)) ?? document.getElementById("live");
}

document.addEventListener("htmx:after:swap", () => {
  if (!form || form.isConnected) return;
  const near = card(), refused = ".field-error[role=alert]";
  const find = (wanted) => near.querySelector(wanted) ?? document.querySelector(`#live ${wanted}`);
  const place = find("[aria-invalid=true]") ?? find(refused) ?? near;
  form = null;
  if (document.activeElement !== document.body) return;
  if (!place.matches("input, select, textarea")) place.tabIndex = -1;
  place.focus({ preventScroll: true });
  place.scrollIntoView({ block: "nearest" });
});
