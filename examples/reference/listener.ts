import type { RequestListener } from 'node:http';
import type { App } from './app.ts';
import type { Settings } from './env.ts';
import { expressApp } from './express.ts';
import { fetchApp } from './fetch.ts';
import { nodeApp } from './node.ts';

/** The application on a framework, which is loaded only if it is the one. */
export async function listenerOf(adapter: Settings['adapter'], app: App): Promise<RequestListener> {
  switch (adapter) {
    case 'express':
      return expressApp((await import('express')).default as typeof import('express'), app);
    case 'express4':
      return expressApp((await import('express4')).default as typeof import('express'), app);
    case 'node':
      return nodeApp(app);
    case 'fetch':
      return fetchApp(app);
  }
}
