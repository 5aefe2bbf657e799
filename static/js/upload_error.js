// Puts the error of a side in its place, as the page without script has it, or takes it away.
export function wrong(words, sentence) {
  const place = words.part("error");
  place.hidden = !sentence;
  place.lastElementChild.textContent = sentence;
  words.side.classList.toggle("has-error", Boolean(sentence));
  if (sentence) words.say(sentence);
}
