import type { Given } from './given.ts';
import { wrong } from './values.ts';

/** SESSION_MEMCACHED, or the host and port of Quart-Session, as a URL. */
export function memcachedIn(given: Given): { url: string; setting: string } | undefined {
  const url = given.get('SESSION_MEMCACHED');
  const host = given.get('SESSION_MEMCACHED_HOST');
  const port = given.get('SESSION_MEMCACHED_PORT');
  if (url !== undefined) {
    if (host !== undefined || port !== undefined) {
      throw wrong('SESSION_MEMCACHED', 'has host and port in it. Leave SESSION_MEMCACHED_HOST and _PORT out');
    }
    if (!url.startsWith('memcached:')) {
      throw wrong(
        'SESSION_MEMCACHED',
        'must be a URL that begins with memcached://, such as memcached://host1:11211,host2; a client of another library is of no use',
      );
    }
    return { url, setting: 'SESSION_MEMCACHED' };
  }
  if (host === undefined && port === undefined) return undefined;
  if (host !== undefined && !/^(?:[^\s:/@,?#[\]]+|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*)$/.test(host)) {
    throw wrong(
      'SESSION_MEMCACHED_HOST',
      'must be the name or address of one server; several go into SESSION_MEMCACHED',
    );
  }
  if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) > 0 && Number(port) < 65_536)) {
    throw wrong('SESSION_MEMCACHED_PORT', 'must be a number from 1 to 65535');
  }
  const server = host?.includes(':') ? `[${host}]` : (host ?? '127.0.0.1');
  const setting = host === undefined ? 'SESSION_MEMCACHED_PORT' : 'SESSION_MEMCACHED_HOST';
  return { url: `memcached://${server}:${port ?? 11211}`, setting };
}
