// A phone whose login was ended from elsewhere forgets at its next contact what it keeps; unsent words stay, without their key (S19).
// The server tells by a header, and by a cookie for answers that no script sees (web/pwa/lost_phones.py).
const MARK = location.protocol === "https:" ? "__Host-lost" : "lost";
const marked = () => Boolean(self.document?.cookie.split("; ").some((cookie) => cookie.startsWith(`${MARK}=`)));
const soon = (work) => Promise.race([work, new Promise((go) => setTimeout(go, 2000))]).catch(() => {});

async function forget() {
  if (self.document) {
    localStorage.clear();
    sessionStorage.clear();
  }
  if (self.vault.able) await vault.lock();
  const registration = self.registration ?? await navigator.serviceWorker?.getRegistration();
  for (const notice of (await registration?.getNotifications?.()) ?? []) notice.close();
  await soon(registration?.pushManager?.getSubscription().then((subscription) => subscription?.unsubscribe()));
  if (self.document) document.cookie = `${MARK}=; path=/; max-age=0${location.protocol === "https:" ? "; secure" : ""}`;
  else for (const page of await clients.matchAll({ type: "window", includeUncontrolled: true })) page.postMessage({ lost: true });
}

// A page that still shows what was its owner's goes away.
async function leave() {
  document.documentElement.hidden = true;
  await forget().catch(() => {});
  location.replace("/sign-in");
}

const heed = (answer) => (answer.headers.has("Phone-Lost") ? forget() : undefined);
const cleaned = marked() ? Promise.resolve().then(forget).catch(() => {}) : Promise.resolve();

if (self.document) {
  navigator.serviceWorker?.addEventListener("message", ({ data }) => data?.lost && (document.body.dataset.person ? leave() : forget().catch(() => {})));
  document.addEventListener("visibilitychange", () => marked() && leave());
}

self.lost = { cleaned, forget, heed };
