/**
 * Protection against requests that another site makes a visitor's browser send.
 *
 * @example
 * import { createCsrf } from 'coatcheck/csrf';
 *
 * @packageDocumentation
 */
export { CSRF_FIELD, type Csrf, type CsrfRequest, createCsrf } from './csrf.ts';
export type { CsrfDecision, CsrfOptions } from './options.ts';
