// Recovery codes: print them, or copy them.
document.addEventListener("click", ({ target }) => {
  if (target.closest?.("[data-print]")) print();
  const copy = target.closest?.("[data-copy]");
  if (copy) {
    const text = [...document.querySelectorAll(`${copy.dataset.copy} li`)].map((each) => each.textContent.trim()).join("\n");
    navigator.clipboard?.writeText(text).then(() => document.dispatchEvent(new CustomEvent("announce", { detail: { text: copy.dataset.done } })));
  }
});
