import { flash, getFlashedMessages } from 'coatcheck/flash';
import { json } from './answer.ts';
import { amount, optionalText, text } from './fields.ts';
import { loginRoutes } from './login-routes.ts';
import { get, loginRequired, OK, post, type Route } from './route.ts';

/** The routes behind the CSRF guard. */
export const guardedRoutes: readonly Route[] = [
  post('/flash', (body) => {
    flash(text(body, 'message'), optionalText(body, 'category'));
    return OK;
  }),
  get('/flash', () => {
    const messages = getFlashedMessages({ withCategories: true });
    return json({ messages: messages.map(([category, message]) => ({ category, message })) });
  }),

  get('/form', (_query, { csrf }) => ({
    kind: 'html',
    body: [
      '<!doctype html><html lang="en"><title>Transfer</title>',
      `<form method="post" action="/transfer">${csrf.csrfField()}`,
      '<label>To <input name="to"></label> <label>Amount <input name="amount"></label> <button>Transfer</button>',
      '</form></html>',
    ].join('\n'),
  })),
  loginRequired(
    post('/transfer', (body) => {
      text(body, 'to');
      amount(body, 'amount');
      return OK;
    }),
  ),
  // Called by a server that shows a signature of its own, and has no token.
  { ...post('/hook', () => OK), exempt: true },

  ...loginRoutes,
].map((route): Route => ({ ...route, guarded: true }));
