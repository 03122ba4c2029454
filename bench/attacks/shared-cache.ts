import type { Browser } from './browser.ts';
import type { Answer } from './wire.ts';

/** A cache before the application, for everybody, that keeps what RFC 9111 allows it to keep for a minute. */
export class SharedCache {
  readonly #kept = new Map<string, { readonly answer: Answer; readonly cookie: string | undefined }>();

  async visit(browser: Browser, path: string): Promise<Answer> {
    const cookie = browser.jar.header();
    const kept = this.#kept.get(path);
    if (kept !== undefined && (!varies(kept.answer) || kept.cookie === cookie)) {
      browser.jar.store(kept.answer.setCookies);
      return kept.answer;
    }
    const answer = await browser.visit(path);
    if (answer === undefined) throw new Error(`${path} was not answered`);
    if (mayKeep(answer)) this.#kept.set(path, { answer, cookie });
    return answer;
  }
}

/** RFC 9111, 3 and 3.5. */
function mayKeep({ headers }: Answer): boolean {
  const directives = (headers['cache-control'] ?? '').toLowerCase().split(/\s*,\s*/);
  return directives.includes('public') && !directives.includes('private') && !directives.includes('no-store');
}

/** By the request's cookies; no other header differs here. */
function varies({ headers }: Answer): boolean {
  return /\b(cookie|\*)/i.test(headers.vary ?? '');
}
