import { LONGEST_PASSWORD } from '../credentials.ts';
import { form, password } from '../form.ts';
import { html } from '../html.ts';
import { layout } from '../layout.ts';
import { summaryOf } from '../summary.ts';
import type { View } from '../view.ts';

const LABELS = { password: 'Password' };

/** Asks somebody who is known for the password once more. */
export function confirmPage(view: View, { next, problem }: { next: string; problem?: string }): string {
  const messages = summaryOf(LABELS, { password: problem });
  const body = html`<div class="sheet">
<h1>Is it you?</h1>
<p class="lead">You are logged in as <strong>${view.currentUser?.name}</strong>. Some things want your password once more.</p>
${form(view, {
  action: '/confirm',
  className: 'fields',
  body: html`<input type="hidden" name="next" value="${next}">
${password({ name: 'password', label: LABELS.password, problem, longest: LONGEST_PASSWORD, kind: 'current' })}
<div class="acts">
<button class="primary">Confirm</button>
<a class="button quiet" href="/">Back</a>
</div>`,
})}
</div>`;
  return layout(view, { title: messages.length > 0 ? 'Please check: Is it you?' : 'Is it you?', messages, body });
}
