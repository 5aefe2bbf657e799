// Follows a job: asks for its state at growing intervals, and loads the page again when it has ended.
const LONGEST_WAIT = 15000;

async function follow(place, wait) {
  await new Promise((resolve) => window.setTimeout(resolve, wait));
  if (document.hidden) {
    await new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
  }
  const answer = await fetch(place.dataset.pollUrl, { headers: { Accept: "application/json" } }).catch(() => null);
  if (answer && (answer.redirected || answer.status >= 400)) return;
  const state = answer && (await answer.json());
  if (state && !["queued", "building", "running"].includes(state.status)) {
    window.location.reload();
    return;
  }
  if (state) show(place, state.progress);
  follow(place, Math.min(wait * 1.5, LONGEST_WAIT));
}

function show(place, percent) {
  const bar = place.parentElement.querySelector("progress");
  const text = place.dataset.pollText.replace("0", percent);
  if (bar) bar.value = percent;
  if (place.textContent !== text) place.textContent = text;
}

for (const place of document.querySelectorAll("[data-poll-url]")) follow(place, 1500);
