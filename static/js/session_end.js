// Asks two minutes before the session ends whether to stay. What another tab uses of the session counts here too.
const line = document.querySelector("[data-session-end]");
const dialog = document.querySelector("[data-session-warning]");
const [ask, over, stay, close] = ["ask", "over", "stay", "close"].map((part) => dialog.querySelector(`[data-session-${part}]`));
const key = `session-end-${line.dataset.sessionOf}`;
let waiting;
let dismissed;

const end = () => Number(localStorage.getItem(key));

function endIn(seconds) {
  localStorage.setItem(key, Date.now() + seconds * 1000);
  watch();
}

function watch() {
  window.clearTimeout(waiting);
  const left = end() - Date.now();
  const unwarned = left - line.dataset.sessionWarned * 1000;
  say(left <= 0);
  if (unwarned > 0) dialog.close();
  else if (!dialog.open && dismissed !== end()) dialog.showModal();
  // A machine that slept wakes with its timers late, so none is long.
  if (left > 0) waiting = window.setTimeout(watch, Math.min(unwarned > 0 ? unwarned : left, 30000));
}

function say(isOver) {
  ask.hidden = isOver;
  over.hidden = !isOver;
}

function dismiss() {
  dismissed = end();
  dialog.close();
}

stay?.addEventListener("click", () =>
  fetch(stay.dataset.sessionStay, { redirect: "error" })
    .then((answer) => answer.json())
    .then((answer) => endIn(answer.seconds_left))
    .catch(() => say(true)),
);
close.addEventListener("click", dismiss);
dialog.addEventListener("cancel", dismiss);
window.addEventListener("storage", (event) => event.key === key && watch());
endIn(Number(line.dataset.sessionEnd));
