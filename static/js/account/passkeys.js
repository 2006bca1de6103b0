// Passkeys: adding one, and signing in with one. <form data-passkey="create|get"> has the address of the challenge (data-question)
// and of the response (data-answer); the server's message is shown in its [data-said].
const bytes64 = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
const text64 = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const AGAIN = 4 * 60_000;
let waiting = null;

const token = (form) => form.querySelector("[name=csrf_token]").value;

async function send(form, url, body) {
  const answer = await fetch(url, {
    method: "POST", body: JSON.stringify(body), headers: { "X-CSRFToken": token(form), "Content-Type": "application/json" },
  });
  const said = await answer.json().catch(() => ({}));
  if (answer.ok) return said;
  if (said.to) location.assign(said.to);
  throw new Error(said.detail ?? "");
}

function read(kind, options) {
  const [parse, ids] = kind === "create" ? ["parseCreationOptionsFromJSON", "excludeCredentials"] : ["parseRequestOptionsFromJSON", "allowCredentials"];
  if (PublicKeyCredential[parse]) return PublicKeyCredential[parse](options);
  const known = { ...options, challenge: bytes64(options.challenge), [ids]: (options[ids] ?? []).map((each) => ({ ...each, id: bytes64(each.id) })) };
  return options.user ? { ...known, user: { ...options.user, id: bytes64(options.user.id) } } : known;
}

function written(made) {
  if (made.toJSON) return made.toJSON();
  const response = { transports: made.response.getTransports?.() };
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (made.response[name]) response[name] = text64(made.response[name]);
  }
  return { id: made.id, rawId: text64(made.rawId), type: made.type, response, clientExtensionResults: made.getClientExtensionResults() };
}

async function prove(form, quietly) {
  waiting?.abort();
  const mine = waiting = new AbortController();
  const kind = form.dataset.passkey;
  const publicKey = read(kind, await send(form, form.dataset.question, {}));
  const made = await navigator.credentials[kind]({ publicKey, signal: mine.signal, ...(quietly && { mediation: "conditional" }) });
  const said = await send(form, form.dataset.answer, { answer: written(made), next: form.dataset.next, name: form.querySelector("[name=name]")?.value });
  if (!form.dataset.then) return location.assign(said.to);
  const after = document.getElementById(form.dataset.then);
  after.querySelector("[name=csrf_token]").value = said.token;
  after.submit();
}

const stopped = (error) => ["AbortError", "NotAllowedError"].includes(error.name);

function tell(form, words) {
  const place = form.querySelector("[data-said]");
  place.textContent = words;
  place.hidden = !words;
}

async function press(form) {
  const button = form.querySelector("button");
  button.disabled = true;
  tell(form, "");
  await prove(form).catch((error) => {
    if (error.name === "InvalidStateError") tell(form, form.dataset.known);
    else if (!stopped(error)) tell(form, error.message || form.dataset.trouble);
  });
  button.disabled = false;
  offer();
}

// Offers passkeys in the browser's autofill; fetches a new challenge before the old one expires.
async function offer() {
  const form = document.querySelector("form[data-passkey=get][data-offer]");
  if (!form || !await PublicKeyCredential.isConditionalMediationAvailable?.()) return;
  clearTimeout(offer.timer);
  offer.timer = setTimeout(offer, AGAIN);
  prove(form, true).catch((error) => { if (!stopped(error)) tell(form, error.message); });
}

if (window.PublicKeyCredential) {
  for (const form of document.querySelectorAll("form[data-passkey]")) form.hidden = false;
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form[data-passkey]")) return;
    event.preventDefault();
    press(event.target);
  });
  offer();
}
