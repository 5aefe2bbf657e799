// What a side says while it is sent: shown at once, read aloud every five seconds at most.
import { wrong } from "./upload_error.js";

const SPOKEN_EVERY = 5000;
const LOOK = { style: "unit", unit: "second", unitDisplay: "long" };
const SECONDS = new Intl.NumberFormat(document.documentElement.lang, LOOK);

export class Words {
  constructor(side, words, file) {
    Object.assign(this, { side, words, file, percent: 0, spoken: 0 });
    this.bar = side.querySelector("progress");
    this.aloud = side.closest("form").querySelector("[data-said]");
  }

  part(name) {
    return this.side.querySelector(`[data-${name}]`);
  }

  open(stop) {
    this.show(true);
    wrong(this, "");
    this.say(this.words.preparing);
    this.part("again").hidden = true;
    this.part("cancel").onclick = stop;
    this.part("cancel").focus();
  }

  show(isSending) {
    this.part("choice").hidden = isSending;
    this.part("sending").hidden = !isSending;
    this.part("half")?.remove();
    this.part("name").textContent = this.file.name;
  }

  progress(sent) {
    const now = performance.now();
    this.first ??= { sent, at: now };
    this.percent = Math.min(99, Math.floor((100 * sent) / this.file.size));
    this.bar.value = this.percent;
    const speed = (sent - this.first.sent) / (now - this.first.at) || this.file.size;
    const left = Math.ceil((this.file.size - sent) / speed / 1000);
    this.say(this.filled("progress", left), now - this.spoken > SPOKEN_EVERY);
  }

  broken(wait) {
    this.first = undefined;
    this.say(this.filled("broken", wait));
  }

  checking() {
    this.bar.removeAttribute("value");
    this.say(this.words.checking);
  }

  filled(name, left) {
    return this.words[name].replace("{percent}", this.percent).replace("{seconds}", SECONDS.format(left));
  }

  say(text, isAloud = true) {
    this.part("text").textContent = text;
    if (!isAloud) return;
    this.aloud.textContent = text;
    this.spoken = performance.now();
  }

}
