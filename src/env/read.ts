import type { RevocationMode } from '../interface/revocation.ts';
import { cookieSaid } from './cookie.ts';
import { type Environment, type Given, givenIn } from './given.ts';
import { protectionSaid } from './protection.ts';
import type { Said } from './said.ts';
import { secretSaid } from './secrets.ts';
import { type Schemes, type StoreSaid, storeSaid, typeOf } from './store.ts';
import { readLifetime, readSwitch, readWord, wrong } from './values.ts';

/** What an environment says, before it meets the options given in code. */
export interface ReadSettings {
  /** Where sessions live: a record in a store, or all of it in a sealed cookie. */
  readonly kind: 'store' | 'cookie';
  /** The store; of sealed cookies the one that remembers what was ended. */
  readonly store: StoreSaid | undefined;
  readonly said: readonly Said[];
}

const REVOCATIONS: readonly RevocationMode[] = ['none', 'denylist', 'epoch'];

/**
 * Reads settings, and nothing else: no store is opened, no option of the code is looked at.
 *
 * @throws CoatcheckError `SETTING_INVALID`, `SECRET_WEAK`
 */
export function readSettings(env: Environment, schemes: Schemes): ReadSettings {
  const given = givenIn(env);
  const store = storeSaid(given, schemes);
  const kind = typeOf(given) === 'cookie' ? 'cookie' : 'store';
  const said = [
    ...secretSaid(given),
    ...cookieSaid(given),
    ...lifetimeSaid(given),
    ...protectionSaid(given),
    ...(kind === 'cookie' ? sealedSaid(given) : ticketSaid(given)),
  ];
  return { kind, store, said };
}

function lifetimeSaid(given: Given): Said[] {
  const setting = 'PERMANENT_SESSION_LIFETIME';
  const text = given.get(setting);
  if (text === undefined) return [];
  return [{ path: ['lifetime', 'permanent', 'idle'], value: readLifetime(setting, text), setting }];
}

function ticketSaid(given: Given): Said[] {
  if (given.has('SESSION_REVOCATION')) {
    throw wrong('SESSION_REVOCATION', 'is for SESSION_TYPE=cookie; a session in a store ends when it is destroyed');
  }
  const setting = 'SESSION_USE_SIGNER';
  const text = given.get(setting);
  if (text === undefined) return [];
  return [{ path: ['tickets'], value: readSwitch(setting, text) ? 'signed' : 'plain', setting }];
}

function sealedSaid(given: Given): Said[] {
  const signer = given.get('SESSION_USE_SIGNER');
  if (signer !== undefined && readSwitch('SESSION_USE_SIGNER', signer)) {
    throw wrong('SESSION_USE_SIGNER', 'is of no use with SESSION_TYPE=cookie: a sealed cookie cannot be forged anyway');
  }
  const setting = 'SESSION_REVOCATION';
  const text = given.get(setting);
  if (text === undefined) return [];
  return [{ path: ['revocation'], value: readWord(setting, text, REVOCATIONS), setting }];
}
