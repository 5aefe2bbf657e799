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

// What one looks at stays in the middle: otherwise a large picture that is turned shows its empty corner.
function step(sheet, name, count, moved) {
  const [x, y] = moved(
    (sheet.scrollLeft + sheet.clientWidth / 2) / sheet.scrollWidth,
    (sheet.scrollTop + sheet.clientHeight / 2) / sheet.scrollHeight,
  );
  sheet.dataset[name] = (Number(sheet.dataset[name] ?? 0) + 1) % count;
  show(sheet);
  sheet.scrollTo(x * sheet.scrollWidth - sheet.clientWidth / 2, y * sheet.scrollHeight - sheet.clientHeight / 2);
}

const ACTS = {
  zoom: () => step(sheets[current], "size", SIZES.length, (x, y) => [x, y]),
  turn: () => step(sheets[current], "turn", 4, (x, y) => [1 - y, x]),
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
