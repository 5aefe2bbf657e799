// On a narrow screen the links of the header fold under a button; without this file they are all in sight.
const button = document.querySelector("[data-menu]");
const menu = document.getElementById("site-menu");
const narrow = window.matchMedia("(max-width: 47.99rem)");

function show(open) {
  button.hidden = !narrow.matches;
  menu.hidden = narrow.matches && !open;
  button.setAttribute("aria-expanded", String(open));
}

if (button && menu) {
  document.documentElement.classList.add("scripted");
  button.addEventListener("click", () => show(menu.hidden));
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !narrow.matches) return;
    show(false);
    button.focus();
  });
  narrow.addEventListener("change", () => show(false));
  show(false);
}
