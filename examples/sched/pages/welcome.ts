import { html } from '../html.ts';
import { layout } from '../layout.ts';
import type { View } from '../view.ts';

/** What somebody sees whom nobody has logged in. */
export function welcomePage(view: View): string {
  const body = html`<h1>Your appointments, wherever you are</h1>
<p class="lead">A small book of appointments: it is yours alone, and waits for you on every device that you log in on.</p>
<p class="acts start"><a class="button primary" href="/register">Sign up</a> <a class="button" href="/login">Log in</a></p>`;
  return layout(view, { title: 'Welcome', at: '/', body });
}
