import type { Chapter } from './attack.ts';
import { fixation } from './tries/fixation.ts';
import { forged } from './tries/forged.ts';
import { keys } from './tries/keys.ts';
import { logout } from './tries/logout.ts';
import { overlap } from './tries/overlap.ts';
import { pages } from './tries/pages.ts';
import { plantedCookies } from './tries/planted-cookies.ts';
import { store } from './tries/store.ts';
import { theft } from './tries/theft.ts';
import { tokens } from './tries/tokens.ts';

/** All attacks, in the order of the page. */
export const CHAPTERS: readonly Chapter[] = [
  { title: 'Fixation', attacks: fixation },
  { title: 'Requests from other sites', attacks: forged },
  { title: 'Tokens', attacks: tokens },
  { title: 'Planted cookies', attacks: plantedCookies },
  { title: 'After the end', attacks: logout },
  { title: 'Theft and guessing', attacks: theft },
  { title: 'Overlapping requests', attacks: overlap },
  { title: 'The store', attacks: store },
  { title: 'Pages', attacks: pages },
  { title: 'Keys of visitors', attacks: keys },
];
