/** Real Redis servers for tests: alone, as a cluster, guarded by sentinels, and with a relay in between. */
export { makeCa, opensslMissing } from './servers/ca.ts';
export { startCluster } from './servers/cluster.ts';
export { startMonitor } from './servers/monitor.ts';
export { called, type RedisName, redisProgram } from './servers/program.ts';
export { type Redis, startRedis } from './servers/redis-server.ts';
export { type Relay, scriptAnswers, startRelay } from './servers/relay.ts';
export { type Sentinel, type SentinelOptions, startSentinel } from './servers/sentinel.ts';
