// The phone's part of the app: keeps the shell, shows what is pushed, carries a tap on a notification's button home, sends
// what waited. It never keeps a signed-in page. Cached: {{ shell | count }} shell files, /offline and /crisis.
importScripts({{ asset("phone.js") | tojson }});

const CACHE = "shell-@@RELEASE@@";
const SHELL = {{ shell | tojson }};
const PAGES = ["/offline", "/crisis"];
const NAME = {{ app_name | tojson }};
const WORDS = {
  plain: {{ _("You have a reminder.") | tojson }},
  done: { confirm: {{ _("Thank you. See you then.") | tojson }}, other: {{ _("Thank you. It's noted.") | tojson }} },
  ended: {{ _("This button has expired. Tap to open.") | tojson }},
  unsent: {{ _("Not sent yet. Tap to open.") | tojson }},
};
const ICON = {{ asset("img/icon-192.png") | tojson }};
const BADGE = {{ asset("img/badge.png") | tojson }};

// A shell file never changes under its address: what the page has fetched already is taken from there.
addEventListener("install", (event) => {
  const fresh = PAGES.map((url) => new Request(url, { cache: "reload", credentials: "omit" }));
  {% if lost %}event.waitUntil(lost.forget());
  {% endif %}event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll([...SHELL, ...fresh])).then(() => skipWaiting()));
});

addEventListener("activate", (event) => {
  event.waitUntil(caches.keys()
    .then((names) => Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name))))
    .then(() => registration.navigationPreload?.enable()).then(() => clients.claim()));
});

addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  if (SHELL.includes(url.pathname)) {
    event.respondWith(caches.match(url.pathname).then((kept) => kept ?? fetch(event.request)));
  } else if (event.request.mode === "navigate") {
    event.respondWith(ask(event).catch(() =>
      caches.match(url.pathname === "/crisis" ? "/crisis" : "/offline").then((kept) => kept ?? Response.error())));
  } else if (event.request.destination === "manifest") {
    event.respondWith(ask(event));
  }
});

// Whatever a lost phone asks for, the answer tells (js/phone/lost.js).
async function ask(event) {
  const answer = (await event.preloadResponse) ?? await fetch(event.request);
  event.waitUntil(lost.heed(answer));
  return answer;
}

// Background Sync: the app may be closed. "left": signed out without a network, and any request ends the login.
addEventListener("sync", (event) => {
  if (event.tag === "outbox") event.waitUntil(outbox.send());
  if (event.tag === "left") event.waitUntil(fetch("/push-key", { cache: "no-store" }).then(lost.heed));
});

// A push always shows something (a silent one costs the permission): unreadable, empty and unknown ones too.
addEventListener("push", (event) => event.waitUntil(show(read(event.data))));

function read(data) {
  try { return data.json()?.notification ?? {}; } catch { return {}; }
}

const buttons = (data) => (Array.isArray(data?.actions) ? data.actions : []);
const words = (value) => (typeof value === "string" && value.trim() ? value : null);

function show(notice) {
  const data = notice.data && typeof notice.data === "object" ? notice.data : {};
  const actions = buttons(data).filter((to) => words(to?.action) && words(to.title) && words(to.url));
  const tag = words(notice.tag) ?? "reminder";
  return registration.showNotification(words(notice.title) ?? NAME, {
    body: words(notice.body) ?? (words(notice.title) ? "" : WORDS.plain),
    tag, renotify: true, icon: ICON, badge: BADGE, silent: notice.silent === true ? true : null,
    data: { ...data, navigate: inside(notice.navigate) },
    actions: actions.slice(0, Notification.maxActions ?? 2).map(({ action, title }) => ({ action, title })),
  }).catch(() => registration.showNotification(NAME, { body: WORDS.plain, tag, data: { navigate: "/" } }));
}

// Only our own addresses are opened or called, whatever a message says.
function inside(address) {
  try {
    const url = new URL(address, location.origin);
    return url.origin === location.origin ? url.href : location.origin + "/";
  } catch { return location.origin + "/"; }
}

addEventListener("notificationclick", (event) => {
  const { action, notification } = event;
  notification.close();
  const chosen = action && buttons(notification.data).find((each) => each.action === action);
  event.waitUntil(chosen ? carry(chosen, notification) : open(notification.data?.navigate));
});

// The capability itself is the permission: no cookies go along. The answer to `join` names the room to open.
async function carry(chosen, notification) {
  const { navigate } = notification.data;
  try {
    const answer = await fetch(inside(chosen.url), { method: "POST", credentials: "omit", redirect: "error", cache: "no-store" });
    if (answer.status >= 500) throw new Error("later");
    if (!answer.ok) return say(WORDS.ended, notification, navigate);
    const told = await answer.json().catch(() => ({}));
    if (words(told.room)) return clients.openWindow(told.room);
    if (words(chosen.navigate)) return open(chosen.navigate);
    return say(WORDS.done[chosen.action] ?? WORDS.done.other, notification, navigate);
  } catch {
    return say(WORDS.unsent, notification, navigate);
  }
}

const say = (body, { tag }, navigate) =>
  registration.showNotification(NAME, { body, tag, icon: ICON, badge: BADGE, silent: true, data: { navigate: inside(navigate) } });

async function open(address) {
  const url = inside(address);
  const windows = await clients.matchAll({ type: "window", includeUncontrolled: true });
  const ours = windows.find((each) => each.url === url) ?? windows[0];
  if (!ours) return clients.openWindow(url);
  await ours.focus().catch(() => {});
  return ours.url === url ? ours : ours.navigate(url).catch(() => clients.openWindow(url));
}

// The browser changed the subscription by itself: every open page renews it; the next open does otherwise.
addEventListener("pushsubscriptionchange", (event) => event.waitUntil(renew(event)));

async function renew({ newSubscription, oldSubscription }) {
  const key = oldSubscription?.options?.applicationServerKey;
  const fresh = newSubscription ?? (key && await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key }));
  const windows = await clients.matchAll({ type: "window" });
  if (fresh) windows.forEach((each) => each.postMessage({ renewed: true }));
}
