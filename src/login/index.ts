/**
 * Users: logged in, remembered, anonymous, fresh.
 *
 * @example
 * import { createLogin, safeNext } from 'coatcheck/login';
 *
 * @packageDocumentation
 */
export { type Attempt, createLimiter, type Limiter, type LimiterOptions, type LimitOption } from './limiter.ts';
export { createLogin, type Login, type VisitorLogin } from './login.ts';
export { safeNext } from './next.ts';
export type { RememberOptions } from './remember.ts';
export type { Freshness, LoginUserOptions } from './request-login.ts';
export type { LoginOptions, Protection } from './settings.ts';
export { AnonymousUser, type LoginUser, type UserId, UserMixin } from './user.ts';
export { createUserData, type UserData, type UserDataOptions } from './user-data.ts';
export type { LoginViews, Refusal, Wanted } from './views.ts';
