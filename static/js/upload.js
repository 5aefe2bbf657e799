// Sends each side of a document as soon as its file is chosen; the form itself still works without this.
import { Cancelled, Refused } from "./upload_call.js";
import { arrive, fail } from "./upload_end.js";
import { send } from "./upload_parts.js";
import { Words } from "./upload_words.js";

const form = document.querySelector("form[data-uploads]");
const texts = form.dataset;
const running = new Set();
let isWaiting = false;

function wire(side) {
  for (const input of side.querySelectorAll("input[type=file]")) {
    input.addEventListener("change", () => {
      const file = input.files[0];
      if (file) start(side, file);
      // Sent already, it must not go with the form once more.
      input.value = "";
    });
  }
}

async function start(side, file) {
  const stopper = new AbortController();
  const words = new Words(side, texts, file);
  const watch = {
    token: form.elements.csrf_token.value,
    url: texts.uploads,
    words: texts,
    signal: stopper.signal,
    offset: 0,
    onProgress: (bytes) => words.progress(Math.min(file.size, watch.offset + bytes)),
    onBroken: (wait) => words.broken(wait),
    onChecking: () => words.checking(),
  };
  running.add(side);
  words.open(() => stopper.abort());
  try {
    await send(file, { paper: texts.paper, side: side.dataset.side }, watch);
    const fresh = await arrive(side, words);
    if (fresh) wire(fresh);
  } catch (fault) {
    if (!(fault instanceof Refused || fault instanceof Cancelled)) throw fault;
    isWaiting = false;
    fail(fault, words, watch, () => start(side, file));
  } finally {
    running.delete(side);
  }
  if (isWaiting && !running.size) form.requestSubmit();
}

form.addEventListener("submit", (event) => {
  if (!running.size) return;
  event.preventDefault();
  isWaiting = true;
  form.querySelector("[data-said]").textContent = texts.waiting;
});
for (const side of form.querySelectorAll("[data-side]")) wire(side);
