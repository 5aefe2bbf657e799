// A button beside each password shows and hides it.
for (const button of document.querySelectorAll("[data-reveal]")) {
  const field = document.getElementById(button.dataset.reveal);
  const hidden = { text: button.textContent, label: button.getAttribute("aria-label") };
  const shown = { text: button.dataset.hide, label: button.dataset.hideLabel };
  const reveal = (isShown) => {
    const words = isShown ? shown : hidden;
    field.type = isShown ? "text" : "password";
    button.textContent = words.text;
    button.setAttribute("aria-label", words.label);
  };
  button.hidden = false;
  button.addEventListener("click", () => reveal(field.type === "password"));
  // A shown password would be remembered by the browser as ordinary text.
  field.form.addEventListener("submit", () => reveal(false));
}
