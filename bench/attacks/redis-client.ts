import { createClient } from 'redis';

const clientOf = (url: string) => createClient({ url });

export type Client = ReturnType<typeof clientOf>;

/** node-redis as it is by default, for both. */
export async function connectRedis(url: string): Promise<Client> {
  const client = clientOf(url);
  // An error without a listener would end the process.
  client.on('error', () => {});
  await client.connect();
  return client;
}
