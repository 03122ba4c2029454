import { form } from './form.ts';
import { html, type Piece } from './html.ts';
import type { View } from './view.ts';

/** Something to tell the visitor, above the page's own content. */
export interface Message {
  readonly kind: 'note' | 'problem';
  readonly text: Piece;
}

export interface Page {
  readonly title: string;
  readonly body: Piece;
  readonly messages?: readonly Message[];
  /** Which entry of the menu is this page. */
  readonly at?: '/' | '/account' | '/session' | '/login' | '/register';
}

const OF_USERS = [
  ['/', 'Appointments'],
  ['/account', 'Account'],
  ['/session', 'What is stored'],
] as const;

const OF_GUESTS = [
  ['/login', 'Log in'],
  ['/register', 'Sign up'],
] as const;

/** The frame of every page. Without a view it looks at no session, so that it also stands around "the store does not answer". */
export function layout(view: View | undefined, { title, body, messages = [], at }: Page): string {
  const user = view?.currentUser;
  const menu = user ? OF_USERS : view ? OF_GUESTS : [];
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Sched</title>
<link rel="icon" href="/static/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/static/style.css">
<script src="/static/draft.js" defer></script>
${user && html`<script src="/static/back.js" defer></script>`}
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="top">
<a class="brand" href="/"><img src="/static/icon.svg" alt="" width="30" height="30">Sched</a>
${menu.length > 0 && html`<nav aria-label="Main">${menu.map(([href, text]) => html`<a href="${href}"${href === at && html` aria-current="page"`}>${text}</a>`)}</nav>`}
${
  view &&
  user &&
  html`<div class="visitor"><span class="visitor-name">${user.name}</span>
${form(view, { action: '/logout', body: html`<button class="quiet">Log out</button>` })}</div>`
}
</header>
<main id="main" tabindex="-1">
${[...flashed(view), ...messages].map(({ kind, text }) => html`<div class="message ${kind}" role="${kind === 'problem' ? 'alert' : 'status'}">${text}</div>`)}
${body}
</main>
<footer>
<p>Your appointments are kept for you alone, on whatever device you log in.</p>
</footer>
</body>
</html>
`;
  return page.text;
}

/** What the page before this one had to say. */
function flashed(view: View | undefined): Message[] {
  const messages = view?.getFlashedMessages({ withCategories: true }) ?? [];
  return messages.map(([category, text]) => ({ kind: category === 'problem' ? 'problem' : 'note', text }));
}

/** A page that has nothing but something to say. */
export function plainPage(view: View | undefined, title: string, text: Piece): string {
  const body = html`<h1>${title}</h1>
<p class="lead">${text}</p>
<p><a class="button" href="/">To the appointments</a></p>`;
  return layout(view, { title, body });
}
