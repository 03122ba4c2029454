import { sessionsFromEnv } from '../../src/env/index.ts';

/** Connects by its environment alone; says `connected`, or what went wrong. */
try {
  const sessions = await sessionsFromEnv(process.env, { needs: 'store' });
  await sessions.ready();
  await sessions.backend.set('key', 1);
  await sessions.close();
  console.log('connected');
} catch (error) {
  console.log(String(error));
}
