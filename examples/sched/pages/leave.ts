import { form } from '../form.ts';
import { html } from '../html.ts';
import { layout } from '../layout.ts';
import type { View } from '../view.ts';

/** Asks before an account goes. */
export function leavePage(view: View): string {
  const body = html`<div class="sheet">
<h1>Delete your account?</h1>
<p class="lead"><strong>${view.currentUser?.name}</strong>, all appointments, and every session on every device. Nothing of it comes back.</p>
${form(view, {
  action: '/account/delete',
  body: html`<div class="acts">
<button class="danger">Delete my account</button>
<a class="button" href="/account">Keep it</a>
</div>`,
})}
</div>`;
  return layout(view, { title: 'Delete your account?', at: '/account', body });
}
