/** Whether this is Cloudflare's runtime, where no request may wait for what another one began. */
export const ON_WORKERD: boolean =
  (globalThis as { navigator?: { userAgent?: string } }).navigator?.userAgent === 'Cloudflare-Workers';
