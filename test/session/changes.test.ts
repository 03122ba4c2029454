import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkBounds, DEFAULT_LIMITS } from '../../src/codec/bounds.ts';
import type { Data } from '../../src/codec/contract.ts';
import { Changes } from '../../src/session/changes.ts';
import type { Operation } from '../../src/session/operations.ts';
import { RequestSession, type SessionEngine } from '../../src/session/request-session.ts';

type Value = number | string | null | { n: number; list: number[] };
const copy = <T>(value: T): T => structuredClone(value);

const KEYS = ['a', 'b', 'c', 'd'];
const key = fc.constantFrom(...KEYS);
const value: fc.Arbitrary<Value> = fc.oneof(
  fc.integer({ min: 0, max: 3 }),
  fc.constantFrom('x', '', null),
  fc.record({ n: fc.nat(3), list: fc.array(fc.nat(3), { maxLength: 2 }) }),
);
const data: fc.Arbitrary<Data> = fc.dictionary(key, value, { maxKeys: 4, noNullPrototype: true });
const keep = fc.subarray(KEYS);

/** Pure functions of every kind: returning, changing in place, doing nothing, depending on what they get. */
const updaters: ((value: unknown) => unknown)[] = [
  (found) => (typeof found === 'number' ? found + 1 : 1),
  (found) => {
    if (typeof found === 'object' && found !== null) (found as { n: number }).n += 1;
  },
  (found) => ({ n: 0, list: [typeof found === 'object' && found !== null ? (found as { n: number }).n : 9] }),
  () => undefined,
  () => null,
];
const updater = fc.constantFrom(...updaters);

type Step =
  | { readonly kind: 'set'; readonly key: string; readonly value: Value }
  | { readonly kind: 'default'; readonly key: string; readonly value: Value }
  | { readonly kind: 'delete'; readonly key: string }
  | { readonly kind: 'take'; readonly key: string }
  | { readonly kind: 'update'; readonly key: string; readonly fn: (value: unknown) => unknown }
  | { readonly kind: 'edit'; readonly key: string; readonly n: number }
  | { readonly kind: 'wipe'; readonly keep: string[] };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), key, value }),
  fc.record({ kind: fc.constant('default' as const), key, value }),
  fc.record({ kind: fc.constant('delete' as const), key }),
  fc.record({ kind: fc.constant('take' as const), key }),
  fc.record({ kind: fc.constant('update' as const), key, fn: updater }),
  fc.record({ kind: fc.constant('edit' as const), key, n: fc.nat(9) }),
  fc.record({ kind: fc.constant('wipe' as const), keep }),
);
const steps = fc.array(step, { maxLength: 12 });

/** One object that says what a set of steps does to a record, told by nothing but plain assignments. */
function model(base: Data, list: readonly Step[], taken: unknown[]): Data {
  const result = copy(base);
  for (const one of list) {
    if (one.kind === 'wipe') {
      for (const name of Object.keys(result)) if (!one.keep.includes(name)) delete result[name];
      continue;
    }
    const found = result[one.key];
    if (one.kind === 'set') result[one.key] = copy(one.value);
    else if (one.kind === 'default') result[one.key] ??= found === null ? null : copy(one.value);
    else if (one.kind === 'delete') delete result[one.key];
    else if (one.kind === 'take') {
      taken.push(found);
      delete result[one.key];
    } else if (one.kind === 'edit') {
      if (typeof found === 'object' && found !== null) (found as { n: number }).n = one.n;
    } else {
      const own = copy(found);
      const returned = one.fn(own);
      const next = returned === undefined ? own : returned;
      if (next === undefined) delete result[one.key];
      else result[one.key] = next;
    }
  }
  return result;
}

function record(changes: Changes, one: Step, taken: unknown[]): void {
  if (one.kind === 'wipe') changes.wipe(new Set(one.keep));
  else if (one.kind === 'take') changes.add(one.key, { kind: 'take', taken: (found) => taken.push(found) });
  else if (one.kind !== 'edit') {
    if (one.kind === 'set') changes.add(one.key, { kind: 'set', value: copy(one.value) });
    else if (one.kind === 'default') changes.add(one.key, { kind: 'default', value: copy(one.value) });
    else changes.add(one.key, one as Operation);
  }
}

function changesOf(list: readonly Step[], taken: unknown[] = []): Changes {
  const changes = new Changes();
  for (const one of list) record(changes, one, taken);
  return changes;
}

const textOf = (found: unknown): string => (found === undefined ? '' : JSON.stringify(found));

