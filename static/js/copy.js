// Copies the one field beside the button; the button shows only where that can work.
for (const button of document.querySelectorAll("[data-copy]")) {
  const field = button.closest("section")?.querySelector("[data-copied]");
  if (!field || !navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(field.value);
    document.dispatchEvent(new CustomEvent("announce", { detail: field.dataset.copied }));
  });
}
