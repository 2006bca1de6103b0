// Keeps typed text through an expired sign-in, a lost network and a reload, for this person and this tab only.
// <form data-keep="name"> is kept as it is typed; <… data-sent="name"> in a response says it arrived.
// <input data-once> is the id of one sending: text that comes back is sent under the id it had, so that it arrives once.
// <form data-about="homework:7"> is also saved on the server while typing (ui/kept.html); the copy here stays until that is done.
const person = document.body.dataset.person;
const key = (form) => `draft:${person}:${form.dataset.keep}`;
const written = (form) => [...form.querySelectorAll("textarea, input[type=text]")].filter((field) => field.name);
const forms = () => document.querySelectorAll("form[data-keep]");
const timers = new WeakMap(), tried = new WeakMap();

function keep(form) {
  const texts = written(form).map((field) => [field.name, [field.value, field.defaultValue]]);
  const once = form.querySelector("[data-once]");
  if (once) texts.push([once.name, [once.value]]);
  sessionStorage.setItem(key(form), JSON.stringify(Object.fromEntries(texts)));
}

// Restores typed text. Where the page has another text by now, shows both.
function restore() {
  for (const sent of document.querySelectorAll("[data-sent]")) sessionStorage.removeItem(`draft:${person}:${sent.dataset.sent}`);
  for (const form of forms()) {
    const kept = JSON.parse(sessionStorage.getItem(key(form)) ?? "{}");
    for (const field of written(form)) {
      const [mine, base] = [kept[field.name] ?? []].flat();
      if (mine === undefined || mine === field.value) continue;
      if (!field.value || field.value === base || mine.startsWith(field.value)) field.value = mine;
      else both(form, mine);
    }
    const once = form.querySelector("[data-once]");
    if (once && kept[once.name] && written(form).some((field) => field.value)) [once.value] = kept[once.name];
    if (form.dataset.about) later(form);
  }
}

function both(form, other) {
  const words = form.querySelector("template[data-both]")?.content.cloneNode(true);
  if (!words || form.querySelector("[data-other]")) return;
  words.querySelector("[data-other]").textContent = other;
  form.querySelector("[data-kept]").before(words);
}

const later = (form) => { clearTimeout(timers.get(form)); timers.set(form, setTimeout(save, 1200, form)); };

async function save(form) {
  const field = form.elements.body, place = form.querySelector("[data-kept]"), sent = field.value;
  if (!form.isConnected || sent === field.defaultValue || place.dataset.busy) return;
  place.dataset.busy = "yes";
  const headers = { "HX-Request": "true", "X-CSRFToken": document.querySelector("meta[name=csrf-token]").content };
  const body = new URLSearchParams({ about: form.dataset.about, edition: place.dataset.edition, body: sent });
  const answer = await fetch("/drafts", { method: "POST", headers, body, keepalive: sent.length < 9000 }).catch(() => null);
  const told = answer?.headers.get("Content-Type")?.includes("json") ? await answer.json() : {};
  delete place.dataset.busy;
  say(place, answer, told);
  if (told.edition !== undefined) place.dataset.edition = told.edition;
  const another = answer?.status === 409 && told.body !== sent && told.body !== tried.get(form);
  const saved = answer?.status === 200; // 204 sends to sign in: nothing is saved then
  tried.set(form, sent);
  if (!saved && answer?.status !== 409) return;
  field.defaultValue = saved ? sent : told.body;
  if (saved && field.value === sent) return sessionStorage.removeItem(key(form));
  keep(form);
  if (another) both(form, told.body);
  else later(form);
}

function say(place, answer, told) {
  const { saved, away, anew } = place.dataset;
  const other = answer?.status === 409; // the box above says that there is another version
  const words = !answer || answer.status >= 500 ? away : told.said ?? (other ? "" : told.edition === undefined ? anew : saved.replace("{time}", told.saved ?? ""));
  place.querySelector("p").textContent = words;
  place.querySelector("a").hidden = words !== anew;
}

if (person) {
  restore();
  document.addEventListener("input", ({ target }) => {
    const form = target.closest?.("form[data-keep]");
    if (form) keep(form);
    if (form?.dataset.about) later(form);
  });
  document.addEventListener("submit", ({ target }) => clearTimeout(timers.get(target)));
  document.addEventListener("click", ({ target }) => {
    const shown = target.closest?.("[data-use]")?.parentElement.querySelector("[data-other]"), field = target.form?.elements.body;
    if (shown && field) [field.value, shown.textContent] = [shown.textContent, field.value];
    if (shown && field) field.dispatchEvent(new Event("input", { bubbles: true }));
  });
  const now = () => forms().forEach((form) => form.dataset.about && save(form));
  addEventListener("online", now);
  document.addEventListener("visibilitychange", () => document.hidden && now());
  document.addEventListener("htmx:after:swap", restore);
}
