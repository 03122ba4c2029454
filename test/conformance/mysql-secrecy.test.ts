import { describe, expect, onTestFinished, test } from 'vitest';
import { createSessions } from '../../src/index.ts';
import { openMysql } from '../../src/store/mysql.ts';
import { mysqlMissing, startMysql } from '../support/servers/mysql.ts';
import { called } from '../support/servers/program.ts';
import { Browser } from '../support/visit.ts';

/** The ticket as text, and its bytes as others might write them down. */
function spellings(ticket: string): string[] {
  const bytes = Buffer.from(ticket, 'base64url');
  return [ticket, bytes.toString('base64'), bytes.toString('hex'), bytes.toString('hex').toUpperCase()];
}

describe.skipIf(mysqlMissing !== undefined)(called('what MariaDB holds and hears', mysqlMissing), () => {
  test.each(['bytes', 'json'] as const)(
    'has no ticket in it and no name of an owner, with documents as %s',
    async (createTable) => {
      const mysql = await startMysql();
      onTestFinished(() => mysql.stop());
      await mysql.sql("SET GLOBAL log_output = 'TABLE'; SET GLOBAL general_log = ON");
      const sessions = createSessions<{ user?: number; n?: number }>({
        store: () => openMysql({ url: mysql.url, createTable }),
        ownerOf: ({ user }) => (user === undefined ? undefined : 'ann@x.example'),
      });
      onTestFinished(() => sessions.close());
      const tickets = new Set<string>();
      for (let visitors = 0; visitors < 3; visitors++) {
        const browser = new Browser(sessions);
        const visit = async (act: Parameters<typeof browser.visit>[0]): Promise<void> => {
          await browser.visit(act);
          if (browser.cookie !== undefined) tickets.add(browser.cookie.slice(browser.cookie.indexOf('=') + 1));
        };
        await visit((session) => session.set('n', 1));
        await visit((session) => session.set('user', 7));
        await visit((session) => session.update('n', (n = 0) => n + 1));
        if (visitors === 0) await visit((session) => session.destroy());
      }
      expect(await sessions.listFor('ann@x.example')).toHaveLength(2);
      expect(tickets.size).toBeGreaterThan(4);
      const heard = await mysql.sql('SELECT argument FROM mysql.general_log');
      const held = await mysql.sql('SELECT * FROM app.coatcheck_sessions');
      expect(heard).toMatch(/UPDATE/);
      expect(held.split('\n').length).toBeGreaterThan(1);
      for (const secret of [...tickets].flatMap(spellings)) expect(`${heard}${held}`.includes(secret)).toBe(false);
      expect(`${heard}${held}`).not.toContain('ann@');
    },
  );
});
