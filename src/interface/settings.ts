import type { Clock } from '../clock.ts';
import type { Codec, Data } from '../codec/contract.ts';
import type { CookieTemplate } from '../cookie/options.ts';
import type { Tickets } from '../cookie/ticket.ts';
import type { Events } from '../events.ts';
import type { Bind } from './binding.ts';
import type { SessionRequest } from './contract.ts';
import type { Documents } from './documents.ts';
import type { Lifetime } from './lifetime.ts';
import type { ProxyRules } from './proxy.ts';
import type { Schema } from './schema.ts';

/** What server-side and cookie sessions have in common, checked and with defaults. */
export interface CommonSettings {
  readonly cookie: CookieTemplate;
  readonly lifetime: Lifetime;
  readonly documents: Documents;
  readonly codec: Codec;
  readonly clock: Clock;
  readonly events: Events;
  readonly isStatic: (request: SessionRequest) => boolean;
  readonly identityKeys: readonly string[];
  readonly ownerOf: ((data: Data) => string | undefined) | undefined;
  readonly schema: Schema | undefined;
  readonly ambient: boolean;
  readonly proxy: ProxyRules;
  readonly bind: Bind;
}

/** What server-side sessions need besides. */
export interface ServerSettings extends CommonSettings {
  readonly tickets: Tickets;
  readonly lazy: boolean;
  /** ms */
  readonly deadline: number;
  readonly anonymousOnStoreError: boolean;
  readonly maxPerOwner: number | undefined;
}
