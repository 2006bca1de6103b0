// This device's push subscription: created only by a tap, renewed on open, ended at sign-out (leave.js).
// The note on the phone is {person, id, endpoint, key, at}: opaque ids, so the next person's sign-in knows it is not theirs (S5).
const NOTE = "device", TOLD = "device-told", HINT = "hint", DAY = 86_400_000;
const key = document.body.dataset.push;
const me = document.body.dataset.person;
const supported = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
const panel = () => document.querySelector("[data-push-panel]");
const token = () => document.querySelector("meta[name=csrf-token]")?.content ?? "";
const noted = () => JSON.parse(localStorage.getItem(NOTE) ?? "null");
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));

const post = (url, body) => fetch(url, {
  method: "POST", body: JSON.stringify(body), headers: { "X-CSRFToken": token(), "Content-Type": "application/json" },
});

async function subscribe() {
  const { pushManager } = await navigator.serviceWorker.ready;
  const answer = await fetch("/push-key");
  if (!answer.ok) throw new Error("no key");
  const options = { userVisibleOnly: true, applicationServerKey: bytes(await answer.text()) };
  try {
    return await pushManager.subscribe(options);
  } catch (error) {
    // There is a subscription for an older key of ours: end it and subscribe again.
    const old = await pushManager.getSubscription();
    if (!old) throw error;
    await old.unsubscribe();
    return pushManager.subscribe(options);
  }
}

async function tell(subscription, again = true) {
  const answer = await post("/me/devices", subscription.toJSON());
  if (answer.status === 410 && again) {
    // The push service has ended this one: create a new one.
    await subscription.unsubscribe();
    return tell(await subscribe(), false);
  }
  if (!answer.ok) throw new Error("not taken");
  const { id } = await answer.json();
  localStorage.setItem(NOTE, JSON.stringify({ person: me, id, endpoint: subscription.endpoint, key, at: Date.now() }));
  sessionStorage.setItem(TOLD, "yes");
}

// A new sign-in registers the device again: it belongs to that login and ends with it.
if (!me) sessionStorage.removeItem(TOLD);

// On every open: replace a subscription that is gone, ended by the push service, or created for an older key of ours.
async function renew(force) {
  if (!me || !supported || Notification.permission !== "granted") return;
  const note = noted();
  const registration = await navigator.serviceWorker.ready;
  const subscription = await registration.pushManager.getSubscription();
  if (note?.person !== me) { await subscription?.unsubscribe(); return; }
  const current = subscription?.endpoint === note.endpoint && note.key === key && sessionStorage.getItem(TOLD) && Date.now() - note.at < DAY;
  if (note.key !== key) await subscription?.unsubscribe();
  if (force || !current) await tell(await subscribe());
}

function show() {
  const apple = /iPhone|iPad/.test(navigator.userAgent) && !navigator.standalone;
  const permission = supported ? Notification.permission : null;
  const on = permission === "granted" && noted()?.person === me;
  const state = !supported ? (apple ? "apple" : "none") : on ? "on" : permission === "denied" ? "blocked" : "ask";
  for (const hint of document.querySelectorAll("[data-push-hint]")) hint.hidden = !(opens >= 2) || !["ask", "apple"].includes(state);
  for (const part of panel()?.querySelectorAll("[data-state]") ?? []) part.hidden = part.dataset.state !== state;
  for (const row of document.querySelectorAll("[data-device]")) {
    const here = row.querySelector("[data-here]");
    if (here) here.hidden = !(on && String(noted().id) === row.dataset.device);
  }
}

async function turnOn(button) {
  button.disabled = true;
  try {
    if (await Notification.requestPermission() === "granted") {
      await tell(await subscribe());
      location.reload();
    }
  } catch {
    document.dispatchEvent(new CustomEvent("announce", { detail: { text: panel()?.dataset.trouble } }));
  }
  button.disabled = false;
  show();
}

document.addEventListener("click", ({ target }) => {
  const button = target.closest?.("[data-push-on]");
  if (button) turnOn(button);
  if (!target.closest?.("[data-push-later]")) return;
  opens = NaN;
  localStorage.setItem(HINT, "no");
  show();
});

// Today mentions reminders from the second open on, until someone says "not now".
let opens = Number(localStorage.getItem(HINT) ?? 0);
if (me && opens < 2 && !sessionStorage.getItem(HINT)) {
  localStorage.setItem(HINT, String(opens += 1));
  sessionStorage.setItem(HINT, "counted");
}

navigator.serviceWorker?.addEventListener("message", ({ data }) => data?.renewed && renew(true).catch(() => {}));
document.addEventListener("htmx:after:swap", show);
show();
renew(false).then(show).catch(() => {});
