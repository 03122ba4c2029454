import type { Server } from 'node:http';
import { nodeSockets } from 'coatcheck/http/node-sockets';
import { type WebSocket, WebSocketServer } from 'ws';
import type { App } from './app.ts';
import { who } from './who.ts';

/** GET /ws on any server of Node: says who opened it, and says it again to every message. */
export function serveSockets(server: Server, { sessions, login }: App, publicOrigin: string | undefined): () => void {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 4096 });
  const upgrade = nodeSockets(
    sessions,
    sockets,
    (socket: WebSocket, { session }) => {
      const told = who(login.of(session)).then((user) => JSON.stringify(user));
      const tell = () => void told.then((text) => socket.send(text));
      // ws closes a socket whose peer breaks the rules; that is no fault of this process.
      socket.on('error', () => undefined);
      socket.on('message', tell);
      tell();
    },
    { login, ...(publicOrigin === undefined ? {} : { publicOrigin }) },
  );
  server.on('upgrade', (request, socket, head) => {
    if (request.url?.split('?', 1)[0] === '/ws') upgrade(request, socket, head);
    else socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  });
  return () => {
    for (const socket of sockets.clients) socket.close(1001);
  };
}
