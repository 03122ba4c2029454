import type { Contestant } from './measure.ts';
import type { RedisServer } from './redis-server.ts';
import type { Route } from './routes.ts';

const TIMES = 3;

/**
 * The commands that the client sends for one request with nobody beside it: its round trips, because each waits for
 * the one before. What scripts do inside the server is no round trip and is not counted. The most of three times.
 */
export async function loneCommands(redis: RedisServer, runner: Contestant, route: Route): Promise<readonly string[]> {
  let most: readonly string[] = [];
  for (let time = 0; time <= TIMES; time++) {
    if (route.follow === true) await runner.seed();
    const { sent } = await redis.watch(async () => {
      await runner.ask(route, runner.cookies[0]);
    });
    // The first may do what is done once: load a script, move an expiry.
    if (time > 0 && sent.length > most.length) most = sent;
  }
  return most;
}
