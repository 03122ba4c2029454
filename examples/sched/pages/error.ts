import { plainPage } from '../layout.ts';
import type { View } from '../view.ts';

const PAGES: Readonly<Record<number, readonly [title: string, text: string]>> = {
  400: ['That did not work', 'The form did not arrive as our pages send it. Nothing was stored.'],
  403: ['That form was not ours', 'It came from another site, or from a page of before a login. Load the page again.'],
  404: ['Not here', 'There is no such page, or what it showed has been deleted.'],
  409: ['Your session has ended', 'It was ended meanwhile, so nothing was stored.'],
  413: ['Too much at once', 'That was more than we keep. Nothing was stored.'],
  503: ['One moment, please', 'The store does not answer. Your appointments are safe; try again soon.'],
};

/** What a visitor reads for a status that went wrong. */
export function errorPage(status: number, view?: View): string {
  const known = PAGES[status] ?? (status < 500 ? PAGES[400] : undefined);
  const [title, text] = known ?? ['Something broke', 'The fault is ours. Please try again.'];
  return plainPage(view, title, text);
}
