import { CoatcheckError } from '../errors.ts';

/** How long the first answers of a server may take, in milliseconds. */
const OPENING_MS = 5000;

/**
 * Waits for what a store asks its server when it is opened. A client of the user's may keep commands, look for a server
 * or for credentials, or wait for a connection as long as it likes, and would let the start hang.
 *
 * @param late thrown when it takes longer than five seconds
 */
export async function inTime<T>(opening: Promise<T>, late: CoatcheckError): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(late), OPENING_MS);
  });
  try {
    return await Promise.race([opening, over]);
  } finally {
    clearTimeout(timer);
  }
}

/** What to tell of a server that did not answer. */
export function silent(store: string): CoatcheckError {
  return new CoatcheckError('STORE_FAILED', `${store} store, opening: ${store} did not answer within five seconds.`, {
    outcome: 'none',
    retryable: true,
  });
}
