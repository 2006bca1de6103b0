// Notes that the server has not confirmed yet: kept encrypted, sent again until it responds, taken once thanks to their id (R7).
// A note is {id, url, fields, at, when, what?, draft?, refused?}: `at` is the instant of the tap, `when` the session's time or the reader in
// words, `what` what it is if not an absence, `draft` what drafts.js keeps of it.
const UNSENT = "unsent:", REFUSED = [400, 404, 405, 409, 410, 413, 422];
const patience = () => AbortSignal.timeout?.(20_000);
const wire = self.BroadcastChannel && new BroadcastChannel("outbox");
const heard = [];
if (wire) wire.onmessage = ({ data }) => heard.forEach((listen) => listen(data));

function told(news) {
  wire?.postMessage(news);
  heard.forEach((listen) => listen(news));
}

// 2026-03-04T18:00:00.000-05:00
function instant(now = new Date()) {
  const ahead = -now.getTimezoneOffset(), two = (number) => String(Math.trunc(Math.abs(number))).padStart(2, "0");
  return new Date(now.getTime() + ahead * 60_000).toISOString().slice(0, 23) + (ahead < 0 ? "-" : "+") + `${two(ahead / 60)}:${two(ahead % 60)}`;
}

const all = async (person) => (await vault.all(UNSENT)).filter((row) => row.person === person).map((row) => row.value);

async function keep(person, note) {
  await vault.put(UNSENT + note.id, person, { at: instant(), ...note });
}

async function drop(id, sent = false) {
  for (const { person, value } of await vault.all(UNSENT + id)) if (value.draft) await vault.drop(await vault.named("draft:", person, value.draft));
  await vault.drop(UNSENT + id);
  told({ id, sent });
}

// Sends waiting notes of the signed-in person only: the token is bound to their login.
async function send() {
  if (!await vault.count(UNSENT)) return;
  const pass = await fetch("/me/token", { redirect: "manual", cache: "no-store", signal: patience(), headers: { "HX-Request": "true" } });
  await lost.heed(pass);
  if (pass.status !== 200) return;
  const { person, token } = await pass.json();
  await vault.arrive(String(person), token);
  for (const note of (await all(String(person))).filter((each) => !each.refused)) {
    const answer = await fetch(note.url, {
      method: "POST", redirect: "manual", signal: patience(), headers: { Accept: "application/json", "X-CSRFToken": token },
      body: new URLSearchParams({ ...note.fields, request_id: note.id, reported_at: note.at }),
    });
    const { taken, detail } = await answer.json().catch(() => ({}));
    if (taken) await drop(note.id, note);
    else if (REFUSED.includes(answer.status)) {
      await vault.put(UNSENT + note.id, String(person), { ...note, refused: detail || true });
      told({ id: note.id });
    }
  }
}

const alone = () => (navigator.locks ? navigator.locks.request("outbox", send) : send());
self.outbox = { all, keep, drop, send: alone, listen: (listener) => heard.push(listener) };
