// This device's reminders: asked for only by a tap, renewed on open, let go at sign-out.
// The note on the phone is {person, id, endpoint, at}: opaque ids, so the next person's sign-in knows it is not theirs (S5).
const NOTE = "device", DAY = 86_400_000;
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
    // An older key of ours still holds the place: let it go and ask again.
    const old = await pushManager.getSubscription();
    if (!old) throw error;
    await old.unsubscribe();
    return pushManager.subscribe(options);
  }
}

async function tell(subscription, again = true) {
  const answer = await post("/me/devices", subscription.toJSON());
  if (answer.status === 410 && again) {
    // The push service gave this one up: make a new one.
    await subscription.unsubscribe();
    return tell(await subscribe(), false);
  }
  if (!answer.ok) throw new Error("not taken");
  const { id } = await answer.json();
  localStorage.setItem(NOTE, JSON.stringify({ person: me, id, endpoint: subscription.endpoint, at: Date.now() }));
}

async function renew(force) {
  if (!me || !supported || Notification.permission !== "granted") return;
  const note = noted();
  const registration = await navigator.serviceWorker.ready;
  const subscription = await registration.pushManager.getSubscription();
  if (note?.person !== me) { await subscription?.unsubscribe(); return; }
  const current = subscription?.endpoint === note.endpoint && Date.now() - note.at < DAY;
  if (force || !current) await tell(await subscribe());
}

async function letGo(form) {
  localStorage.removeItem(NOTE);
  sessionStorage.clear();
  if (!supported) return;
  const registration = await navigator.serviceWorker.getRegistration();
  const subscription = await registration?.pushManager.getSubscription();
  if (!subscription) return;
  form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "endpoint", value: subscription.endpoint }));
  await subscription.unsubscribe();
}

function show() {
  const apple = /iPhone|iPad/.test(navigator.userAgent) && !navigator.standalone;
  const permission = supported ? Notification.permission : null;
  const on = permission === "granted" && noted()?.person === me;
  const state = !supported ? (apple ? "apple" : "none") : on ? "on" : permission === "denied" ? "blocked" : "ask";
  for (const hint of document.querySelectorAll("[data-push-hint]")) hint.hidden = !["ask", "apple"].includes(state);
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
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-sign-out]") || form.dataset.clean) return;
  event.preventDefault();
  form.dataset.clean = "yes";
  Promise.race([letGo(form), new Promise((go) => setTimeout(go, 2000))]).catch(() => {}).finally(() => form.submit());
});

navigator.serviceWorker?.addEventListener("message", ({ data }) => data?.renewed && renew(true).catch(() => {}));
document.addEventListener("htmx:after:swap", show);
show();
renew(false).then(show).catch(() => {});
