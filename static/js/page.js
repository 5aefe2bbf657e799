// Small helps on every page. Without this file every page still works.

const menu = document.querySelector("[data-menu]");
const navigation = document.getElementById("navigation");
if (menu && navigation) {
  const narrow = window.matchMedia("(max-width: 47.99rem)");
  const show = (open) => {
    menu.hidden = !narrow.matches;
    navigation.hidden = narrow.matches && !open;
    menu.setAttribute("aria-expanded", String(open));
  };
  menu.addEventListener("click", () => show(menu.getAttribute("aria-expanded") !== "true"));
  narrow.addEventListener("change", () => show(false));
  document.documentElement.classList.add("has-menu");
  show(false);
}

document.querySelector("[data-focus]")?.focus();

for (const button of document.querySelectorAll("[data-reveal]")) {
  const field = document.getElementById(button.dataset.reveal);
  const [show, hide] = [button.textContent, button.dataset.hideText];
  button.hidden = false;
  button.addEventListener("click", () => {
    const reveal = field.type === "password";
    field.type = reveal ? "text" : "password";
    button.textContent = reveal ? hide : show;
    button.setAttribute("aria-pressed", String(reveal));
  });
  field.form.addEventListener("submit", () => { field.type = "password"; });
}

for (const place of document.querySelectorAll("[data-poll-url]")) {
  const ask = async (wait) => {
    const answer = await fetch(place.dataset.pollUrl, { headers: { Accept: "application/json" } }).catch(() => null);
    const state = answer && answer.ok ? await answer.json() : null;
    if (state && !["queued", "building"].includes(state.status)) return window.location.reload();
    if (state) place.textContent = place.dataset.pollText.replace("0", state.progress);
    window.setTimeout(ask, wait, Math.min(wait * 1.5, 15000));
  };
  window.setTimeout(ask, 1000, 1500);
}
