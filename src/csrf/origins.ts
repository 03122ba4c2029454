import { CoatcheckError } from '../errors.ts';

/**
 * Reads origins exactly (R63): scheme, host and, where it is another than the scheme's own, port.
 *
 * @throws CoatcheckError `OPTION_INVALID` for a path, a wildcard, `null`, another scheme, another spelling
 */
export function readOrigins(option: string, origins: unknown): ReadonlySet<string> {
  if (!Array.isArray(origins)) throw invalid(option);
  return new Set(origins.map((origin) => readOrigin(option, origin)));
}

/** @throws CoatcheckError `OPTION_INVALID` */
export function readOrigin(option: string, origin: unknown): string {
  if (typeof origin !== 'string' || !URL.canParse(origin)) throw invalid(option);
  const { protocol, host, origin: canonical } = new URL(origin);
  if (!/^https?:$/.test(protocol) || host.includes('*')) throw invalid(option);
  if (canonical !== origin) throw invalid(option, `, and exactly as browsers write it: ${canonical}`);
  return origin;
}

function invalid(option: string, more = ''): CoatcheckError {
  return new CoatcheckError(
    'OPTION_INVALID',
    `${option} takes scheme, host and port without a path, such as 'https://app.example'${more}.`,
  );
}
