import { CoatcheckError } from 'coatcheck';
import { Problem } from './problem.ts';

/** What a route answers, in words that every adapter can say in its framework's own way. */
export type Answer =
  | { readonly kind: 'json'; readonly body: unknown; readonly status?: number; readonly cacheControl?: string }
  | { readonly kind: 'html'; readonly body: string }
  | { readonly kind: 'file'; readonly name: string; readonly type: string }
  | { readonly kind: 'redirect'; readonly to: string }
  | { readonly kind: 'stream'; readonly chunks: AsyncIterable<string> };

/** Where the files of a `file` answer are. */
export const PUBLIC_FOLDER: URL = new URL('./public/', import.meta.url);

export const JSON_TYPE = 'application/json; charset=utf-8';
export const HTML_TYPE = 'text/html; charset=utf-8';
export const TEXT_TYPE = 'text/plain; charset=utf-8';

export function json(body: unknown): Answer {
  return { kind: 'json', body };
}

/** What Express writes under a redirect; the others say the same. */
export function redirectText(to: string): string {
  return `Found. Redirecting to ${to}`;
}

/** Any error as an answer. What a framework or the application itself did wrong tells nothing of itself. */
export function errorAnswer(error: unknown): Answer & { kind: 'json' } {
  if (error instanceof CoatcheckError) {
    const { code, message, outcome, status } = error;
    return { kind: 'json', status, body: { error: { code, message, outcome } } };
  }
  if (error instanceof Problem) {
    const { code, message, status } = error;
    return { kind: 'json', status, body: { error: { code, message } } };
  }
  console.error(error);
  return { kind: 'json', status: 500, body: { error: { code: 'INTERNAL', message: 'Something went wrong.' } } };
}
