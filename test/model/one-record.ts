import { closedDocument, closedNonce } from '../../src/codec/closed.ts';
import type { Store, StoredRecord, Version } from '../../src/store/contract.ts';

/** What a request does to the one record, one call after the other. A write at a version uses the last one that it saw. */
export type Step =
  | { readonly verb: 'read' | 'touch' | 'destroy' | 'close' | 'claim' | 'sweep' }
  | { readonly verb: 'update' | 'empty' | 'put' | 'create'; readonly document: string };

/** A call as it was made and answered; no answer where its process died. */
export interface Call {
  readonly actor: number;
  readonly step: Step;
  /** Moments, counted. */
  readonly began: number;
  ended: number;
  answer: string | undefined;
}

/** Milliseconds since 1970. */
export const NOW: number = Date.UTC(2030, 0, 1);
const HOUR = 3_600_000;
const MINUTE = 60_000;
/** When closed and emptied records are over, and no others. */
export const SOON_OVER: number = NOW + MINUTE + 1;

/** Makes a request's calls, and notes them. */
export async function carryOut(
  key: string,
  store: Store,
  steps: readonly Step[],
  note: (step: Step) => (answer: string) => void,
  sweep: () => Promise<void>,
): Promise<void> {
  let version: Version | undefined;
  for (const step of steps) {
    const atVersion = ['update', 'empty', 'claim', 'touch'].includes(step.verb);
    // Who has read nothing has nothing to write over.
    if (atVersion && version === undefined) continue;
    const answered = note(step);
    const answer = await one(key, store, step, version ?? '', sweep);
    if (answer.version !== undefined) version = answer.version;
    answered(answer.text);
  }
}

interface Answer {
  readonly text: string;
  readonly version?: Version | undefined;
}

async function one(
  key: string,
  store: Store,
  step: Step,
  version: Version,
  sweep: () => Promise<void>,
): Promise<Answer> {
  switch (step.verb) {
    case 'read': {
      const record = await store.read(key);
      return { text: told(record), version: record?.version };
    }
    case 'update':
      return written(await store.update(key, version, step.document, NOW + HOUR));
    case 'empty':
      return written(await store.update(key, version, step.document, NOW + MINUTE));
    case 'claim':
      return written(await store.update(key, version, closedDocument('claim'), NOW + MINUTE));
    case 'touch':
      return { text: String(await store.touch(key, version, NOW + HOUR)) };
    case 'destroy':
      return { text: String(await store.destroy(key)) };
    case 'close':
      await store.put(key, closedDocument('end'), NOW + MINUTE);
      return { text: 'done' };
    case 'put':
      await store.put(key, step.document, NOW + HOUR);
      return { text: 'done' };
    case 'create':
      return written(await store.create(key, step.document, NOW + HOUR));
    case 'sweep':
      await sweep();
      return { text: 'done' };
  }
}

function written(
  answer:
    | { readonly result: 'ok'; readonly version: Version }
    | { readonly result: 'exists' | 'conflict'; readonly current?: StoredRecord | undefined }
    | { readonly result: 'gone' },
): Answer {
  if (answer.result === 'ok') return { text: 'ok', version: answer.version };
  return { text: answer.result === 'gone' ? 'gone' : `${answer.result} ${told(answer.current)}` };
}

function told(record: StoredRecord | undefined): string {
  if (record === undefined) return 'nothing';
  return closedNonce(record.document) === undefined ? String(record.document) : 'closed';
}

interface Model {
  readonly document: string;
  readonly version: number;
  readonly short: boolean;
}

/**
 * Whether the calls can be put into one order, in which one store would have answered the same: each call between its
 * beginning and its end. A call without an answer was carried out then, or at any later moment, or never.
 *
 * @param endedIsGone what was closed may be swept, or not yet: both are called `dead`
 */
export function isLinear(calls: readonly Call[], start: string | undefined, endedIsGone: boolean): boolean {
  const alike = (text: string): string =>
    endedIsGone ? text.replace(/^(conflict closed|gone|closed|nothing)$/, 'dead') : text;
  const seen = new Set<string>();
  const search = (
    left: readonly Call[],
    state: Model | undefined,
    versions: ReadonlyMap<number, number>,
    last: number,
  ): boolean => {
    if (left.every(({ answer }) => answer === undefined)) return true;
    const mark = JSON.stringify([left.map((call) => calls.indexOf(call)), state, [...versions]]);
    if (seen.has(mark)) return false;
    seen.add(mark);
    const soonest = Math.min(...left.map(({ answer, ended }) => (answer === undefined ? Infinity : ended)));
    for (const call of left) {
      if (call.began > soonest) continue;
      const rest = left.filter((other) => other !== call);
      for (const next of after(call.step, state, versions.get(call.actor), last + 1)) {
        if (call.answer !== undefined && alike(next.answer) !== alike(call.answer)) continue;
        const bound = new Map(versions);
        if (next.version !== undefined) bound.set(call.actor, next.version);
        if (search(rest, next.state, bound, last + 1)) return true;
      }
    }
    return false;
  };
  return search(calls, start === undefined ? undefined : { document: start, version: 0, short: false }, new Map(), 0);
}

interface After {
  readonly answer: string;
  readonly state: Model | undefined;
  /** What the caller now knows. */
  readonly version?: number | undefined;
}

/** What one store would do: the contract in a few lines. */
function after(step: Step, state: Model | undefined, version: number | undefined, next: number): readonly After[] {
  const write = (document: string, short = false): After => ({
    answer: 'ok',
    state: { document, version: next, short },
    version: next,
  });
  const compared = (done: After): readonly After[] => {
    if (state === undefined) return [{ answer: 'gone', state }];
    const conflict = { answer: `conflict ${state.document}`, state };
    if (state.version !== version) return [conflict];
    // That a life is shortened may be a second write of the same document.
    return state.short ? [done, conflict] : [done];
  };
  switch (step.verb) {
    case 'read':
      return [{ answer: state?.document ?? 'nothing', state, version: state?.version }];
    case 'update':
      return compared(write(step.document));
    case 'empty':
      return compared(write(step.document, true));
    case 'claim':
      return compared(write('closed', true));
    case 'touch':
      return [
        { answer: String(state !== undefined && state.version === version), state },
        ...(state?.short === true ? [{ answer: 'false', state }] : []),
      ];
    case 'destroy':
      return [{ answer: String(state !== undefined), state: undefined }];
    case 'close':
      return [{ ...write('closed', true), answer: 'done', version: undefined }];
    case 'put':
      return [{ ...write(step.document), answer: 'done', version: undefined }];
    case 'create':
      return state === undefined ? [write(step.document)] : [{ answer: `exists ${state.document}`, state }];
    case 'sweep':
      // What is over may be kept a little longer.
      return [{ answer: 'done', state }, ...(state?.short === true ? [{ answer: 'done', state: undefined }] : [])];
  }
}
