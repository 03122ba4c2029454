/** Targets by name; each loads only what it measures. */
export const targets = {
  bare: async (parts) => (await import('./bare.mjs')).bare(parts),
  middleware: async (parts) => (await import('./bare.mjs')).middleware(parts),
  context: async (parts) => (await import('./bare.mjs')).context(parts),
  floor: async (parts) => (await import('./floor.mjs')).floor(parts),
  coatcheck: async (parts) => (await import('./coatcheck.mjs')).coatcheck(parts),
  'coatcheck-ambient': async (parts) => (await import('./coatcheck.mjs')).coatcheckAmbient(parts),
  'coatcheck-lazy': async (parts) => (await import('./coatcheck.mjs')).coatcheckLazy(parts),
  'coatcheck-sealed': async (parts) => (await import('./coatcheck.mjs')).coatcheckSealed(parts),
  'coatcheck-denylist': async (parts) => (await import('./coatcheck.mjs')).coatcheckDenylist(parts),
  'express-session': async (parts) => (await import('./express-session.mjs')).expressSession(parts),
  'cookie-session': async (parts) => (await import('./cookie-session.mjs')).cookieSessionTarget(parts),
  'iron-session': async (parts) => (await import('./iron-session.mjs')).ironSession(parts),
};
