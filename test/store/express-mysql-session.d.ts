// Its own types, @types/express-mysql-session, bring a mysql2 of their own; this is what the tests use of it.
declare module 'express-mysql-session' {
  import type { Store } from 'express-session';

  class MySQLStore extends Store {
    constructor(options: Record<string, unknown>, connection?: unknown);
    onReady(): Promise<void>;
    query(sql: string, parameters: readonly unknown[]): Promise<[rows: any[]]>;
    close(): Promise<void>;
  }
  export default function factory(session: typeof import('express-session')): typeof MySQLStore;
}
