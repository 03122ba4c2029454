import { LONGEST_PASSWORD, SHORTEST_PASSWORD } from '../credentials.ts';
import { checkbox, form, password } from '../form.ts';
import { html } from '../html.ts';
import { layout } from '../layout.ts';
import { summaryOf } from '../summary.ts';
import type { User } from '../users.ts';
import type { View } from '../view.ts';
import { moment } from './moment.ts';

export interface AccountOptions {
  readonly user: User;
  /** By a password, and not by the cookie that remembers. */
  readonly fresh: boolean;
  readonly problems?: { readonly current?: string | undefined; readonly changed?: string | undefined };
}

const LABELS = { current: 'The password you have', changed: 'The new one' };

export function accountPage(view: View, { user, fresh, problems = {} }: AccountOptions): string {
  const messages = summaryOf(LABELS, problems);
  const body = html`<h1>Your account</h1>
<p class="lead"><strong>${user.name}</strong>, since ${moment(user.since)}. ${
    fresh
      ? 'You logged in here by your password.'
      : html`This device remembered you. <a href="/confirm?next=%2Faccount">Confirm that it is you</a>.`
  }</p>
<div class="halves">
<section class="panel" aria-labelledby="devices">
<h2 id="devices">Devices</h2>
<p>Where you are logged in, and how to end it there.</p>
<p><a class="button" href="/account/devices">Your devices</a></p>
</section>
<section class="panel" aria-labelledby="leave">
<h2 id="leave">Delete your account</h2>
<p>With all your appointments. It wants your password once more.</p>
<p><a class="button" href="/account/delete">Delete your account</a></p>
</section>
</div>
<section aria-labelledby="change">
<h2 id="change">Another password</h2>
<p class="hint">It ends every other session of yours, remembered ones too.</p>
${form(view, {
  action: '/account/password',
  className: 'fields narrow',
  body: html`
${password({ name: 'current', label: LABELS.current, problem: problems.current, longest: LONGEST_PASSWORD, kind: 'current' })}
${password({ name: 'changed', label: LABELS.changed, hint: `${SHORTEST_PASSWORD} characters or more`, problem: problems.changed, longest: LONGEST_PASSWORD, kind: 'new' })}
${checkbox({ name: 'remember', label: 'Remember me on this device, for 30 days', checked: false })}
<div class="acts"><button class="primary">Change password</button></div>`,
})}
</section>`;
  const title = messages.length > 0 ? 'Please check: Your account' : 'Your account';
  return layout(view, { title, at: '/account', messages, body });
}
