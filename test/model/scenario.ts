import { expect } from 'vitest';
import { closedNonce } from '../../src/codec/closed.ts';
import { nativeCodec } from '../../src/codec/native.ts';
import { type CoatcheckError, createSessions, type Session, type SessionEvent } from '../../src/index.ts';
import type { HeaderChanges } from '../../src/interface/contract.ts';
import { keyOf } from '../../src/keys/ids.ts';
import type { Store, StoredRecord, Updated } from '../../src/store/contract.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { request } from '../support/visit.ts';
import { type Choice, type Mode, SteppedStore, settle } from './explorer.ts';

type Data = Record<string, unknown>;

/** What one request does, and what that means to the data. */
export interface Script {
  readonly name: string;
  act(session: Session, actor: number): unknown;
  /** The data after this request, if it lands on `data` and had read `seen`. */
  apply(data: Data, actor: number, seen: Data): Data;
  /** Ends the ticket it came with. */
  readonly ends?: 'destroy' | 'rotate';
}

export const scripts = {
  read: { name: 'read', act: (session) => session.get('n'), apply: (data) => data },
  write: {
    name: 'write',
    act: (session, actor) => session.set(`k${actor}`, actor),
    apply: (data, actor) => ({ ...data, [`k${actor}`]: actor }),
  },
  same: {
    name: 'same key',
    act: (session, actor) => session.set('s', `by ${actor}`),
    apply: (data, actor) => ({ ...data, s: `by ${actor}` }),
  },
  increment: {
    name: 'increment',
    act: (session) => session.update('n', (n = 0) => n + 1),
    apply: (data) => ({ ...data, n: ((data.n as number) ?? 0) + 1 }),
  },
  nested: {
    name: 'nested push',
    act: (session, actor) => session.lists?.[`l${actor}`].push(actor),
    apply: (data, actor, seen) => {
      const lists = structuredClone(seen.lists) as Record<string, number[]> | undefined;
      // Nested edits of one key are last-writer-wins: the whole key as this request saw it.
      if (lists === undefined) return data;
      lists[`l${actor}`]?.push(actor);
      return { ...data, lists };
    },
  },
  remove: {
    name: 'delete a key',
    act: (session) => session.delete('s'),
    apply: ({ s: _, ...data }) => data,
  },
  clear: { name: 'clear', act: (session) => session.clear(), apply: () => ({}) },
  destroy: { name: 'destroy', act: (session) => session.destroy(), apply: (data) => data, ends: 'destroy' },
  rotate: {
    name: 'rotate',
    act: (session) => session.regenerate({ keep: true }),
    apply: (data) => data,
    ends: 'rotate',
  },
  login: {
    name: 'log in by hand',
    act: (session, actor) => session.set('user', `u${actor}`),
    apply: (data, actor) => ({ ...data, user: `u${actor}` }),
    ends: 'rotate',
  },
} satisfies Record<string, Script>;

const START = { n: 0, s: 'start', lists: { l0: [], l1: [], l2: [], l3: [] } };
const codec = nativeCodec();

interface Outcome {
  readonly changes: HeaderChanges | undefined;
  readonly events: readonly SessionEvent[];
}

/** Tells how calls may be carried out at a step; most runs know only `do`. */
export type Modes = (step: number, spent: number) => readonly Mode[];

export const undisturbed: Modes = () => ['do'];

/** Plays one run of overlapping requests, each in a process of its own, and holds it against the model. */
export async function play(
  actors: readonly Script[],
  choose: (choices: readonly Choice[]) => Choice,
  modes: Modes = undisturbed,
  store: Store = memoryStore(),
): Promise<void> {
  const stepped = new SteppedStore(store);
  const first = createSessions({ store });
  const opened = (await first.open(request())) as Session;
  opened.assign(structuredClone(START));
  const { setCookie } = await first.commit(opened, { status: 200 });
  const cookie = setCookie[0]?.split(';')[0] ?? '';
  const oldKey = keyOf(cookie.split('=')[1] ?? '');

  const outcomes = new Map<number, Outcome>();
  let opening = actors.length;
  const requests = actors.map(async (script, actor) => {
    const events: SessionEvent[] = [];
    const sessions = createSessions({
      store: stepped.for(actor),
      onEvent: (event) => events.push(event),
      deadline: '60s',
    });
    const session = (await sessions.open(request(cookie))) as Session;
    opening--;
    await script.act(session, actor);
    const changes = await sessions.commit(session, { status: 200 });
    outcomes.set(actor, { changes, events });
  });
  for (const running of requests) running.catch(() => undefined);

  let spent = 0;
  for (let step = 0; ; step++) {
    await settle();
    if (stepped.pending.length === 0) break;
    const actorsNow = [...new Set(stepped.pending.map(({ actor }) => actor))].sort();
    const choices = actorsNow.flatMap((actor) => modes(step, spent).map((mode) => ({ actor, mode })));
    const choice = choose(choices);
    if (choice.mode !== 'do') spent++;
    await stepped.pending.find(({ actor }) => actor === choice.actor)?.release(choice.mode);
    if (step > 400) throw new Error('the requests do not come to an end');
  }
  for (const [actor, running] of requests.entries()) if (!stepped.crashed.has(actor)) await running;
  expect(opening - stepped.crashed.size).toBeLessThanOrEqual(0);
  await check(actors, stepped, outcomes, store, oldKey);
}

