import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

/**
 * Answers an upgrade that is not made: a plain status, which tells nothing of the session (R71). The server counts the
 * socket as somebody else's by now, and closes it for nobody.
 */
export function refuseUpgrade(socket: Duplex, status: number): void {
  if (socket.destroyed) return;
  const text = `${status} ${STATUS_CODES[status] ?? 'Error'}`;
  socket.once('finish', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${text}\r\nConnection: close\r\nCache-Control: no-store\r\nContent-Type: text/plain\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
  );
}
