import type { Scanned } from './contract.ts';
import type { RedisDriver } from './redis-driver.ts';
import { decodeHeader, HEADER_END } from './redis-value.ts';

/**
 * One step over all records: SCAN on one primary after the other, in the order of their names, and the header of each
 * key found. A cursor is `SCAN's@the primary's name`. A primary that is gone meanwhile is stepped over: another one has
 * its keys by then.
 */
export async function scanStep(
  driver: RedisDriver,
  prefix: string,
  cursor: string | undefined,
  limit: number,
): Promise<Scanned> {
  const nodes = [...(await driver.masters())].sort((a, b) => (a.address < b.address ? -1 : 1));
  const [, at = '0', address = ''] = /^(\d+)@(.*)$/s.exec(cursor ?? '') ?? [];
  const index = nodes.findIndex((node) => node.address >= address);
  const node = nodes[index];
  if (node === undefined) return { entries: [], cursor: undefined };
  const from = node.address === address ? at : '0';
  const [next, keys] = (await node.send([
    'SCAN',
    from,
    'MATCH',
    `${escapeGlob(prefix)}*`,
    'COUNT',
    String(limit),
    // The lists of owners are none.
    'TYPE',
    'string',
  ])) as [string, string[]];
  const end = String(HEADER_END);
  const heads = await Promise.all(keys.map((key) => driver.send(key, ['GETRANGE', key, '0', end])));
  const entries = keys.flatMap((key, i) => {
    const head = decodeHeader(String(heads[i]));
    return head === undefined ? [] : [{ key: key.slice(prefix.length), ...head }];
  });
  if (String(next) !== '0') return { entries, cursor: `${next}@${node.address}` };
  const following = nodes[index + 1];
  return { entries, cursor: following && `0@${following.address}` };
}

/** Redis matches by glob. */
function escapeGlob(text: string): string {
  return text.replace(/[\\*?[\]^-]/g, '\\$&');
}
