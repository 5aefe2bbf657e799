// Says how many characters are left once three quarters are used; read aloud from nine tenths on.
for (const line of document.querySelectorAll("[data-counter]")) {
  const field = document.getElementById(line.dataset.counter);
  const most = Number(line.dataset.most);
  let waiting;
  const count = () => {
    // As the server counts: composed code points, a line end as one, no blanks around the text.
    const length = [...field.value.normalize("NFC").trim()].length;
    const left = most - length;
    line.setAttribute("aria-live", length >= most * 0.9 ? "polite" : "off");
    line.classList.toggle("error", left < 0);
    line.textContent = length < most * 0.75 ? "" : `${left < 0 ? line.dataset.over : line.dataset.left} ${Math.abs(left)}`;
  };
  field.addEventListener("input", () => {
    window.clearTimeout(waiting);
    waiting = window.setTimeout(count, 400);
  });
  count();
}
