// The passkeys' island: asks the node for a question, the device for the answer, and brings the answer back.

const able = window.PublicKeyCredential && PublicKeyCredential.parseRequestOptionsFromJSON;

async function post(address, body) {
  const token = document.querySelector("meta[name=form-token]").content;
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": token };
  const answer = await fetch(address, { method: "POST", headers, body: JSON.stringify(body) });
  const told = await answer.json();
  if (!answer.ok) throw new Error(`${told.title} ${told.detail}`);
  return told;
}

function island(button, run) {
  if (!able) return;
  const refused = document.querySelector("[data-passkey-refused]");
  const usual = refused?.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    button.disabled = true;
    if (refused) refused.hidden = true;
    try {
      location.assign((await run()).then);
    } catch (error) {
      if (refused) {
        refused.textContent = error.name === "Error" ? error.message : usual || error.message;
        refused.hidden = false;
      }
      button.disabled = false;
    }
  });
}

for (const button of document.querySelectorAll("[data-passkey]")) {
  const { passkey: address, next } = button.dataset;
  island(button, async () => {
    const question = await post(`${address}/question`, {});
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(question);
    const answer = await navigator.credentials.get({ publicKey });
    return post(address, { answer: answer.toJSON(), next });
  });
}

for (const button of document.querySelectorAll("[data-new-passkey]")) {
  const address = button.dataset.newPasskey;
  island(button, async () => {
    const question = await post(`${address}/question`, {});
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(question);
    const answer = await navigator.credentials.create({ publicKey });
    return post(address, { answer: answer.toJSON() });
  });
}
