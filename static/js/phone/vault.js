// Encrypted storage on this phone: AES-GCM, each person's rows with their own key, which cannot leave this browser (S6). Pages and
// service worker share it. A row is {name, person, value}; name and person are authenticated, so that no row passes for another's.
// The key comes from the server while its person is signed in, and is here until they sign out or another person comes.
const AES = { name: "AES-GCM", length: 256 };
const WORDS = ["unsent:", "draft:"]; // they belong to who wrote them, and outlive the key

const base = () => new Promise((done, stop) => {
  const asked = indexedDB.open("kept", 1);
  asked.onupgradeneeded = () => ["key", "rows"].forEach((store) => asked.result.createObjectStore(store));
  asked.onsuccess = () => done(asked.result);
  asked.onerror = () => stop(asked.error);
});

async function within(stores, mode, work) {
  const opened = await base();
  try {
    return await new Promise((done, stop) => {
      const change = opened.transaction(stores, mode, { durability: "strict" });
      const asked = work(change);
      change.oncomplete = () => done(asked?.result);
      change.onabort = () => stop(change.error);
    });
  } finally {
    opened.close();
  }
}

const known = (person) => within("key", "readonly", (change) => change.objectStore("key").get(person));

// Fetches the key of the person who is signed in, unless it is here. Without a network or a login nothing changes.
async function arrive(person, token = self.document?.querySelector("meta[name=csrf-token]")?.content) {
  if (!token || await known(person)) return;
  const headers = { "HX-Request": "true", "X-CSRFToken": token };
  const answer = await fetch("/me/phone-key", { method: "POST", redirect: "manual", cache: "no-store", headers });
  if (answer.status !== 200) return;
  const told = await answer.json();
  if (String(told.person) !== person) return;
  const bytes = Uint8Array.from(atob(told.key), (letter) => letter.charCodeAt(0));
  const made = await crypto.subtle.importKey("raw", bytes, AES, false, ["encrypt", "decrypt"]);
  await within("key", "readwrite", (change) => change.objectStore("key").put(made, person));
}

const here = self.document?.body?.dataset.person;
const ready = Promise.resolve().then(() => lost.cleaned).then(() => here && able && arrive(here)).catch(() => {});

// The name of a row about `what`, which does not say what it is about.
async function named(kind, person, what) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`${person}:${what}`)));
  return kind + btoa(String.fromCharCode(...digest)).slice(0, 24);
}

const bound = (name, person) => new TextEncoder().encode(JSON.stringify([name, person]));

async function put(name, person, value) {
  await ready;
  if (!await known(person)) await arrive(person);
  const seal = { ...AES, iv: crypto.getRandomValues(new Uint8Array(12)), additionalData: bound(name, person) };
  const sealed = await crypto.subtle.encrypt(seal, await known(person), new TextEncoder().encode(JSON.stringify(value)));
  await within(["key", "rows"], "readwrite", (change) => {
    const there = change.objectStore("key").get(person);
    there.onsuccess = () => there.result && change.objectStore("rows").put({ name, person, iv: seal.iv, sealed }, name); // not after a wipe
  });
}

const rows = () => within("rows", "readonly", (change) => change.objectStore("rows").getAll());

// Rows whose key is here. Raises an error rather than return nothing, and never deletes a row that could not be read just now.
async function all(prefix) {
  await ready;
  const found = (await rows()).filter((row) => row.name.startsWith(prefix));
  const read = await Promise.all(found.map(async (row) => open(row, await known(row.person))));
  return read.filter(Boolean);
}

// How many rows there are, readable or not.
const count = async (prefix) => (await rows()).filter((row) => row.name.startsWith(prefix)).length;

// A row that was tampered with is left out; the others are returned.
async function open({ name, person, iv, sealed }, mine) {
  if (!mine) return;
  try {
    const plain = await crypto.subtle.decrypt({ ...AES, iv, additionalData: bound(name, person) }, mine, sealed);
    return { name, person, value: JSON.parse(new TextDecoder().decode(plain)) };
  } catch (error) {
    if (error.name !== "OperationError") throw error;
  }
}

const drop = (name) => within("rows", "readwrite", (change) => change.objectStore("rows").delete(name));
const wipe = () => within(["key", "rows"], "readwrite", (change) => ["key", "rows"].forEach((store) => change.objectStore(store).clear()));

// Forgets the key and all but unsent words, which nobody reads until their person is signed in here again; `person`: only theirs;
// `words`: which of them stay.
const lock = (person, words = WORDS) => within(["key", "rows"], "readwrite", (change) => {
  person ? change.objectStore("key").delete(person) : change.objectStore("key").clear();
  const kept = change.objectStore("rows").openCursor();
  kept.onsuccess = () => {
    const row = kept.result;
    if (!row) return;
    if (!words.some((prefix) => row.key.startsWith(prefix)) && (!person || row.value.person === person)) row.delete();
    row.continue();
  };
});

const able = Boolean(self.isSecureContext && self.indexedDB);
self.vault = { able, ready, arrive, named, put, all, count, drop, wipe, lock };
