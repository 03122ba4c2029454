import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type NextFunction, type Request, type Response } from 'express';
import { Gates } from './gates.ts';
import type { Library, OpenLibrary, Setup } from './library.ts';
import { addRoutes, type Done } from './routes.ts';
import { Users } from './users.ts';

/** A running application. */
export interface Target {
  readonly port: number;
  readonly library: Library;
  readonly gates: Gates;
  readonly done: Done;
  stop(): Promise<void>;
}

export async function startTarget(open: OpenLibrary, setup: Setup = {}): Promise<Target> {
  const users = new Users();
  const library = await open(users, setup);
  const gates = new Gates();
  const done: Done = { transfers: [] };
  const app = express();
  // Express writes errors to the terminal otherwise.
  app.set('env', 'test');
  library.mount(app);
  addRoutes(app, library, users, gates, done);
  app.use((error: { status?: number; message?: string }, _req: Request, res: Response, next: NextFunction) => {
    if (res.headersSent) return next(error);
    res.status(error.status ?? 500).send(error.message);
  });
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    library,
    gates,
    done,
    async stop() {
      server.closeAllConnections();
      server.close();
      await library.close();
    },
  };
}
