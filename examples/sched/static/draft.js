// Keeps a half-filled form while it is typed. Without this script the button "Keep as draft" does the same.
const form = document.querySelector('form[data-draft]');

if (form) {
  const status = document.querySelector('[data-draft-status]');
  const text = () => new URLSearchParams(new FormData(form)).toString();
  let kept = text();
  let saving;
  let timer;

  const send = (body) => {
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    return fetch(form.dataset.draft, { method: 'POST', headers, body, keepalive: true });
  };

  const keep = () => {
    clearTimeout(timer);
    const body = text();
    if (body === kept) return;
    kept = body;
    // One after the other: an older text must not arrive behind a newer one.
    const request = Promise.resolve(saving)
      .then(() => send(body))
      .then((response) => {
        status.textContent = response.ok
          ? 'Draft kept.'
          : response.status === 401
            ? 'Not kept: you are logged out.'
            : '';
      })
      .catch(() => {
        status.textContent = '';
      })
      .finally(() => {
        if (saving === request) saving = undefined;
      });
    saving = request;
  };

  form.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(keep, 400);
  });
  form.addEventListener('change', keep);
  window.addEventListener('pagehide', () => {
    // Nothing that waits for an answer would still be sent.
    if (saving || text() !== kept) send(text()).catch(() => {});
  });

  // A draft that is still on its way would come back behind the form that replaces it.
  document.addEventListener('submit', async (event) => {
    clearTimeout(timer);
    kept = text();
    if (!saving) return;
    event.preventDefault();
    const { target, submitter } = event;
    await saving;
    target.requestSubmit(submitter);
  });
}
