// A file goes from here straight to the store, in parts, and goes on where it broke off.
// https://cloud.google.com/storage/docs/performing-resumable-uploads
const form = document.getElementById("upload");
const PART = 8 * 1024 * 1024; // a multiple of 256 KiB, as the store wants
const TRIES = 5;

if (form) {
  const input = form.querySelector("input[type=file]");
  const button = form.querySelector("button");
  const sending = form.querySelector(".sending");
  const bar = sending.querySelector("progress");
  const status = sending.querySelector("[role=status]");
  const wrong = document.getElementById("file-wrong");
  button.disabled = false;

  function refuse(message) {
    wrong.textContent = message;
    wrong.hidden = false;
    input.setAttribute("aria-invalid", "true");
    sending.hidden = true;
    button.disabled = input.disabled = false;
    input.focus();
  }

  function show(sent, total) {
    const share = total ? Math.floor((100 * sent) / total) : 100;
    bar.value = share;
    if (share % 10 === 0 && status.dataset.share !== String(share)) {
      status.dataset.share = share; // said aloud at every tenth alone
      status.textContent = `${share} % of ${input.files[0].name} sent`;
    }
  }

  // One PUT; resolves to the number of bytes that have arrived, or to null when all have.
  function put(url, range, body, sent) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("PUT", url);
      request.setRequestHeader("Content-Range", range);
      request.upload.addEventListener("progress", (event) => sent(event.loaded));
      request.addEventListener("load", () => {
        if (request.status === 200 || request.status === 201) resolve(null);
        else if (request.status === 308) {
          const range = request.getResponseHeader("Range");
          resolve(range ? Number(range.split("-")[1]) + 1 : 0);
        } else if (request.status >= 500) reject(new Error("broken"));
        else resolve(NaN);
      });
      request.addEventListener("error", () => reject(new Error("broken")));
      request.send(body);
    });
  }

  async function send(url, file) {
    let at = 0;
    for (let tries = 0; ; ) {
      try {
        if (tries) {
          await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** tries));
          at = await put(url, `bytes */${file.size}`, null, () => {});
          if (at === null) return true;
        }
        const end = Math.min(at + PART, file.size);
        const range = `bytes ${at}-${end - 1}/${file.size}`;
        const from = at;
        at = await put(url, range, file.slice(at, end), (more) => show(from + more, file.size));
        if (at === null) return true;
        if (Number.isNaN(at)) return false;
        show(at, file.size);
        tries = 0;
      } catch {
        tries += 1;
        if (tries === TRIES) return false;
      }
    }
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const file = input.files[0];
    const most = Number(form.dataset.most);
    if (!file) return refuse("Choose a file first.");
    if (!file.size) return refuse("This file is empty.");
    if (file.size > most) return refuse(`This file has ${file.size} bytes, more than the ${most} that may come.`);
    wrong.hidden = true;
    input.removeAttribute("aria-invalid");
    sending.hidden = false;
    const fields = new FormData(form);
    fields.delete("file");
    button.disabled = input.disabled = true;
    show(0, file.size);
    const begun = await fetch(form.action, { method: "POST", body: new URLSearchParams(fields) }).catch(() => null);
    if (!begun?.ok) return refuse("The upload could not be started. Load this page again.");
    const { url } = await begun.json();
    if (!(await send(url, file))) return refuse("The file did not arrive. Send it again.");
    location.reload();
  });

  for (const name of ["dragover", "dragleave", "drop"]) {
    form.addEventListener(name, (event) => {
      event.preventDefault();
      form.classList.toggle("over", name === "dragover");
      if (name === "drop" && event.dataTransfer.files.length && !input.disabled) {
        input.files = event.dataTransfer.files;
        button.focus();
      }
    });
  }
}
