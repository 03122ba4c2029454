import type { Response } from 'express';
import type { User } from './users.ts';

/** What `expressViews` lends to every page. */
export interface View {
  /** Who is logged in. */
  readonly currentUser: User | undefined;
  /** HTML: the hidden field without which no form counts. */
  csrfField(): string;
  getFlashedMessages(options: { withCategories: true }): [category: string, message: string][];
}

export function viewOf(response: Response): View {
  return response.locals as unknown as View;
}
