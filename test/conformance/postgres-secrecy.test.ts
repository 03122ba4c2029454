import { describe, expect, onTestFinished, test } from 'vitest';
import { createSessions } from '../../src/index.ts';
import { createTable } from '../../src/store/postgres.ts';
import { storeFromUrl } from '../../src/url.ts';
import { type Postgres, postgresMissing, startPostgres } from '../support/servers/postgres.ts';
import { called } from '../support/servers/program.ts';
import { Browser } from '../support/visit.ts';
import { fleet } from './app.ts';
import { Visitor } from './visitor.ts';

const { start } = fleet();

/** The ticket as text, and its bytes as others might write them down. */
function spellings(ticket: string): string[] {
  const bytes = Buffer.from(ticket, 'base64url');
  return [ticket, bytes.toString('base64'), bytes.toString('hex'), bytes.toString('hex').toUpperCase()];
}

/** A server that writes down every statement with its parameters. */
async function startTalkative(): Promise<Postgres> {
  const server = await startPostgres({ settings: { log_statement: 'all', logging_collector: 'on' } });
  onTestFinished(() => server.stop());
  await createTable({ url: server.url });
  return server;
}

/** Every row, and all that the server wrote down. */
async function everything(server: Postgres): Promise<{ rows: string[]; log: string }> {
  const rows = await server.sql('SELECT row_to_json(s)::text AS row FROM coatcheck_sessions AS s', 'app');
  const [log] = await server.sql('SELECT pg_read_file(pg_current_logfile()) AS log');
  return { rows: rows.map(({ row }) => String(row)), log: String(log?.log) };
}

describe.skipIf(postgresMissing !== undefined)(called('what PostgreSQL holds and hears', postgresMissing), () => {
  test('nowhere stands the value of a cookie, be the session alive, moved or ended', async () => {
    const server = await startTalkative();
    const app = await start({ ADAPTER: 'node', SESSION_URI: server.url });
    const tickets = new Set<string>();
    const visit = async (...acts: ((visitor: Visitor) => Promise<unknown>)[]): Promise<void> => {
      const visitor = new Visitor(app.port);
      for (const act of acts) {
        await act(visitor);
        tickets.add(visitor.jar.get('__Host-session') ?? '');
      }
    };
    const set = (k: string) => (visitor: Visitor) => visitor.post('/set', { k, v: 'x' });
    await visit(set('a'), set('b'), (visitor) => visitor.get('/get?k=a'));
    await visit(set('a'), (visitor) => visitor.post('/regenerate', { keep: true }), set('b'));
    await visit(set('a'), set('user'), (visitor) => visitor.post('/incr', { k: 'n' }));
    await visit(set('a'), (visitor) => visitor.post('/destroy'));
    tickets.delete('');
    expect(tickets.size).toBeGreaterThan(5);
    const { rows, log } = await everything(server);
    expect(rows.length).toBeGreaterThan(4);
    // It did write down what it was told.
    for (const row of rows) expect(log).toContain((JSON.parse(row) as { key: string }).key);
    for (const secret of [...tickets].flatMap(spellings)) {
      expect([...rows, log].filter((text) => text.includes(secret))).toEqual([]);
    }
    await app.stop();
  }, 60_000);

  test('nowhere stands the name of an owner but in the data that the handler itself wrote', async () => {
    const server = await startTalkative();
    const ownerOf = (data: { user?: unknown }): string | undefined =>
      data.user === undefined ? undefined : 'ann@x.example';
    const sessions = createSessions({ store: () => storeFromUrl(server.url), ownerOf });
    onTestFinished(() => sessions.close());
    await new Browser(sessions).visit((session) => session.set('user', 7));
    expect(await sessions.listFor('ann@x.example')).toHaveLength(1);
    const { rows, log } = await everything(server);
    expect(rows).toHaveLength(1);
    expect([...rows, log].filter((text) => text.includes('ann@'))).toEqual([]);
  }, 60_000);
});
