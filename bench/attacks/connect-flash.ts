import { createRequire } from 'node:module';
import type { RequestHandler } from 'express';

const require = createRequire(import.meta.url);

/** connect-flash, which asks for a function that Node 23 and newer no longer have. */
export function connectFlash(): RequestHandler {
  const util = require('node:util') as { isArray?: unknown };
  util.isArray ??= Array.isArray;
  return (require('connect-flash') as () => RequestHandler)();
}
