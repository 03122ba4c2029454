import { eventually } from './child.ts';
import { type Redis, type RedisOptions, startRedis } from './redis-server.ts';

export interface Cluster {
  readonly nodes: readonly Redis[];
  readonly urls: readonly string[];
  stop(): Promise<void>;
}

/** Three primaries that share the slots; resolves once each of them knows where every slot is. */
export async function startCluster(options: Omit<RedisOptions, 'port'> = {}): Promise<Cluster> {
  const args = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000', ...(options.args ?? [])];
  const nodes = await Promise.all([1, 2, 3].map(() => startRedis({ ...options, args })));
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop()));
  };
  try {
    const names = nodes.map(({ port }) => `127.0.0.1:${port}`);
    await nodes[0]?.cli('--cluster', 'create', ...names, '--cluster-yes');
    await eventually('The cluster was not whole', async () =>
      (await Promise.all(nodes.map(isWhole))).every((whole) => whole),
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return { nodes, urls: nodes.map(({ url }) => url), stop };
}

async function isWhole(node: Redis): Promise<boolean> {
  const info = await node.cli('cluster', 'info');
  return ['cluster_state:ok', 'cluster_slots_ok:16384', 'cluster_known_nodes:3'].every((line) => info.includes(line));
}
