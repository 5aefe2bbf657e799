// “?” lists the shortcuts of a staff page; a box there turns them off in this browser.
const dialog = document.querySelector("[data-shortcuts]");
const isOn = document.getElementById("shortcuts-on");
const opener = document.querySelector("[data-open-shortcuts]");

function addRow(item) {
  const row = dialog.querySelector("tbody").insertRow();
  const name = document.createElement("th");
  name.scope = "row";
  name.textContent = (item.labels?.[0] ?? item.firstChild).textContent;
  row.append(name);
  row.insertCell().append(...item.dataset.shortcut.split("+").flatMap(keyOf));
}

function keyOf(name) {
  const key = document.createElement("kbd");
  key.textContent = { ctrl: "Ctrl", enter: dialog.dataset.enter }[name] ?? name.toUpperCase();
  return [key, " "];
}

// A page says which keys it knows only where they work.
function showKeys() {
  document.querySelectorAll("[data-keys]").forEach((keys) => { keys.hidden = !isOn.checked; });
}

if (dialog) {
  document.querySelectorAll("[data-shortcut]").forEach(addRow);
  isOn.checked = localStorage.getItem("shortcuts") !== "off";
  showKeys();
  isOn.addEventListener("change", () => {
    localStorage.setItem("shortcuts", isOn.checked ? "on" : "off");
    showKeys();
  });
  opener.hidden = false;
  opener.addEventListener("click", () => dialog.showModal());
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
}
