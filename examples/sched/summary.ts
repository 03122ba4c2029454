import { html } from './html.ts';
import type { Message } from './layout.ts';

/** What is wrong with a form, with a way to each field. None where nothing is wrong. */
export function summaryOf<Name extends string>(
  labels: Readonly<Record<Name, string>>,
  problems: { readonly [Field in Name]?: string | undefined },
): Message[] {
  const wrong = (Object.keys(labels) as Name[]).filter((name) => problems[name] !== undefined);
  if (wrong.length === 0) return [];
  const entries = wrong.map((name) => html`<li><a href="#${name}">${labels[name]}</a>: ${problems[name]}</li>`);
  return [{ kind: 'problem', text: html`<p>Not stored yet. Please check:</p><ul>${entries}</ul>` }];
}
