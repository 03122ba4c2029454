import { ON_WORKERD } from './workerd.ts';

/** Beyond this a timer fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** How long after the first one others may join an alarm, in milliseconds. */
const SHARED_MS = 20;

/** What is left of somebody's time. */
export interface TimeLeft {
  /** Milliseconds; zero or below when it is used up. */
  remaining(now?: number): number;
}

/** How long a timer is to run for what is left. */
export function timerMs(left: number): number {
  return Math.min(Math.max(Math.ceil(left), 0), LONGEST_TIMER_MS);
}

/** A wait that ends with an answer or, when its time is used up, by the alarm. */
export class Wait {
  readonly time: TimeLeft;
  readonly late: () => void;
  /** Where it stands in its alarm; below zero when it is over. */
  at = 0;
  readonly #alarm: Alarm | undefined;

  constructor(time: TimeLeft, late: () => void) {
    this.time = time;
    this.late = late;
    const now = performance.now();
    const left = time.remaining(now);
    if (left > 0) {
      this.#alarm = alarmFor(now, left);
      this.#alarm.add(this);
      return;
    }
    // Nothing is left to wait with, but an answer that is there counts.
    queueMicrotask(() => {
      if (this.end()) late();
    });
  }

  /** True for the one who ends it. */
  end(): boolean {
    if (this.at < 0) return false;
    if (this.#alarm === undefined) this.at = -1;
    else this.#alarm.remove(this);
    return true;
  }
}

/**
 * Waits that begin within a few milliseconds share a timer: making and clearing one for each cost more than all else
 * that a deadline does. It rings for whoever has least time and is set anew for the others.
 */
class Alarm {
  readonly #waits: Wait[] = [];
  readonly rings: number;
  #timer: ReturnType<typeof setTimeout>;
  #set = true;

  constructor(now: number, left: number) {
    this.rings = now + left;
    this.#timer = setTimeout(() => this.#ring(), timerMs(left));
  }

  add(wait: Wait): void {
    wait.at = this.#waits.push(wait) - 1;
    if (wait.at === 0) this.#timer.ref?.();
  }

  remove(wait: Wait): void {
    const last = this.#waits.pop() as Wait;
    if (last !== wait) {
      this.#waits[wait.at] = last;
      last.at = wait.at;
    }
    wait.at = -1;
    if (this.#waits.length > 0) return;
    // Others may still join, but nobody waits, so it must not keep the process.
    if (this === shared && this.#timer.unref !== undefined) this.#timer.unref();
    else this.clear();
  }

  get idle(): boolean {
    return this.#waits.length === 0;
  }

  clear(): void {
    if (this === shared) shared = undefined;
    if (this.#set) clearTimeout(this.#timer);
    this.#set = false;
  }

  #ring(): void {
    if (this === shared) shared = undefined;
    this.#set = false;
    const late: Wait[] = [];
    const now = performance.now();
    let least = Number.POSITIVE_INFINITY;
    for (const wait of this.#waits) {
      const left = wait.time.remaining(now);
      // A timer may come a little early, and another wait of the same request may have ended meanwhile.
      if (left > 0) least = Math.min(least, left);
      else late.push(wait);
    }
    if (late.length < this.#waits.length) {
      this.#timer = setTimeout(() => this.#ring(), timerMs(least));
      this.#set = true;
    }
    for (const wait of late) if (wait.end()) wait.late();
  }
}

/** What new waits join, and until when. */
let shared: Alarm | undefined;
let sharedUntil = 0;

function alarmFor(now: number, left: number): Alarm {
  if (shared !== undefined && now <= sharedUntil && now + left >= shared.rings) return shared;
  const alarm = new Alarm(now, left);
  // There no request may wait for a timer of another one.
  if (ON_WORKERD) return alarm;
  if (shared?.idle) shared.clear();
  shared = alarm;
  sharedUntil = now + SHARED_MS;
  return alarm;
}
