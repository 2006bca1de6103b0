// Keeps typed text through an expired sign-in, a lost network and a reload, encrypted for this person on this phone (S6, S19).
// <form data-keep="name"> is kept as it is typed; <… data-sent="name"> in a response says it arrived.
// <input data-once> is the id of one sending: text that comes back is sent under the id it had, so that it arrives once.
// <form data-about="homework:7"> is also saved on the server while typing (ui/kept.html); the copy here stays until that is done.
const person = document.body.dataset.person;
const DRAFT = "draft:";
const written = (form) => [...form.querySelectorAll("textarea, input[type=text]")].filter((field) => field.name);
const forms = () => document.querySelectorAll("form[data-keep]");
const timers = new WeakMap(), tried = new WeakMap();
const latest = new Map();
let line = Promise.resolve();

// One write after the other, each with the newest text of the form `about`; `texts` null: it is sent.
function write(about, texts) {
  latest.set(about, texts);
  line = line.then(async () => {
    if (!latest.has(about)) return;
    const newest = latest.get(about), name = await vault.named(DRAFT, person, about);
    latest.delete(about);
    await (newest ? vault.put(name, person, newest) : vault.drop(name));
  }).catch(() => {});
}

function keep(form) {
  const texts = written(form).map((field) => [field.name, [field.value, field.defaultValue]]);
  const once = form.querySelector("[data-once]");
  if (once) texts.push([once.name, [once.value]]);
  write(form.dataset.keep, Object.fromEntries([...texts, ["", form.dataset.keep]]));
}

const forgo = (form) => write(form.dataset.keep, null);

// Restores typed text. Where the page has another text by now, shows both.
async function restore() {
  for (const sent of document.querySelectorAll("[data-sent]:not(#unsent)")) write(sent.dataset.sent, null);
  if (!forms().length) return;
  await line;
  const mine = (await vault.all(DRAFT)).filter((row) => row.person === person);
  const drafts = new Map(mine.map(({ value }) => [value[""], value]));
  for (const form of forms()) {
    const kept = drafts.get(form.dataset.keep) ?? {};
    for (const field of written(form)) {
      const [mine, base] = [kept[field.name] ?? []].flat();
      if (mine === undefined || mine === field.value || latest.has(form.dataset.keep)) continue;
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
  if (!form.isConnected || form.hidden || sent === field.defaultValue || place.dataset.busy) return; // hidden: it waits to be sent
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
  if (saved && field.value === sent) return forgo(form);
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

if (person && self.vault?.able) {
  const again = () => restore().catch(() => {});
  again();
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
  document.addEventListener("htmx:after:swap", again);
}
