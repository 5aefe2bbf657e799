// Keyboard shortcuts of staff pages: whatever carries data-shortcut is pressed by that key, outside fields only.

const isTyping = (target) => target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");

document.addEventListener("keydown", (event) => {
  if (event.altKey || event.metaKey || (event.ctrlKey && event.key !== "Enter")) return;
  const key = event.ctrlKey ? "ctrl+enter" : event.key.toLowerCase();
  if (!event.ctrlKey && isTyping(event.target)) return;
  const wanted = [...document.querySelectorAll("[data-shortcut]")].find((item) => item.dataset.shortcut === key);
  if (!wanted) return;
  event.preventDefault();
  if (wanted.matches("input[type=text], input[type=search], textarea")) wanted.focus();
  else wanted.click();
});
