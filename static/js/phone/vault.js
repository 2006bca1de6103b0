// Encrypted storage on this phone: AES-GCM with a key that cannot leave this browser (S6). Pages and service worker share it.
// A row is {name, person, value}; name and person are authenticated, so that no row passes for another's.
const AES = { name: "AES-GCM", length: 256 };

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

const known = () => within("key", "readonly", (change) => change.objectStore("key").get(1));

async function key() {
  const mine = await known();
  if (mine) return mine;
  const made = await crypto.subtle.generateKey(AES, false, ["encrypt", "decrypt"]);
  await within("key", "readwrite", (change) => change.objectStore("key").add(made, 1)).catch(() => {}); // another tab was first
  return known();
}

const bound = (name, person) => new TextEncoder().encode(JSON.stringify([name, person]));

async function put(name, person, value) {
  const seal = { ...AES, iv: crypto.getRandomValues(new Uint8Array(12)), additionalData: bound(name, person) };
  const sealed = await crypto.subtle.encrypt(seal, await key(), new TextEncoder().encode(JSON.stringify(value)));
  await within(["key", "rows"], "readwrite", (change) => {
    const there = change.objectStore("key").get(1);
    there.onsuccess = () => there.result && change.objectStore("rows").put({ name, person, iv: seal.iv, sealed }, name); // not after a wipe
  });
}

// Raises an error rather than return nothing, and never deletes a row that could not be read just now.
async function all(prefix) {
  const mine = await known();
  const rows = await within("rows", "readonly", (change) => change.objectStore("rows").getAll());
  const read = await Promise.all(rows.filter((row) => row.name.startsWith(prefix)).map((row) => open(row, mine)));
  return read.filter(Boolean);
}

// A row that was tampered with is left out; the others are returned.
async function open({ name, person, iv, sealed }, mine) {
  try {
    const plain = await crypto.subtle.decrypt({ ...AES, iv, additionalData: bound(name, person) }, mine, sealed);
    return { name, person, value: JSON.parse(new TextDecoder().decode(plain)) };
  } catch (error) {
    if (error.name !== "OperationError") throw error;
  }
}

const drop = (name) => within("rows", "readwrite", (change) => change.objectStore("rows").delete(name));
const wipe = () => within(["key", "rows"], "readwrite", (change) => ["key", "rows"].forEach((store) => change.objectStore(store).clear()));

self.vault = { able: Boolean(self.isSecureContext && self.indexedDB), put, all, drop, wipe };
