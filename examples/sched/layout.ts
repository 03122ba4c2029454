import { type Html, html, type Piece } from './html.ts';

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
  readonly at?: '/' | '/session';
}

const MENU = [
  ['/', 'Appointments'],
  ['/session', 'What this session holds'],
] as const;

/** The frame of every page. It looks at no session, so that it also stands around "the store does not answer". */
export function layout({ title, body, messages = [], at }: Page): string {
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
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="top">
<a class="brand" href="/"><img src="/static/icon.svg" alt="" width="30" height="30">Sched</a>
<nav aria-label="Main">${MENU.map(([href, text]) => html`<a href="${href}"${href === at && html` aria-current="page"`}>${text}</a>`)}</nav>
<span class="visitor">Guest</span>
</header>
<main id="main" tabindex="-1">
${messages.map(({ kind, text }) => html`<div class="message ${kind}" role="${kind === 'problem' ? 'alert' : 'status'}">${text}</div>`)}
${body}
</main>
<footer>
<p>Everything on these pages lives in your session on the server. No account, no other database.</p>
</footer>
</body>
</html>
`;
  return page.text;
}

/** A page that has nothing but something to say. */
export function plainPage(title: string, text: Piece): string {
  const body: Html = html`<h1>${title}</h1>
<p class="lead">${text}</p>
<p><a class="button" href="/">To the appointments</a></p>`;
  return layout({ title, body });
}
