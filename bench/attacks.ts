/**
 * The same attacks against coatcheck and against express-session with passport, csurf and connect-flash, over sockets:
 * `npm run attacks`. Prints what came of them and writes it into docs/attacks.md.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { PAGE, printed, withRows } from './attacks/page.ts';
import { missing, runAttacks } from './attacks/run.ts';

const rows = await runAttacks();
console.log(printed(rows));
if (missing !== undefined) console.warn(`\nThe attacks on Redis keep their rows: ${missing}`);
writeFileSync(PAGE, withRows(readFileSync(PAGE, 'utf8'), rows));
