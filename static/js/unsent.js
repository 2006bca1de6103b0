// "I can't make it" and notes to a partner without a network. A note is kept before it is sent and dropped once the server has responded; what remains is
// shown as "not sent yet" and goes out on load, when the network returns and when the page is looked at again (R7).
const region = document.getElementById("unsent");
const me = document.body.dataset.person ?? localStorage.getItem("person");
const AGAIN = 20_000;
const keeping = new Map();
let timer, leaving = false;

const say = (text) => document.dispatchEvent(new CustomEvent("announce", { detail: { text } }));

function card(note) {
  const kind = note.refused ? "refused" : "waiting";
  const made = region.querySelector(`template[data-note=${kind}]`).content.cloneNode(true);
  const put = (name, words) => made.querySelectorAll(`[data-${name}]`).forEach((place) => { place.textContent = words; });
  put("when", note.when);
  if (note.what) put("what", note.what);
  if (typeof note.refused === "string") put("why", note.refused);
  made.querySelector("a")?.setAttribute("href", note.url);
  made.querySelector("button")?.addEventListener("click", () => outbox.drop(note.id));
  return made;
}

async function draw(form) {
  const notes = (await outbox.all(me)).filter((note) => !keeping.has(note.id));
  const waiting = notes.filter((note) => !note.refused);
  for (const old of region.querySelectorAll(":scope > :not(template)")) old.remove();
  region.append(...notes.map(card));
  region.hidden = !notes.length;
  for (const each of document.querySelectorAll("form[data-outbox]")) (each.closest("details") ?? each).hidden = each.hidden = waiting.some((note) => note.url === each.getAttribute("action"));
  if (form?.hidden) {
    if (!form.closest("details")) form.before(region);
    region.focus();
  }
  clearTimeout(timer);
  if (!waiting.length) return;
  timer = setTimeout(send, AGAIN);
  const worker = await navigator.serviceWorker?.getRegistration();
  worker?.sync?.register("outbox").catch(() => {}); // where there is Background Sync, also with the app closed
}

const show = (form) => draw(form).catch(() => {});
const send = () => document.hidden || outbox.send().catch(() => {}).then(() => show());

function said(news) {
  if (news.sent) {
    for (const each of document.querySelectorAll("form[data-outbox]")) if (each.getAttribute("action") === news.sent.url) each.reset(); // else it is saved as a draft once more
    const page = news.sent.url.replace("/absence", "").replace("/answers", "");
    const shown = ["/", "/schedule", "/together"].includes(location.pathname) || location.pathname.startsWith(page);
    if (shown && !leaving) return location.reload(); // which would take the place of a page that was just asked for
    say(region.dataset.sent);
  }
  show();
}

// Keeps the note before htmx sends it. For one that had to wait the server uses the instant of the tap.
function keep({ target: form }) {
  if (!form.matches("form[data-outbox]")) return;
  const { csrf_token, request_id: id, ...fields } = Object.fromEntries(new FormData(form));
  const kept = outbox.keep(me, { id, url: form.getAttribute("action"), when: form.dataset.outbox, what: form.dataset.outboxWhat, draft: form.dataset.keep, fields });
  keeping.set(id, kept);
}

async function settle(form, done) {
  const id = form.elements.request_id?.value;
  if (!(await keeping.get(id)?.then(() => true, () => false))) return done || say(document.getElementById("announce").dataset.trouble);
  keeping.delete(id);
  await (done ? outbox.drop(id) : show(form));
}

if (region && self.vault?.able && me) {
  outbox.listen(said);
  document.addEventListener("submit", keep, true);
  document.addEventListener("htmx:after:request", ({ target, detail: { ctx } }) => {
    const answered = [404, 409, 410, 422].includes(ctx.response.status) || ctx.text.includes("data-sent=");
    if (target.matches?.("form[data-outbox]")) settle(target, answered);
  });
  document.addEventListener("htmx:error", ({ target }) => target.matches?.("form[data-outbox]") && settle(target, false));
  addEventListener("beforeunload", () => { leaving = true; });
  addEventListener("online", send);
  document.addEventListener("visibilitychange", send);
  document.addEventListener("htmx:after:swap", () => show());
  show().then(send);
}

// Before sign-in: says only that something waits.
const hint = document.querySelector("[data-waiting]");
const waits = async () => {
  const notes = await outbox.all(me);
  return notes.some((note) => !note.refused) || await vault.count("unsent:") > notes.length; // some only their person can read
};
if (hint && self.vault?.able) waits().then((some) => { hint.hidden = !some; }).catch(() => {});

