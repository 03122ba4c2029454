import type { Records } from '../interface/records.ts';

/** Which browsers an account knows, both by hashes. */
export interface Devices {
  knows(account: string, device: string): Promise<boolean>;
  learn(account: string, device: string): Promise<void>;
}

/** How many browsers an account knows; the one that came first is a stranger again. */
const MOST = 20;

/** The longest that browsers keep a cookie (ms). */
const LONGEST_MS = 400 * 86_400_000;

/** How many accounts a process knows browsers of; of more, those go that were logged in with longest ago. */
const MOST_ACCOUNTS = 50_000;

/** Until the process ends. Only who has logged in gets here, so strangers fill nothing. */
export class MemoryDevices implements Devices {
  readonly #known = new Map<string, readonly string[]>();

  async knows(account: string, device: string): Promise<boolean> {
    return this.#known.get(account)?.includes(device) === true;
  }

  async learn(account: string, device: string): Promise<void> {
    const known = withDevice(this.#known.get(account), device);
    this.#known.delete(account);
    this.#known.set(account, known);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MOST_ACCOUNTS) break;
      this.#known.delete(oldest);
    }
  }
}

/** In the sessions' store, as long as browsers keep the cookie. */
export class StoredDevices implements Devices {
  readonly #records: Records<readonly string[]>;

  constructor(records: Records<readonly string[]>) {
    this.#records = records;
  }

  async knows(account: string, device: string): Promise<boolean> {
    return (await this.#records.get(account))?.includes(device) === true;
  }

  async learn(account: string, device: string): Promise<void> {
    await this.#records.update(account, (known) => withDevice(known, device), { expiresIn: { ms: LONGEST_MS } });
  }
}

function withDevice(known: readonly string[] = [], device: string): readonly string[] {
  return [...known.filter((one) => one !== device), device].slice(-MOST);
}
