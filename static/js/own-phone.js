// "This is my own phone": keeps the next two weeks encrypted for the offline page. Off until switched on (S6).
const me = document.body.dataset.person;
const FRESH = 600_000;
const box = document.querySelector("[data-own-phone]");

async function kept() {
  const [week] = await vault.all("week");
  return week?.person === me ? week.value : null;
}

async function fetchWeek() {
  const answer = await fetch("/me/kept-schedule", { redirect: "manual", cache: "no-store" });
  if (answer.ok) await vault.put("week", me, { ...(await answer.json()), at: Date.now() });
  return answer.ok;
}

async function change() {
  const done = box.checked ? await fetchWeek().catch(() => false) : await vault.drop("week").then(() => true);
  if (!done) {
    box.checked = false;
    document.dispatchEvent(new CustomEvent("announce", { detail: { text: box.dataset.trouble } }));
  }
}

if (me && self.vault?.able) {
  if (box) {
    box.closest("[hidden]")?.removeAttribute("hidden");
    box.disabled = true;
  }
  kept().catch(() => null).then((week) => {
    if (box) {
      box.disabled = false;
      box.checked = Boolean(week);
      box.addEventListener("change", change);
    }
    if (week && Date.now() - week.at > FRESH) return fetchWeek();
  }).catch(() => {});
  outbox.listen(({ sent }) => sent && kept().then((week) => week && fetchWeek()).catch(() => {}));
}
