import { expect, test } from 'vitest';
import { memoryStore } from '../../src/store/memory.ts';
import { block, pageBlocks, run } from './blocks.ts';
import { optionsOf, promisesOf, sectionOf } from './promises.ts';

const PAGE = 'docs/stores/memory.md';

test(`${PAGE}: its block keeps records`, async () => {
  const [only, ...more] = pageBlocks(PAGE);
  expect(more).toEqual([]);
  const { sessions } = await run(block(PAGE, only?.name ?? ''));
  await sessions.backend.set('a', 1);
  expect(await sessions.backend.get('a')).toBe(1);
});

test(`${PAGE} promises what the capabilities say`, () => {
  expect(sectionOf(PAGE, 'What is promised')).toContain(promisesOf(memoryStore().capabilities));
});

test(`${PAGE} lists every option, and the bound of bytes that is the default`, () => {
  const { listed, known } = optionsOf(PAGE, 'src/store/memory.ts');
  expect(listed).toEqual(known);
  expect(sectionOf(PAGE, 'Options')).toContain(`| \`maxBytes\` | \`${memoryStore().capabilities.maxBytes}\` |`);
});
