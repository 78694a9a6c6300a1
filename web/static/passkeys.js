// Passkeys: a form that the browser's authenticator fills in, and that is then sent like any other.
(() => {
  const { startAuthentication, startRegistration, browserSupportsWebAuthn } = window.SimpleWebAuthnBrowser;

  const send = async (form) => {
    const said = form.querySelector("[data-said]");
    const token = form.querySelector("[name=csrf_token]");
    said.hidden = true;
    try {
      const answer = await fetch(form.dataset.options, { method: "POST", headers: token ? { "x-csrf-token": token.value } : {} });
      if (answer.redirected || answer.status === 403) { location.reload(); return; }
      if (!answer.ok) throw new Error(String(answer.status));
      const optionsJSON = await answer.json();
      const start = form.dataset.passkey === "make" ? startRegistration : startAuthentication;
      form.querySelector("[name=credential]").value = JSON.stringify(await start({ optionsJSON }));
      form.submit();
    } catch (error) {
      said.textContent = error.name === "InvalidStateError" ? form.dataset.known : form.dataset.refused;
      said.hidden = false;
    }
  };

  for (const form of document.querySelectorAll("[data-passkey]")) {
    if (!browserSupportsWebAuthn()) { form.remove(); continue; }
    form.addEventListener("submit", (event) => { event.preventDefault(); send(form); });
  }
})();
