import { type Html, html } from '../html.ts';

/** A moment as people read it. */
export function moment(date: Date | undefined): Html | string {
  if (date === undefined) return 'not yet';
  const text = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short' }).format(date);
  return html`<time datetime="${date.toISOString()}">${text}</time>`;
}
