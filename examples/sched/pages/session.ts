import { html } from '../html.ts';
import { layout } from '../layout.ts';

export interface SessionFacts {
  readonly data: Record<string, unknown>;
  readonly handle: string | undefined;
  readonly createdAt: Date | undefined;
  readonly expiresAt: Date | undefined;
  readonly permanent: boolean;
}

/** What the server keeps for this browser, and the little that the browser keeps. */
export function sessionPage({ data, handle, createdAt, expiresAt, permanent }: SessionFacts): string {
  const body = html`<h1>What this session holds</h1>
${
  handle === undefined
    ? html`<p class="lead">Nothing. You have written nothing yet, so there is no record in the store and no cookie in your browser.</p>`
    : html`<p class="lead">All of it lives on the server. Your browser holds one cookie, and in it is nothing but a ticket.</p>`
}
<div class="halves">
<section class="panel" aria-labelledby="record">
<h2 id="record">On the server: the record</h2>
<dl>
<dt>Handle: a public name, safe to show</dt><dd><code>${handle ?? 'none'}</code></dd>
<dt>Created</dt><dd>${moment(createdAt)}</dd>
<dt>Ends, unless you come back</dt><dd>${moment(expiresAt)}</dd>
<dt>Outlives the browser window</dt><dd>${permanent ? 'yes' : 'no'}</dd>
</dl>
</section>
<section class="panel" aria-labelledby="cookie">
<h2 id="cookie">In your browser: the cookie</h2>
${
  handle === undefined
    ? html`<p>There is none.</p>`
    : html`<p>An opaque <strong>ticket</strong>: 256 random bits. It names the record and says nothing about you.</p>
<p class="ticket" aria-hidden="true"><span class="ticket-name">ticket</span>${'•'.repeat(24)}</p>
<p>It is not shown here: whoever has it has the session. Scripts cannot read it, and the store knows only its hash.</p>`
}
</section>
</div>
<section aria-labelledby="data">
<h2 id="data">The data</h2>
<pre tabindex="0" aria-labelledby="data">${JSON.stringify(data, null, 2)}</pre>
</section>`;
  return layout({ title: 'What this session holds', at: '/session', body });
}

function moment(date: Date | undefined) {
  if (date === undefined) return 'not yet';
  const text = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short' }).format(date);
  return html`<time datetime="${date.toISOString()}">${text}</time>`;
}
