/** The Redis client, made as an application makes it; every target of a run uses the same driver. */
export async function connect(driver, url) {
  if (driver === 'ioredis') {
    const { Redis } = await import('ioredis');
    return new Redis(url);
  }
  const { createClient } = await import('redis');
  const client = createClient({ url });
  client.on('error', (error) => console.error(error));
  return client.connect();
}

/** The few raw commands of the floor, spelt for each driver. */
export function rawCommands(driver, client) {
  return {
    get: (key) => client.get(key),
    set:
      driver === 'ioredis'
        ? (key, value) => client.set(key, value, 'EX', 3600)
        : (key, value) => client.set(key, value, { expiration: { type: 'EX', value: 3600 } }),
    del: (key) => client.del(key),
  };
}
