import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import { inspect } from 'node:util';
import { expect, test, vi } from 'vitest';
import { currentSession, runWith, session } from '../../src/session/ambient.ts';

const any = session as any;

test('reads, writes, in, delete, iteration and calls reach the current session', () => {
  class Own {
    #secret = 7;
    list: string[] = [];
    tell() {
      return this.#secret;
    }
    *[Symbol.iterator]() {
      yield 'one';
    }
  }
  const real = new Own() as any;
  runWith(real, () => {
    any.user = 'ann';
    any.list.push('x');
    expect([any.user, any.list, 'user' in any, 'nope' in any]).toEqual(['ann', ['x'], true, false]);
    expect(any.tell()).toBe(7);
    expect([...any]).toEqual(['one']);
    expect(Object.keys(any)).toEqual(['list', 'user']);
    expect(any instanceof Own).toBe(true);
    expect({ ...any }).toEqual({ list: ['x'], user: 'ann' });
    delete any.user;
    expect('user' in real).toBe(false);
    Object.defineProperty(any, 'defined', { value: 1, enumerable: true, configurable: true });
  });
  expect(real.defined).toBe(1);
  runWith({}, () => expect(any.defined).toBeUndefined());
});

test('a frozen session is shown as it is, and a refused write throws', () => {
  runWith(Object.freeze({ a: 1 }), () => {
    expect(Object.entries(any)).toEqual([['a', 1]]);
    expect(() => {
      any.a = 2;
    }).toThrow(TypeError);
  });
});

test('outside a request it says so, with a code, and symbols and then never throw', async () => {
  const uses = [
    () => any.user,
    () => {
      any.user = 1;
    },
    () => 'user' in any,
    () => delete any.user,
    () => Object.keys(any),
    () => Object.defineProperty(any, 'x', { value: 1 }),
  ];
  for (const use of uses) expect(use).toThrow(expect.objectContaining({ code: 'SESSION_OUTSIDE_REQUEST' }));
  expect([any.then, any[Symbol.toPrimitive], any[Symbol.iterator], Symbol.iterator in any]).toEqual([
    undefined,
    undefined,
    undefined,
    false,
  ]);
  expect(Object.is(await any, session)).toBe(true);
  expect(Object.isExtensible(session)).toBe(true);
  expect(Reflect.preventExtensions(session)).toBe(false);
});

test('console.log prints what the current session prints, and outside that there is no request', () => {
  expect(inspect(session)).toBe('Session (no request)');
  runWith({ user: 'ann', deep: { a: { b: { c: 1 } } } }, () => {
    expect(inspect(session)).toBe(inspect({ user: 'ann', deep: { a: { b: { c: 1 } } } }));
    expect(inspect({ session })).toContain("user: 'ann'");
  });
  class Own {
    [inspect.custom]() {
      return 'own words';
    }
  }
  runWith(new Own(), () => expect(inspect(session)).toBe('own words'));
});

test('it survives awaits, timers, microtasks, emitters and streams', async () => {
  await runWith({ n: 1 }, async () => {
    await null;
    expect(any.n).toBe(1);
    const seen: unknown[] = [];
    await new Promise((resolve) => setTimeout(() => resolve(seen.push(any.n)), 1));
    await new Promise((resolve) => setImmediate(() => resolve(seen.push(any.n))));
    await new Promise<void>((resolve) => queueMicrotask(() => resolve(void seen.push(any.n))));
    const emitter = new EventEmitter();
    emitter.on('x', () => seen.push(any.n));
    emitter.emit('x');
    for await (const chunk of Readable.from(['a'])) seen.push(chunk, any.n);
    expect(seen).toEqual([1, 1, 1, 1, 'a', 1]);
  });
});

test('a request inside a request has its own session, and the outer one is back afterwards', async () => {
  await runWith({ name: 'outer' }, async () => {
    await runWith({ name: 'inner' }, async () => {
      await null;
      expect(any.name).toBe('inner');
    });
    expect(any.name).toBe('outer');
  });
  expect(currentSession()).toBeUndefined();
});

test('a module loaded twice finds the same session', async () => {
  vi.resetModules();
  const copy = await import('../../src/session/ambient.ts');
  expect(Object.is(copy.session, session)).toBe(false);
  runWith({ n: 3 }, () => expect((copy.session as any).n).toBe(3));
});
