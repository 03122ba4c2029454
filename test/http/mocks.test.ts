import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { expressSessions } from '../../src/http/express.ts';
import { createSessions } from '../../src/index.ts';
import { memoryStore } from '../../src/store/memory.ts';

test('requests and responses that are not of Node leave the prototypes of all objects alone', async () => {
  const names = () => Object.getOwnPropertyNames(Object.prototype).sort();
  const before = names();
  const sessions = createSessions({ store: memoryStore(), sweep: false });
  const middleware = expressSessions(sessions);
  // As light-my-request (Fastify's inject) and node-mocks-http make them.
  class FakeRequest extends Readable {
    method = 'GET';
    url = '/';
    headers = {};
    override _read() {}
  }
  class FakeResponse extends EventEmitter {
    statusCode = 200;
    headersSent = false;
    getHeader() {}
    setHeader() {}
    getHeaderNames() {
      return [];
    }
    writeHead() {}
    write() {}
    end() {}
    flushHeaders() {}
  }
  const request: any = new FakeRequest();
  middleware(request, new FakeResponse() as any, () => undefined);
  const plain: any = { method: 'GET', url: '/', headers: {}, socket: {} };
  middleware(plain, { getHeader() {}, on() {}, once() {}, emit() {} } as any, () => undefined);
  const after = names();
  for (const name of after) if (!before.includes(name)) delete (Object.prototype as any)[name];
  expect(after).toEqual(before);
});
