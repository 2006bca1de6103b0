// The self-test: round trip and speed to our own server, microphone and camera, browser, clock.
// Nothing is recorded; tracks are stopped at once. The results are sent only with a request for help.
const panel = document.querySelector("[data-self-test]");
const part = (name) => panel.querySelector(`[data-part=${name}]`);
const SLOW_TRIP = 400, SLOW_KBIT = 1000, WRONG_CLOCK = 60, TRIES = 5, PATIENCE = 30_000;
const within = (ms) => ({ cache: "no-store", signal: AbortSignal.timeout(ms) });
const middle = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];

async function network(told) {
  const trips = [], skews = [];
  try {
    for (let n = 0; n < TRIES; n++) {
      const began = performance.now(), sent = Date.now();
      const { at } = await (await fetch("/help-connecting/pulse", within(6000))).json();
      trips.push(Math.round((performance.now() - began) * 10) / 10);
      skews.push((sent + Date.now()) / 2000 - at);
    }
    const began = performance.now();
    const bytes = (await (await fetch("/help-connecting/sample", within(10000))).arrayBuffer()).byteLength;
    const seconds = Math.max(performance.now() - began - middle(trips) / 2, 1) / 1000;
    told.facts.kbit = Math.round(bytes * 8 / 1000 / seconds);
  } catch {
    if (!trips.length) return "missing";
    told.facts.kbit = 0;
  }
  told.round_trip = middle(trips);
  told.facts.round_trips = trips;
  told.facts.skew = Math.round(middle(skews) * 10) / 10;
  return told.round_trip > SLOW_TRIP || told.facts.kbit < SLOW_KBIT ? "weak" : "good";
}

const ENDS = { NotAllowedError: "blocked", SecurityError: "blocked", NotFoundError: "missing", OverconstrainedError: "missing", NotReadableError: "busy", AbortError: "busy" };

async function device(name, told) {
  const media = navigator.mediaDevices;
  if (!media?.getUserMedia) return "unknown";
  const kind = name === "camera" ? "video" : "audio";
  try {
    const asked = media.getUserMedia({ [kind]: true });
    const stream = await Promise.race([asked, new Promise((go) => setTimeout(go, PATIENCE))]);
    if (!stream) return asked.then((late) => late.getTracks().forEach((track) => track.stop()), () => {}), "unknown";
    const live = stream.getTracks().some((track) => track.readyState === "live");
    stream.getTracks().forEach((track) => track.stop());
    return live ? "good" : "unknown";
  } catch (error) {
    told.facts[`${name}_trouble`] = error.name;
    return ENDS[error.name] ?? "unknown";
  }
}

function browser() {
  if (!isSecureContext || !("RTCPeerConnection" in window)) return "missing";
  return "getUserMedia" in (navigator.mediaDevices ?? {}) && "structuredClone" in window ? "good" : "weak";
}

async function look() {
  const told = { results: {}, facts: { screen: `${screen.width}×${screen.height}` } }, { results, facts } = told;
  if (navigator.connection?.effectiveType) facts.connection = navigator.connection.effectiveType;
  results.browser = browser();
  results.network = await network(told);
  results.clock = facts.skew === undefined ? "unknown" : Math.abs(facts.skew) > WRONG_CLOCK ? "weak" : "good";
  results.microphone = await device("microphone", told);
  results.camera = await device("camera", told);
  const found = await navigator.mediaDevices?.enumerateDevices?.().catch(() => []) ?? [];
  facts.cameras = found.filter((each) => each.kind === "videoinput").length;
  facts.microphones = found.filter((each) => each.kind === "audioinput").length;
  return told;
}

function show({ results }) {
  const fine = (name) => results[name] === "good" || results[name] === "unknown";
  for (const row of panel.querySelectorAll("[data-check]")) {
    row.classList.toggle("self-test-found", !fine(row.dataset.check));
    for (const words of row.querySelectorAll("[data-result]")) words.hidden = words.dataset.result !== results[row.dataset.check];
  }
  const good = Object.keys(results).every(fine);
  for (const sum of panel.querySelectorAll("[data-sum]")) sum.hidden = (sum.dataset.sum === "good") !== good;
}

async function run() {
  for (const button of panel.querySelectorAll("[data-start]")) button.disabled = true;
  part("before").hidden = part("after").hidden = panel.querySelector(":scope > [data-start]").hidden = true;
  part("busy").hidden = false;
  const told = await look();
  show(told);
  panel.querySelector("[data-told]").value = JSON.stringify(told);
  for (const button of panel.querySelectorAll("[data-start]")) button.disabled = false;
  part("busy").hidden = true;
  part("after").hidden = false;
  panel.querySelector("[data-sum]:not([hidden])").focus();
}

if (panel) {
  panel.hidden = false;
  panel.addEventListener("click", ({ target }) => target.closest("[data-start]") && run());
}
