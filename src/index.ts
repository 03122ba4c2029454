/**
 * Sessions for every TypeScript server.
 *
 * @example
 * import { createSessions, session } from 'coatcheck';
 * import { expressSessions } from 'coatcheck/http/express';
 *
 * @packageDocumentation
 */
export { type Clock, systemClock } from './clock.ts';
export type { Authenticated, Codec, Data, DecodedRecord, Meta } from './codec/contract.ts';
export type { Limits } from './codec/limits.ts';
export { Markup, Tuple, Uuid } from './codec/values.ts';
export type { CookieOptions } from './cookie/options.ts';
export { type CookieSessions, type CookieSessionsOptions, createCookieSessions } from './create-cookie-sessions.ts';
export { createSessions, type Sessions, type SessionsOptions } from './create-sessions.ts';
export type { Duration } from './duration.ts';
export { CoatcheckError, type ErrorCode, type Outcome } from './errors.ts';
export type { SessionEvent, SessionEventType } from './events.ts';
export type { Backend } from './interface/backend.ts';
export type {
  HeaderChanges,
  SessionHooks,
  SessionInterface,
  SessionRequest,
  SessionResponse,
} from './interface/contract.ts';
export type { LifetimeOptions, LifetimePair } from './interface/lifetime.ts';
export type { OwnedSession } from './interface/owners.ts';
export type { RecordOptions, Records } from './interface/records.ts';
export type { RevocationMode } from './interface/revocation.ts';
export type { Schema, SchemaResult } from './interface/schema.ts';
export type { StaticOption } from './interface/static-paths.ts';
export type { StoreOption } from './interface/store-source.ts';
export type { Secret } from './keys/secret.ts';
export { session } from './session/ambient.ts';
export type { Callback, RegenerateOptions, Session, SessionData, SessionMembers } from './session/types.ts';
export type { Store } from './store/contract.ts';
