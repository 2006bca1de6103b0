// Typed text outlives an expired sign-in, a lost network and a reload, for this person and this tab only.
// <form data-keep="name"> is kept as it is typed; <… data-sent="name"> in an answer says it arrived.
const person = document.body.dataset.person;
const key = (form) => `draft:${person}:${form.dataset.keep}`;
const written = (form) => [...form.querySelectorAll("textarea, input[type=text]")].filter((field) => field.name);

function keep({ target }) {
  const form = target.closest?.("form[data-keep]");
  if (form) sessionStorage.setItem(key(form), JSON.stringify(Object.fromEntries(written(form).map((field) => [field.name, field.value]))));
}

function restore() {
  for (const sent of document.querySelectorAll("[data-sent]")) sessionStorage.removeItem(`draft:${person}:${sent.dataset.sent}`);
  for (const form of document.querySelectorAll("form[data-keep]")) {
    const kept = JSON.parse(sessionStorage.getItem(key(form)) ?? "{}");
    for (const field of written(form)) if (!field.value && kept[field.name]) field.value = kept[field.name];
  }
}

if (person) {
  restore();
  document.addEventListener("input", keep);
  document.addEventListener("htmx:after:swap", restore);
}
