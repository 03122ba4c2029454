import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { nodeSessions } from '../../src/http/node.ts';
import { broken, setup } from './helpers.ts';

// Run by unawaited.test.ts in a process of its own: what happens there without a listener for unhandled rejections.
const { browser, sessions, fail, heard } = setup();

const acts: Record<string, (session: any, response: any) => unknown> = {
  'destroy-after-end': (session, response) => {
    session.a;
    response.end();
    response.on('close', () => session.destroy());
  },
  'destroy-on-finish': (session, response) => {
    response.on('finish', () => session.destroy());
    response.end();
  },
  regenerate: (session, response) => {
    session.regenerate();
    session.user = 'ann';
    response.end();
  },
  reload: (session, response) => {
    session.reload();
    response.end();
  },
  take: (session, response) => {
    session.take('a');
    response.end();
  },
};

async function main(): Promise<void> {
  const name = process.argv[2] ?? '';
  await browser.visit((session) => session.set('a', 1));
  if (name === 'regenerate' || name === 'reload') fail('read', broken(), 100);
  if (name === 'take') fail('update', broken(), 100);
  const handler = nodeSessions(sessions, (request, response) => acts[name]?.(request.session, response));
  const server = createServer(handler).listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    get({ host: '127.0.0.1', port, headers: { cookie: browser.cookie ?? '' }, agent: false }, (answer) => {
      answer.resume().on('close', () => {
        setTimeout(() => {
          const lost = heard('lost').map(({ error }) => (error as { code?: string }).code);
          console.log(JSON.stringify({ status: answer.statusCode, lost }));
          server.close();
        }, 50);
      });
    });
  });
}

void main();
