import { html } from '../html.ts';
import { layout } from '../layout.ts';
import type { View } from '../view.ts';
import { moment } from './moment.ts';

export interface SessionFacts {
  readonly book: Record<string, unknown>;
  readonly handle: string | undefined;
  readonly createdAt: Date | undefined;
  readonly expiresAt: Date | undefined;
  readonly fresh: boolean;
}

/** What the server keeps for this browser and this user, and the little that the browser keeps. */
export function sessionPage(view: View, { book, handle, createdAt, expiresAt, fresh }: SessionFacts): string {
  const body = html`<h1>What is stored</h1>
<p class="lead">All of it lives on the server. In your browser is nothing but tickets.</p>
<div class="halves">
<section class="panel" aria-labelledby="record">
<h2 id="record">On the server: this session</h2>
<dl>
<dt>Handle: a public name, safe to show</dt><dd><code>${handle ?? 'none'}</code></dd>
<dt>Logged in as</dt><dd>${view.currentUser?.name}</dd>
<dt>By</dt><dd>${fresh ? 'the password' : 'the cookie that remembers'}</dd>
<dt>Created</dt><dd>${moment(createdAt)}</dd>
<dt>Ends, unless you come back</dt><dd>${moment(expiresAt)}</dd>
</dl>
</section>
<section class="panel" aria-labelledby="cookie">
<h2 id="cookie">In your browser: the cookies</h2>
<p>An opaque <strong>ticket</strong>: 256 random bits. It names the session and says nothing about you. If you are remembered, a second one outlives the browser, and changes each time it is used. A third one tells us that you have logged in here before.</p>
<p class="ticket" aria-hidden="true"><span class="ticket-name">ticket</span>${'•'.repeat(24)}</p>
<p>They are not shown here: whoever has them is you. Scripts cannot read them, and the store knows only their hashes.</p>
</section>
</div>
<section aria-labelledby="data">
<h2 id="data">On the server: your book</h2>
<pre tabindex="0" aria-labelledby="data">${JSON.stringify(book, null, 2)}</pre>
</section>`;
  return layout(view, { title: 'What is stored', at: '/session', body });
}
