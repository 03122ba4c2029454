import { LONGEST_NAME, LONGEST_PASSWORD } from '../credentials.ts';
import { checkbox, form, input, password } from '../form.ts';
import { html } from '../html.ts';
import { layout, type Message } from '../layout.ts';
import type { View } from '../view.ts';

export interface LoginOptions {
  /** Where to go on afterwards. */
  readonly next: string;
  readonly failed: boolean;
}

/** One answer for every failure: who reads it learns nothing about anybody. */
const FAILED: Message = {
  kind: 'problem',
  text: html`<p>That did not work. Check the name and the password, or try again later.</p>`,
};

export function loginPage(view: View, { next, failed }: LoginOptions): string {
  const body = html`<div class="sheet">
<h1>Log in</h1>
${form(view, {
  action: '/login',
  className: 'fields',
  body: html`<input type="hidden" name="next" value="${next}">
${input({ name: 'name', label: 'Name', value: '', problem: undefined, longest: LONGEST_NAME, type: 'text', more: html` required autocomplete="username" autocapitalize="none" spellcheck="false"` })}
${password({ name: 'password', label: 'Password', problem: undefined, longest: LONGEST_PASSWORD, kind: 'current' })}
${checkbox({ name: 'remember', label: 'Remember me on this device, for 30 days', checked: false })}
<div class="acts">
<button class="primary">Log in</button>
<a class="button quiet" href="/register">Sign up instead</a>
</div>`,
})}
</div>`;
  const title = failed ? 'Please check: Log in' : 'Log in';
  return layout(view, { title, at: '/login', messages: failed ? [FAILED] : [], body });
}
