/** The sessions that are measured: one JSON object of about 1 KB or 10 KB, of many small values as in life. */

const THINGS = { 1: 8, 10: 104 };
const LENGTHS = { 1: 1024, 10: 10 * 1024 };

/** Data of `kilobytes` (1 or 10): exactly so many times 1024 bytes as JSON. */
export function dataOf(kilobytes) {
  const data = {
    user: 'ann',
    name: 'Ann Example',
    roles: ['reader', 'writer', 'editor'],
    cart: Array.from({ length: THINGS[kilobytes] }, (_, i) => ({
      sku: `sku-${1000 + i}`,
      title: `A thing to buy, number ${i}`,
      count: i,
    })),
    theme: 'dark',
    language: 'en-GB',
    visits: 0,
    note: '',
  };
  const missing = LENGTHS[kilobytes] - JSON.stringify(data).length;
  if (missing < 0) throw new Error(`the data of ${kilobytes} KB is too long by ${-missing}`);
  data.note = 'x'.repeat(missing);
  return data;
}
