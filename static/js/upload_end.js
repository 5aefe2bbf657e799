// How sending a side ends: with the portal's own view of it, or with what went wrong.
import { call, Refused } from "./upload_call.js";
import { wrong } from "./upload_error.js";
import { load } from "./upload_page.js";

/** Puts the portal's own view of a side in its place and returns it; else the page is another by now. */
export async function arrive(side, words) {
  const page = await load();
  const fresh = page?.querySelector(`[data-side=${side.dataset.side}]`);
  if (!fresh) return;
  for (const place of ["[data-actions]", "[data-removals]"]) {
    document.querySelector(place).replaceWith(page.querySelector(place));
  }
  document.querySelector(".error-summary")?.remove();
  side.replaceWith(fresh);
  const place = fresh.querySelector("[data-arrived]");
  const told = [...place.querySelectorAll(":scope > p:first-child, .notice p")];
  words.aloud.textContent = told.map((part) => part.textContent).join(" ");
  place.focus();
  return fresh;
}

/** Says why a side did not arrive; offers another try where the same file may do. */
export function fail(fault, words, watch, retry) {
  if (!(fault instanceof Refused)) return drop(words, watch);
  if (!fault.mayPass) return leave(words, fault.message);
  const again = words.part("again");
  wrong(words, fault.message);
  words.bar.value = words.percent;
  words.part("cancel").onclick = () => drop(words, watch);
  again.onclick = retry;
  again.hidden = false;
  again.focus();
}

function drop(words, watch) {
  if (watch.uploadUrl) call(`${watch.uploadUrl}/cancel`, null, { ...watch, signal: null }).catch(() => {});
  leave(words, "");
  words.say(words.words.cancelled);
}

function leave(words, sentence) {
  words.show(false);
  wrong(words, sentence);
  words.part("choice").querySelector("p:last-child input").focus();
}
