/**
 * One measured server: plain JavaScript, one target, one process. What to be is told by the environment; what it cost
 * is asked over the control channel, so that no question travels over the measured port.
 */
import { connect } from './client.mjs';
import { rateRoutes } from './rates.mjs';
import { targets } from './targets/index.mjs';

const settings = JSON.parse(process.env.BENCH_SERVER);
const framework = await (settings.framework === 'node' ? import('./node.mjs') : import('./express.mjs'));
const { send } = framework;
const client = settings.redis === undefined ? undefined : await connect(settings.driver, settings.redis);
const target = await targets[settings.target]({ ...settings, send, client });
const { read, write, login, seed } = target.handlers;
const rates = settings.rates ? rateRoutes(target.verbs, send) : undefined;

const server = framework.listen(target, {
  outside: rates?.outside,
  inside: {
    ...rates?.inside,
    '/static/app.css': (_req, res) => send(res, 'body { margin: 0 }'),
    '/plain': (_req, res) => send(res, 'plain'),
    '/read': read,
    '/write': write,
    '/login': login,
    '/seed': seed,
  },
});
server.on('listening', () => process.send({ port: server.address().port, node: process.version }));

process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send({ cpu: user + system, rss: process.memoryUsage.rss() });
});
process.on('disconnect', () => process.exit());
