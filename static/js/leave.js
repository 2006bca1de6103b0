// Deletes what this phone keeps of a person when they sign out, also without a network, or when somebody else signs in (S6).
const person = document.body.dataset.person;
const PATIENCE = 8000;

const gentle = (work) => Promise.resolve(work).catch(() => {});

async function clean() {
  const registration = await navigator.serviceWorker?.getRegistration();
  const shown = (await registration?.getNotifications?.()) ?? [];
  shown.forEach((notice) => notice.close());
  const device = JSON.parse(localStorage.getItem("device") ?? "null");
  const subscription = await registration?.pushManager?.getSubscription();
  const taken = { id: device?.id ?? 0, endpoint: subscription?.endpoint };
  await gentle(Promise.race([subscription?.unsubscribe(), new Promise((go) => setTimeout(go, 2000))]));
  if (self.vault?.able) await vault.wipe();
  localStorage.clear();
  sessionStorage.clear();
  document.cookie = location.protocol === "https:" ? "__Host-away=; path=/; secure; max-age=0" : "away=; path=/; max-age=0";
  return taken;
}

// Without a response a cookie marks the login as left, since scripts can't delete its cookie: the server then ends it.
async function leave(form) {
  const unsent = self.vault?.able ? await outbox.send().catch(() => {}).then(() => outbox.all(person ?? localStorage.getItem("person"))) : [];
  if (unsent.length && !confirm(form.dataset.unsent)) return;
  const body = new FormData(form);
  const { id, endpoint } = await clean().catch(() => ({ id: 0 }));
  if (endpoint) body.set("endpoint", endpoint);
  try {
    const answer = await fetch(form.action, { method: "POST", body, signal: AbortSignal.timeout(PATIENCE) });
    if (!answer.ok) throw new Error("not taken");
  } catch {
    document.cookie = `${form.dataset.signOut}=${id}; path=/; max-age=2592000; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;
    const registration = await navigator.serviceWorker?.getRegistration();
    await gentle(registration?.sync?.register("left"));
  }
  location.replace("/sign-in");
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-sign-out]")) return;
  event.preventDefault();
  leave(event.target);
});

if (person) {
  const last = localStorage.getItem("person"), tab = sessionStorage.getItem("person");
  if (tab && tab !== person) sessionStorage.clear(); // each tab has its own
  sessionStorage.setItem("person", person);
  const arrived = () => localStorage.setItem("person", person);
  if (last && last !== person) gentle(forget(last)).then(arrived);
  else arrived();
  // A page restored from the back/forward cache is hidden and reloaded.
  addEventListener("pagehide", ({ persisted }) => { document.documentElement.hidden = persisted; });
  addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
}

// Deletes the last person's key, drafts, schedule and notifications; what they had sent off and is still unsent stays, and nobody reads it
// until they are back.
async function forget(last) {
  if (self.vault?.able) await vault.lock(last, ["unsent:"]);
  const registration = await navigator.serviceWorker?.getRegistration();
  for (const notice of (await registration?.getNotifications?.()) ?? []) notice.close();
}
