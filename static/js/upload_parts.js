// Sends a file in parts; after a broken line it asks the portal how far it came and goes on from there.
import { call, LineBroken, Refused } from "./upload_call.js";
import { digestOf, pause } from "./upload_file.js";

const WAITS = [1, 2, 4, 8, 15, 30];

/** Returns when the side has arrived. Throws `Refused` or `Cancelled`. */
export async function send(file, place, watch) {
  const digest = await digestOf(file).catch(() => {
    throw new Refused(watch.words.unreadable, false);
  });
  let tries = -1;
  let best = 0;
  for (;;) {
    try {
      return await attempt(file, { ...place, size: file.size, digest }, watch);
    } catch (fault) {
      if (!(fault instanceof LineBroken)) throw fault;
    }
    // Only waiting without any progress is given up.
    tries = watch.offset > best ? 0 : tries + 1;
    best = Math.max(best, watch.offset);
    if (tries >= WAITS.length) throw new Refused(watch.words.lost, true);
    watch.onBroken(WAITS[tries]);
    await pause(WAITS[tries], watch.signal);
  }
}

async function attempt(file, asked, watch) {
  const begun = await call(watch.url, new URLSearchParams(asked), watch);
  if (begun.arrived) return;
  watch.uploadUrl = begun.url;
  let answer = begun;
  while (!answer.arrived) {
    watch.offset = answer.offset;
    watch.onProgress(0);
    answer = watch.offset < file.size ? await sendPart(file, begun, watch) : await finish(begun, watch);
  }
}

async function sendPart(file, begun, watch) {
  const part = file.slice(watch.offset, watch.offset + begun.part);
  const answer = await call(`${begun.url}/${watch.offset}`, part, watch, watch.onProgress);
  if (answer.incomplete) throw new LineBroken();
  return answer;
}

function finish(begun, watch) {
  watch.onChecking();
  return call(`${begun.url}/finish`, null, watch);
}
