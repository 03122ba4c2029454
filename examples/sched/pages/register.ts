import { LONGEST_NAME, LONGEST_PASSWORD, SHORTEST_PASSWORD } from '../credentials.ts';
import { form, input, password } from '../form.ts';
import { html } from '../html.ts';
import { layout } from '../layout.ts';
import { summaryOf } from '../summary.ts';
import type { View } from '../view.ts';

export interface RegisterOptions {
  readonly name: string;
  readonly problems: { readonly name?: string | undefined; readonly password?: string | undefined };
}

const LABELS = { name: 'Name', password: 'Password' };

export function registerPage(view: View, { name, problems }: RegisterOptions): string {
  const body = html`<div class="sheet">
<h1>Sign up</h1>
<p class="lead">A name and a password are all that we ask for.</p>
${form(view, {
  action: '/register',
  className: 'fields',
  body: html`
${input({ name: 'name', label: LABELS.name, value: name, problem: problems.name, longest: LONGEST_NAME, type: 'text', more: html` required autocomplete="username" autocapitalize="none" spellcheck="false"` })}
${password({ name: 'password', label: LABELS.password, hint: `${SHORTEST_PASSWORD} characters or more`, problem: problems.password, longest: LONGEST_PASSWORD, kind: 'new' })}
<div class="acts">
<button class="primary">Sign up</button>
<a class="button quiet" href="/login">Log in instead</a>
</div>`,
})}
</div>`;
  const messages = summaryOf(LABELS, problems);
  const title = messages.length > 0 ? 'Please check: Sign up' : 'Sign up';
  return layout(view, { title, at: '/register', messages, body });
}
