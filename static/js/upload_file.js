// What is read of a file before it is sent, and the pause between two tries.
import { Cancelled } from "./upload_call.js";

export async function digestOf(file) {
  const bytes = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Waits some seconds, less when the line comes back, and no longer once it was cancelled. */
export function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    window.setTimeout(resolve, seconds * 1000);
    window.addEventListener("online", resolve, { once: true });
    signal.addEventListener("abort", () => reject(new Cancelled()));
  });
}
