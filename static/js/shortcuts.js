// Staff keyboard: what carries data-shortcut is pressed by that key, outside fields only (WCAG 2.1.4).
const dialog = document.querySelector("[data-shortcuts]");
const isOn = document.getElementById("shortcuts-on");
const TYPED = "textarea, select, [contenteditable], input:not([type=checkbox], [type=radio])";

// French keyboards need Shift for digits: the key in that place counts.
const keyOf = (event) => (event.ctrlKey ? "ctrl+" : "") + (/^Digit\d$/.test(event.code) ? event.code[5] : event.key.toLowerCase());
const isInSight = (item) => item.getClientRects().length > 0;

function press(item) {
  item.focus();
  if (!item.matches(TYPED)) item.click();
  // What has to be written after such a choice is the next stop: one key less for each case.
  document.getElementById(item.dataset.then ?? "")?.focus();
}

function move(step) {
  const rows = [...document.querySelectorAll(".fold tbody th a")];
  const next = rows.indexOf(document.activeElement) + step;
  rows[Math.min(Math.max(next, 0), rows.length - 1)]?.focus();
}

document.addEventListener("keydown", (event) => {
  const key = keyOf(event);
  const isSend = key === "ctrl+enter";
  if (!isOn?.checked || dialog.open || event.altKey || event.metaKey || (event.ctrlKey && !isSend)) return;
  if (!isSend && event.target.closest(TYPED)) return;
  const item = [...document.querySelectorAll("[data-shortcut]")].find((each) => each.dataset.shortcut === key && isInSight(each));
  if (item) press(item);
  else if (key === "j" || key === "k") move(key === "j" ? 1 : -1);
  else return;
  event.preventDefault();
});
