import type { OwnedSession } from 'coatcheck';
import { form } from '../form.ts';
import { html } from '../html.ts';
import { layout } from '../layout.ts';
import type { View } from '../view.ts';
import { moment } from './moment.ts';

export interface DevicesOptions {
  readonly sessions: readonly OwnedSession[];
  /** The handle of the session that asks. */
  readonly own: string | undefined;
}

/** Where a user is logged in. */
export function devicesPage(view: View, { sessions, own }: DevicesOptions): string {
  const device = ({ handle, createdAt, expiresAt }: OwnedSession, at: number) => {
    const here = handle === own;
    const name = here ? 'This device' : `Device ${at + 1}`;
    return html`<li class="card device${here && ' next'}">
<div class="what">
<h2>${name}</h2>
<p class="place">Since ${moment(createdAt)}, until ${moment(expiresAt)} unless it comes back</p>
<p class="place">Handle <code>${handle}</code></p>
</div>
${form(view, {
  action: `/account/devices/${handle}/revoke`,
  body: html`<button>${here ? 'Log out here' : html`Log out<span class="unseen"> ${name}</span>`}</button>`,
})}
</li>`;
  };
  const body = html`<h1>Your devices</h1>
<p class="lead">${sessions.length === 1 ? 'You are logged in here and nowhere else.' : `You are logged in ${sessions.length} times.`}</p>
<ul class="devices">${sessions.map(device)}</ul>
${form(view, { action: '/account/devices/revoke-all', body: html`<button class="danger">Log out everywhere</button>` })}
<p class="hint">Also where you are remembered, and here.</p>`;
  return layout(view, { title: 'Your devices', at: '/account', body });
}
