// The document of a case: larger, turned, next side, and closed when the time of the look is over.
const viewer = document.querySelector("[data-viewer]");
const sheets = [...(viewer?.querySelectorAll(".sheet") ?? [])];
const SIZES = ["", "larger", "largest"];
let current = 0;

function show(sheet) {
  const size = Number(sheet.dataset.size ?? 0);
  const turn = Number(sheet.dataset.turn ?? 0);
  sheet.className = ["sheet", SIZES[size], turn && `turned turn-${turn}`].filter(Boolean).join(" ");
}

function step(sheet, name, count) {
  sheet.dataset[name] = (Number(sheet.dataset[name] ?? 0) + 1) % count;
  show(sheet);
}

const ACTS = {
  zoom: () => step(sheets[current], "size", SIZES.length),
  turn: () => step(sheets[current], "turn", 4),
  next() {
    current = (current + 1) % sheets.length;
    sheets[current].focus();
    sheets[current].scrollIntoView({ block: "nearest" });
  },
};

function close() {
  viewer.querySelectorAll("figure, .viewer-tools").forEach((part) => part.remove());
  viewer.querySelector("[data-look-over]").hidden = false;
}

if (sheets.length) {
  const tools = viewer.querySelector(".viewer-tools");
  tools.hidden = false;
  tools.addEventListener("click", (event) => ACTS[event.target.closest("[data-act]")?.dataset.act]?.());
  sheets.forEach((sheet, place) => sheet.addEventListener("focus", () => { current = place; }));
  setTimeout(close, Number(viewer.dataset.viewer) * 1000);
}