const engine = {
  limits: DEFAULT_LIMITS,
  textOf,
  heldText: (found: unknown) => {
    checkBounds(found, DEFAULT_LIMITS, 'value');
    return textOf(found);
  },
  copyOf: copy,
  lost: () => undefined,
  endAbandoned: () => undefined,
  storedData: (stored: { document: string }) => JSON.parse(stored.document),
} as unknown as SessionEngine;

function sessionOn(base: Data): RequestSession {
  const stored = { document: JSON.stringify(base), version: 1, expiresAt: 0 };
  const meta = { created: 0, commits: 0, nonces: [] };
  return new RequestSession(engine, { kind: 'record', key: 'k', record: stored, decoded: { data: copy(base), meta } });
}

/** Does the steps by the session's own verbs, in its own objects. */
function perform(session: RequestSession, list: readonly Step[], taken: unknown[] = []): void {
  for (const one of list) {
    if (one.kind === 'wipe') session.regenerate(one.keep);
    else if (one.kind === 'set') session.set(one.key, copy(one.value));
    else if (one.kind === 'default') session.setDefault(one.key, copy(one.value));
    else if (one.kind === 'delete') session.delete(one.key);
    else if (one.kind === 'take') session.take(one.key, (found) => taken.push(found));
    else if (one.kind === 'update') session.update(one.key, one.fn);
    else {
      const found = session.get(one.key);
      if (typeof found === 'object' && found !== null) (found as { n: number }).n = one.n;
    }
  }
}

const sorted = (taken: unknown[]): string[] => taken.map((found) => JSON.stringify(found) ?? '').sort();

const runs = { numRuns: 2000 };

test('a replay does what the operations did in their order, takes included, and leaves the record alone', () => {
  fc.assert(
    fc.property(data, steps, (base, list) => {
      const done = list.filter(({ kind }) => kind !== 'edit');
      const [taken, expected]: [unknown[], unknown[]] = [[], []];
      const before = copy(base);
      expect(changesOf(done, taken).replay(base, copy)).toEqual(model(base, done, expected));
      // Keys are replayed one by one, so only the order within a key is kept.
      expect(sorted(taken)).toEqual(sorted(expected));
      expect(base).toEqual(before);
    }),
    runs,
  );
});

test('append is one after the other: append(a, b).replay = b.replay(a.replay)', () => {
  fc.assert(
    fc.property(data, steps, steps, (base, first, second) => {
      const [together, apart]: [unknown[], unknown[]] = [[], []];
      const both = changesOf(first, together);
      both.append(changesOf(second, together));
      const after = changesOf(second, apart).replay(changesOf(first, apart).replay(base, copy), copy);
      expect(both.replay(base, copy)).toEqual(after);
      expect(sorted(together)).toEqual(sorted(apart));
    }),
    runs,
  );
});

test('what the handler sees is what a replay over the record it read gives, nested edits included', () => {
  fc.assert(
    fc.property(data, steps, (base, list) => {
      const session = sessionOn(base);
      perform(session, list);
      const seen = copy(session.peek());
      expect(seen).toEqual(model(base, list, []));
      const changes = session.takeChanges();
      expect(changes.replay(copy(base), copy)).toEqual(seen);
      if (changes.empty) expect(seen).toEqual(base);
    }),
    runs,
  );
});

test('a commit in flight changes nothing about that, whether it lands, meets a newer record or fails', () => {
  const landing = fc.constantFrom('lands', 'conflicts', 'fails' as const);
  fc.assert(
    fc.property(data, data, steps, steps, landing, (base, newer, first, second, how) => {
      const session = sessionOn(base);
      perform(session, first);
      const taken = session.takeChanges();
      const draft = taken.takes ? taken.replay(copy(base), copy) : session.peek();
      const document = JSON.stringify(draft);
      perform(session, second);
      if (how === 'fails') {
        session.giveBack(taken);
        expect(session.peek()).toEqual(model(base, [...first, ...second], []));
        expect(session.takeChanges().replay(copy(base), copy)).toEqual(session.peek());
        return;
      }
      const stored = how === 'lands' ? draft : taken.replay(copy(newer), copy);
      const text = how === 'lands' ? document : JSON.stringify(stored);
      const meta = { created: 0, commits: 1, nonces: [] };
      session.committed('k', { document: text, version: 2, expiresAt: 0 }, { data: stored, meta }, taken);
      const later = session.takeChanges();
      expect(later.replay(JSON.parse(text), copy)).toEqual(session.peek());
      if (how === 'lands') expect(session.peek()).toEqual(model(base, [...first, ...second], []));
    }),
    runs,
  );
});
