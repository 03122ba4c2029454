// The answers say no-store. A browser that keeps whole pages behind its back button all the same loads them again.
window.addEventListener('pageshow', (event) => {
  if (event.persisted) window.location.reload();
});
