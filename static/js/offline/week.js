// Shows the kept schedule without a network on the person's own phone; notes written here go to the outbox.
const place = document.getElementById("week");
const list = place.querySelector("ul"), [row, chip] = place.querySelectorAll("template");

function choice([value, words]) {
  const made = chip.content.cloneNode(true);
  made.querySelector("input").value = value;
  made.querySelector("span").textContent = words;
  return made;
}

function line(session, reasons) {
  const made = row.content.cloneNode(true), find = (selector) => made.querySelector(selector);
  find("[data-day]").textContent = session.day;
  find("[data-span]").textContent = session.span;
  session.join_url ? (find("a").href = session.join_url) : find("a").remove();
  if (session.told) {
    find("details").remove();
    return made;
  }
  find(".tag").remove();
  const form = find("form");
  form.action = session.url;
  form.dataset.outbox = `${session.day}, ${session.span}`;
  form.elements.request_id.value = crypto.randomUUID();
  form.querySelector(".chips").append(...reasons.map(choice));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    form.closest("details").open = false;
    form.dispatchEvent(new CustomEvent("htmx:error", { bubbles: true })); // as after a failed request, so that unsent.js keeps it
  });
  return made;
}

async function show() {
  const [kept] = self.vault?.able ? await vault.all("week") : [];
  if (!kept || kept.person !== localStorage.getItem("person")) return;
  const ahead = kept.value.sessions.filter((session) => Date.parse(session.ends_at) > Date.now());
  list.append(...ahead.map((session) => line(session, kept.value.reasons)));
  place.hidden = !ahead.length;
  document.dispatchEvent(new Event("htmx:after:swap"));
}

const left = document.querySelector("[data-left]");
left.hidden = !document.cookie.split("; ").some((cookie) => cookie.startsWith(`${left.dataset.left}=`));
show();
