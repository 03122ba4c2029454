import { createSessions } from 'coatcheck';
import { storeFromUrl } from 'coatcheck/url';
import { schedApp } from './app.ts';
import type { BookData } from './book.ts';

const { SESSION_URI = 'sqlite:./sched.db', PORT = '3000', HOST = '127.0.0.1', SECURE } = process.env;

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
  const sessions = createSessions<BookData>({
    store: storeFromUrl(SESSION_URI),
    // Safari and curl keep no Secure cookie from plain HTTP. Behind TLS set SECURE=1.
    cookie: { secure: SECURE === '1' },
    lifetime: { permanent: { idle: '90d', absolute: '400d' } },
  });
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
