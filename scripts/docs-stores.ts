/**
 * Writes the table of stores in docs/stores/README.md anew: `npm run docs:stores`. What a store promises is what it says
 * of itself when it is opened, here on its real server; what it costs stands in bench/stores.json.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Capabilities } from '../src/store/contract.ts';
import { startStores } from '../test/support/openers.ts';
import { PAGE, withTable } from './store-table.ts';

const { openers, missing, stop } = await startStores();
const capabilities = new Map<string, Capabilities>();
for (const [name, open] of Object.entries(openers)) {
  if (missing[name] === undefined) capabilities.set(name, (await open()).capabilities);
  else console.warn(`${name} keeps its row: ${missing[name]}`);
}
writeFileSync(PAGE, withTable(readFileSync(PAGE, 'utf8'), capabilities));
await stop();
