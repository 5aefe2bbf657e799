// One call to the portal: its JSON answer, or why there is none.
export class LineBroken extends Error {}
export class Cancelled extends Error {}
export class Refused extends Error {
  constructor(sentence, mayPass) {
    super(sentence);
    this.mayPass = mayPass;
  }
}

const LONGEST_WAIT = 120000;

/** Posts a body. `watch` has the form token, the words and an abort signal; `onSent` is told how many bytes went. */
export function call(url, body, watch, onSent = null) {
  return new Promise((resolve, reject) => {
    const line = new XMLHttpRequest();
    line.open("POST", url);
    line.responseType = "json";
    line.timeout = LONGEST_WAIT;
    line.setRequestHeader("X-CSRFToken", watch.token);
    if (body instanceof Blob) line.setRequestHeader("Content-Type", "application/octet-stream");
    if (onSent) line.upload.onprogress = (event) => onSent(event.loaded);
    line.onload = () => {
      const answer = line.response;
      if (answer && (line.status < 400 || "offset" in answer || answer.incomplete)) resolve(answer);
      else if (answer && answer.error) reject(new Refused(answer.error, answer.again));
      else if (line.status >= 500) reject(new LineBroken());
      // A page instead of an answer: the way to sign in, or a request that was sent meanwhile.
      else reject(new Refused(watch.words.changed, false));
    };
    line.onerror = line.ontimeout = () => reject(new LineBroken());
    line.onabort = () => reject(new Cancelled());
    watch.signal?.addEventListener("abort", () => line.abort());
    line.send(body);
  });
}
