import { sessionsFromEnv } from 'coatcheck/env';
import { schedApp } from './app.ts';
import type { BookData } from './book.ts';

const { PORT = '3000', HOST = '127.0.0.1', SECURE, SESSION_TYPE } = process.env;

/** Settings that the environment may say otherwise. */
const DEFAULTS = {
  ...(SESSION_TYPE ? {} : { SESSION_URI: 'sqlite:./sched.db' }),
  // Safari and curl keep no Secure cookie from plain HTTP. Behind TLS set SECURE=1.
  SESSION_COOKIE_SECURE: SECURE === '1' ? 'true' : 'false',
  PERMANENT_SESSION_LIFETIME: '90d',
};

if (!/^\d{1,5}$/.test(PORT) || Number(PORT) > 65_535) fail('PORT must be a number from 0 to 65535.');

const sessions = await start().catch((error: unknown) => fail(error instanceof Error ? error.message : String(error)));
const server = schedApp(sessions).listen(Number(PORT), HOST, (error?: Error) => {
  if (error !== undefined) fail(`The server cannot listen: ${error.message}`);
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : PORT;
  console.log(`The appointment book is open: http://${HOST.includes(':') ? `[${HOST}]` : HOST}:${port}`);
});

process.once('SIGTERM', stop);
process.once('SIGINT', stop);

async function start() {
  const sessions = await sessionsFromEnv<BookData>(
    { ...DEFAULTS, ...process.env },
    // A book does not fit into a cookie.
    { needs: 'store', lifetime: { permanent: { absolute: '400d' } } },
  );
  await sessions.ready();
  return sessions;
}

/** Running requests end and are stored; idle connections do not hold the process. */
function stop(): void {
  const patience = setTimeout(() => server.closeAllConnections(), 5000);
  server.close(async () => {
    clearTimeout(patience);
    await sessions.close();
  });
  server.closeIdleConnections();
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
