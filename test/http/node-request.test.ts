import { expect, test } from 'vitest';
import { NodeSessionRequest } from '../../src/http/node-request.ts';
import { get, get2, listen, listen2, wire } from './servers.ts';

const seen = (request: ConstructorParameters<typeof NodeSessionRequest>[0]) => {
  const { method, path, cookie, address, secure } = new NodeSessionRequest(request);
  return { method, path, cookie, address, secure };
};

test('a request is seen raw: not decoded, not normalised, without its query', async () => {
  const { port } = await listen((req, res) => res.end(JSON.stringify(seen(req))));
  const answer = await get(port, { path: '/static/..%2f%41/./x?q=/y?z', headers: { Cookie: 'a=1; b=2' } });
  expect(JSON.parse(answer.text)).toEqual({
    method: 'GET',
    path: '/static/..%2f%41/./x',
    cookie: 'a=1; b=2',
    address: '127.0.0.1',
    secure: false,
  });
});

test('several Cookie fields are joined by a semicolon, on HTTP/1 and HTTP/2', async () => {
  const { port } = await listen((req, res) => res.end(seen(req).cookie));
  const raw = 'GET / HTTP/1.1\r\nHost: x\r\nCookie: a=1\r\nCookie: b=2\r\nConnection: close\r\n\r\n';
  expect(await wire(port, raw)).toContain('a=1; b=2');
  const two = await listen2((req, res) => res.end(JSON.stringify(seen(req))));
  const answer = await get2(two.port, { path: '/p?q', headers: { cookie: 'a=1; b=2' } });
  expect(JSON.parse(answer.text)).toEqual({
    method: 'GET',
    path: '/p',
    cookie: 'a=1; b=2',
    address: '127.0.0.1',
    secure: false,
  });
});

test('headers are looked up by lower-case name, never by inherited member', async () => {
  const { port } = await listen((req, res) => {
    const request = new NodeSessionRequest(req);
    res.end(String([request.header('x-a'), request.header('constructor'), request.header('__proto__')]));
  });
  expect((await get(port, { headers: { 'X-A': 'yes' } })).text).toBe('yes,,');
});

test('the host is that of HTTP/1 or of HTTP/2, and two of them are seen as two', async () => {
  const listener = (req: ConstructorParameters<typeof NodeSessionRequest>[0]) =>
    String(new NodeSessionRequest(req).header('host'));
  const { port } = await listen((req, res) => res.end(listener(req)));
  expect((await get(port, { headers: { Host: 'app.example' } })).text).toBe('app.example');
  const raw = 'GET / HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\nConnection: close\r\n\r\n';
  expect(await wire(port, raw)).toContain('a.example, b.example');
  const two = await listen2((req, res) => res.end(listener(req)));
  expect((await get2(two.port, { path: '/' })).text).toBe(`127.0.0.1:${two.port}`);
});

test('where a framework cut the mount point off, the path is still the whole one', () => {
  const request = { method: 'GET', url: '/a', originalUrl: '/static/a?b', headers: {}, socket: {} };
  expect(new NodeSessionRequest(request as never).path).toBe('/static/a');
});

test('a socket that says encrypted is TLS, and one that is gone tells nothing', () => {
  const request = { headers: {}, socket: { encrypted: true, remoteAddress: '::1' } };
  expect(new NodeSessionRequest(request as never)).toMatchObject({ secure: true, address: '::1' });
  const gone = {
    headers: {},
    get socket(): never {
      throw new Error('unbound');
    },
  };
  expect(new NodeSessionRequest(gone as never)).toMatchObject({ secure: false, address: undefined });
});