/** Folds what landed, in the order in which it landed, and compares. */
async function check(
  actors: readonly Script[],
  stepped: SteppedStore,
  outcomes: ReadonlyMap<number, Outcome>,
  store: { read(key: string): Promise<StoredRecord | undefined> },
  oldKey: string,
): Promise<void> {
  let model: Data | 'closed' = structuredClone(START);
  const landed = new Map<number, number>();
  const moved = new Map<number, { key: string; data: Data }>();
  const seen = new Map<number, Data>();
  for (const { actor, verb, args, answer } of stepped.log) {
    const [key, , third] = args as [string, unknown, string];
    if (key !== oldKey) continue;
    // A read whose answer was lost is made again, and the last one counts.
    if (verb === 'read') seen.set(actor, model === 'closed' ? {} : (model as Data));
    const document = verb === 'put' ? (args[1] as string) : third;
    const closes = (verb === 'put' || verb === 'update') && closedNonce(document) !== undefined;
    const done = verb === 'put' || (verb === 'update' && (answer as Updated).result === 'ok');
    if (!done) continue;
    const script = actors[actor];
    if (script === undefined) throw new Error('an actor without a script');
    landed.set(actor, (landed.get(actor) ?? 0) + 1);
    if (verb === 'put') {
      model = 'closed';
      continue;
    }
    expect(model, `${script.name} wrote over a closed record`).not.toBe('closed');
    if (closes) {
      const target = lastCreated(stepped, actor);
      moved.set(actor, { key: target, data: script.apply(model as Data, actor, seen.get(actor) ?? {}) });
      model = 'closed';
    } else model = script.apply(model as Data, actor, seen.get(actor) ?? {});
  }

  for (const [actor, { changes, events }] of outcomes) {
    const script = actors[actor];
    if (script === undefined || changes === undefined) continue;
    const { error, setCookie } = changes;
    const gone = events.some(({ type }) => type === 'gone');
    const times = landed.get(actor) ?? 0;
    if (script.name === 'read') expect(setCookie, 'a reader got a cookie').toEqual([]);
    else if (error !== undefined) {
      expect((error as CoatcheckError).code).toBe('SESSION_GONE');
      expect(script.ends).toBe('rotate');
      expect(setCookie).toEqual([]);
    } else if (gone) {
      expect(times === 0 || (error as CoatcheckError | undefined)?.outcome === 'unknown' || times === 1).toBe(true);
      expect(setCookie.filter((line) => !line.includes('=;'))).toEqual([]);
    } else if (script.ends !== 'destroy') {
      expect(times, `${script.name} answered well and landed ${times} times`).toBe(
        noop(script, stepped, actor) ? times : 1,
      );
    }
    if (script.ends === 'destroy') expect(setCookie[0]).toMatch(/^__Host-session=;/);
  }
  for (const [actor, times] of landed) {
    if (actors[actor]?.ends !== 'destroy') expect(times, `${actors[actor]?.name} landed ${times} times`).toBe(1);
  }

  const last = await store.read(oldKey);
  if (model === 'closed') expect(last === undefined || closedNonce(last.document) !== undefined).toBe(true);
  else expect(dataOf(last)).toEqual(model);
  for (const [actor, { key, data }] of moved) {
    const answer = outcomes.get(actor)?.changes;
    if (answer === undefined) continue;
    if (answer.error !== undefined) {
      // Its claim was stored, the answer lost, and a logout came before the retry: nothing of it may live on.
      expect(await store.read(key)).toBeUndefined();
      continue;
    }
    expect(answer.setCookie, 'a rotation that was claimed sends its cookie').toHaveLength(1);
    if (Object.keys(data).length > 0) expect(dataOf(await store.read(key))).toEqual(data);
  }
}

function dataOf(record: StoredRecord | undefined): Data | undefined {
  return record === undefined ? undefined : codec.decode(record.document).data;
}

function lastCreated(stepped: SteppedStore, actor: number): string {
  const created = stepped.log.filter((done) => done.actor === actor && done.verb === 'create');
  return String(created.at(-1)?.args[0]);
}

/** Nothing to do by the time the request looked: the key it deletes was gone, or the session was closed when it came. */
function noop(script: Script, stepped: SteppedStore, actor: number): boolean {
  return !stepped.log.some((done) => done.actor === actor && done.verb === 'update') || script.name === 'delete a key';
}
