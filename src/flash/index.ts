import { CoatcheckError } from '../errors.ts';
import { checkOptionNames } from '../option-names.ts';
import { current } from '../session/ambient.ts';
import { behind } from '../session/dictionary.ts';
import { isNullSession } from '../session/null-session.ts';
import type { RequestSession } from '../session/request-session.ts';
import { flashTo, messagesOf } from './messages.ts';
import { MESSAGES_KEY } from './queue.ts';

export { FLASH_KEYS } from './queue.ts';

/** What `getFlashedMessages` gives, and of which categories. */
export interface FlashedOptions {
  /** Pairs of category and message instead of messages. Default false. */
  withCategories?: boolean;
  /** Only these categories; a text means every category that occurs in it, as in Flask. Default and when empty: all. */
  categoryFilter?: string | readonly string[];
}

/** The messages of one session. */
export interface Flash {
  /** As the imported `flash`. */
  flash(message: string, category?: string): void;
  /** As the imported `getFlashedMessages`. */
  getFlashedMessages(options: FlashedOptions & { withCategories: true }): [category: string, message: string][];
  getFlashedMessages(options?: FlashedOptions & { withCategories?: false }): string[];
  getFlashedMessages(options?: FlashedOptions): string[] | [category: string, message: string][];
}

/**
 * Keeps a message for the next page that shows messages, usually the one after a redirect (Flask's `flash`).
 *
 * At most 20 messages and 4096 bytes wait; one more pushes out the oldest, with event `lost`. Whatever overlaps, none
 * is lost to it, and `getFlashedMessages` in this request gives it once, or leaves it for the next.
 *
 * @param message text, never markup: the page escapes it
 * @param category any text, often a CSS class. Default `'message'`
 * @throws CoatcheckError `SESSION_TOO_LARGE` (413) for one beyond 4096 bytes of UTF-8, `USAGE` for what is no text,
 * `SESSION_OUTSIDE_REQUEST`
 *
 * @example
 * flash('Saved.');
 * flash('That day is taken.', 'error');
 */
export function flash(message: string, category: string = 'message'): void {
  flashFor(current()).flash(message, category);
}

/**
 * The messages that wait for this visitor, in their order, and takes them away: all of them, also those that a filter
 * hides (Flask's `get_flashed_messages`). Each call in a request gives of the same list; what is flashed after the first
 * one waits for the next request. HEAD takes nothing away. With none, nothing is made and nothing stored.
 *
 * @throws CoatcheckError `OPTION_UNKNOWN`, `OPTION_INVALID`, `SESSION_OUTSIDE_REQUEST`
 *
 * @example
 * getFlashedMessages(); // ['Saved.', 'That day is taken.']
 * getFlashedMessages({ withCategories: true, categoryFilter: ['error'] }); // [['error', 'That day is taken.']]
 */
export function getFlashedMessages(
  options: FlashedOptions & { withCategories: true },
): [category: string, message: string][];
export function getFlashedMessages(options?: FlashedOptions & { withCategories?: false }): string[];
export function getFlashedMessages(options?: FlashedOptions): string[] | [category: string, message: string][];
export function getFlashedMessages(options: FlashedOptions = {}): string[] | [category: string, message: string][] {
  return flashFor(current()).getFlashedMessages(options);
}

/**
 * The same two for a session in your hands: `req.session`, or the context's with Fetch. For `ambient: false`.
 *
 * @throws CoatcheckError `USAGE` for what is no session of coatcheck
 *
 * @example
 * flashFor(req.session).flash('Saved.');
 */
export function flashFor(session: object): Flash {
  const own = sessionOf(session);
  return {
    flash(message, category = 'message') {
      if (typeof message !== 'string' || typeof category !== 'string') {
        throw new CoatcheckError('USAGE', "flash takes two texts: flash('Saved.', 'success').");
      }
      // Whoever writes where there is no session hears why.
      if (own === undefined) (session as { update(key: string): void }).update(MESSAGES_KEY);
      else flashTo(own, [category, message]);
    },
    getFlashedMessages(options: FlashedOptions = {}) {
      const { withCategories, filter } = read(options);
      const messages = own === undefined ? [] : messagesOf(own);
      const wanted = filter.length === 0 ? messages : messages.filter(([category]) => filter.includes(category));
      // Copies, so that nobody edits what the next call gives.
      return wanted.map(([category, message]) => (withCategories ? [category, message] : message)) as never;
    },
  };
}

/** Undefined for the null session, which holds no messages. */
function sessionOf(session: object): RequestSession | undefined {
  const own = typeof session === 'object' && session !== null ? behind(session) : undefined;
  if (own !== undefined || isNullSession(session)) return own;
  throw new CoatcheckError('USAGE', 'This is no session of coatcheck. Write flashFor(req.session).');
}

function read(options: FlashedOptions): { withCategories: boolean; filter: string | readonly string[] } {
  checkOptionNames(options, {
    names: ['withCategories', 'categoryFilter'],
    habits: { with_categories: 'Write withCategories', category_filter: 'Write categoryFilter' },
    example: "getFlashedMessages({ withCategories: true, categoryFilter: ['error'] })",
  });
  const { withCategories = false, categoryFilter = [] } = options;
  if (typeof withCategories !== 'boolean') {
    throw new CoatcheckError('OPTION_INVALID', 'withCategories must be true or false.');
  }
  if (
    typeof categoryFilter !== 'string' &&
    !(Array.isArray(categoryFilter) && categoryFilter.every((category) => typeof category === 'string'))
  ) {
    throw new CoatcheckError('OPTION_INVALID', "categoryFilter must be a list of categories, such as ['error'].");
  }
  return { withCategories, filter: categoryFilter };
}
