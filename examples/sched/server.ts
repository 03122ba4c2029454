import { sessionsFromEnv } from 'coatcheck/env';
import { schedApp } from './app.ts';

const { PORT = '3000', HOST = '127.0.0.1', SECURE, SESSION_TYPE, PUBLIC_ORIGIN } = process.env;

const settings = {
  ...(SESSION_TYPE ? {} : { SESSION_URI: 'sqlite:./sched.db' }),
  // Safari and curl keep no Secure cookie from plain HTTP. Behind TLS set SECURE=1.
  SESSION_COOKIE_SECURE: SECURE === '1' ? 'true' : 'false',
  ...process.env,
};

if (!/^\d{1,5}$/.test(PORT) || Number(PORT) > 65_535) fail('PORT must be a number from 0 to 65535.');

const sessions = await start().catch(tell);
const server = (await application().catch(tell)).listen(Number(PORT), HOST, (error?: Error) => {
  if (error !== undefined) fail(`The server cannot listen: ${error.message}`);
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : PORT;
  console.log(`The appointment book is open: http://${HOST.includes(':') ? `[${HOST}]` : HOST}:${port}`);
});

process.once('SIGTERM', stop);
process.once('SIGINT', stop);

async function start() {
  // A book does not fit into a cookie, and "your devices" wants a store that knows whose sessions are whose.
  const sessions = await sessionsFromEnv(settings, { needs: 'store', maxPerOwner: 50 });
  await sessions.ready();
  return sessions;
}

async function application() {
  const secure = !/^(false|0|no|off)$/i.test(settings.SESSION_COOKIE_SECURE);
  return schedApp(sessions, { secure, ...(PUBLIC_ORIGIN && { publicOrigin: PUBLIC_ORIGIN }) });
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

function tell(error: unknown): never {
  fail(error instanceof Error ? error.message : String(error));
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
