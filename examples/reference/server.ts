import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CoatcheckError } from 'coatcheck';
import { makeApp } from './app.ts';
import { readSettings, SettingError } from './env.ts';
import { listenerOf } from './listener.ts';
import { serveSockets } from './sockets.ts';

const HOST = '127.0.0.1';
/** How often connections that have become idle are closed, in milliseconds. */
const IDLE_CHECK = 50;

/** Lets running requests end, and takes no new ones. */
async function drain(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  // A connection that was busy then stays open after its answer, for another request that it may not make.
  const timer = setInterval(() => server.closeIdleConnections(), IDLE_CHECK);
  await closed;
  clearInterval(timer);
}

async function start(): Promise<void> {
  const settings = readSettings(process.env);
  const app = makeApp(settings);
  const { sessions } = app;
  // A store that cannot be opened should end the start and not the first request.
  await sessions.ready();
  const server = createServer(await listenerOf(settings.adapter, app));
  const closeSockets = serveSockets(server, app, settings.proxy.publicOrigin);
  server.listen(settings.port, HOST);
  await once(server, 'listening');
  const stop = async (): Promise<void> => {
    closeSockets();
    await drain(server);
    await sessions.close();
    process.exit(0);
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  console.log(`listening on http://${HOST}:${(server.address() as AddressInfo).port}`);
}

try {
  await start();
} catch (error) {
  const known = error instanceof SettingError || error instanceof CoatcheckError;
  console.error(known ? error.message : error);
  process.exit(1);
}
