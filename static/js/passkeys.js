// Passkeys: a form with data-passkey gets a challenge from the server and has the browser answer it, then is sent.
const knows = window.PublicKeyCredential;

async function answer(form) {
  const asked = await fetch(form.dataset.options, { method: "POST", body: new FormData(form) });
  // Signed out, too late, or asked for the password again: the page says it better.
  if (asked.redirected) return window.location.reload();
  if (!asked.ok) throw new Error(asked.statusText);
  const options = await asked.json();
  const credential = form.dataset.passkey === "create"
    ? await navigator.credentials.create({ publicKey: knows.parseCreationOptionsFromJSON(options) })
    : await navigator.credentials.get({ publicKey: knows.parseRequestOptionsFromJSON(options) });
  form.elements.credential.value = JSON.stringify(credential.toJSON());
  return form.submit();
}

for (const form of knows?.parseRequestOptionsFromJSON ? document.querySelectorAll("[data-passkey]") : []) {
  const button = form.querySelector("button");
  const state = form.querySelector("[role=status]");
  form.querySelector("[data-without]").hidden = true;
  button.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    state.textContent = state.dataset.waiting;
    try {
      await answer(form);
    } catch (error) {
      state.textContent = error.name === "InvalidStateError" ? state.dataset.known : state.dataset.failed;
      button.disabled = false;
    }
  });
}
