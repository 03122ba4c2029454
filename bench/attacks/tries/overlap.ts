import { type Attack, outcome } from '../attack.ts';
import { Browser } from '../browser.ts';

/** Requests of one browser at the same time: no enemy is needed, a second tab is enough. */
export const overlap: readonly Attack[] = [
  {
    name: 'Lost update',
    tried: 'Two requests read the session; one stores key `a`, the other one key `b`.',
    test: ['test/interface/races.test.ts', 'G1: overlapping requests that change different keys all keep their change'],
    async run({ start }) {
      const target = await start();
      const ann = new Browser(target);
      await ann.login('ann');
      const gate = target.gates.close('slow');
      const slow = ann.submit('/set?gate=slow', { key: 'a', value: 'kept' });
      await gate.reached;
      await ann.submit('/set', { key: 'b', value: 'kept' });
      gate.open();
      await slow;
      const kept = [await ann.data('a'), await ann.data('b')].filter((value) => value === 'kept').length;
      return outcome(kept < 2, `${kept} of 2 kept`);
    },
  },
  {
    name: 'Lost count',
    tried: 'Ten requests that have all read the session add one to a counter, each by the library’s way to do so.',
    test: ['test/interface/races.test.ts', 'G1: fifty overlapping increments by update give fifty'],
    async run({ start }) {
      const target = await start();
      const ann = new Browser(target);
      await ann.login('ann');
      const gate = target.gates.close('ten', 10);
      const counts = Array.from({ length: 10 }, () => ann.submit('/count?gate=ten', {}));
      await gate.reached;
      gate.open();
      await Promise.all(counts);
      const n = Number(await ann.data('n'));
      return outcome(n < 10, `${n} of 10 counted`);
    },
  },
  {
    name: 'Flash message lost',
    tried: 'A page shows a message while another request flashes a second one.',
    test: ['test/flash/flash.test.ts', 'lose no message that is flashed while another page shows some'],
    async run({ start }) {
      const target = await start();
      const ann = new Browser(target);
      await ann.submit('/flash', { text: 'first' });
      const gate = target.gates.close('slow');
      const page = ann.visit('/flashed?gate=slow');
      await gate.reached;
      await ann.submit('/flash', { text: 'second' });
      gate.open();
      await page;
      const next = await ann.flashed();
      return outcome(!next.includes('second'), `the next page shows ${quoted(next)}`);
    },
  },
  {
    name: 'Flash message twice',
    tried: 'A slow request flashes a second message while a page shows the first one and takes it away.',
    test: ['test/flash/flash.test.ts', 'keep their messages in whatever order they commit (%i)'],
    async run({ start }) {
      const target = await start();
      const ann = new Browser(target);
      await ann.submit('/flash', { text: 'first' });
      const gate = target.gates.close('slow');
      const slow = ann.submit('/flash?gate=slow', { text: 'second' });
      await gate.reached;
      await ann.flashed();
      gate.open();
      await slow;
      const next = await ann.flashed();
      return outcome(next.includes('first'), `the next page shows ${quoted(next)}`);
    },
  },
  {
    name: 'Flash message on two pages',
    tried: 'Two pages that are rendered at the same moment show the messages.',
    test: [
      'test/flash/flash.test.ts',
      'tell two messages of one text apart, also where the first had been shown to two pages',
    ],
    async run({ start }) {
      const target = await start();
      const ann = new Browser(target);
      await ann.submit('/flash', { text: 'first' });
      const gate = target.gates.close('two', 2);
      const pages = [ann.visit('/flashed?gate=two'), ann.visit('/flashed?gate=two')];
      await gate.reached;
      gate.open();
      const shown = (await Promise.all(pages)).filter((page) => page?.text.includes('first')).length;
      return outcome(shown > 1, `${shown} pages show it`);
    },
  },
];

function quoted(texts: readonly string[]): string {
  return texts.length === 0 ? 'nothing' : texts.map((text) => `“${text}”`).join(', ');
}
