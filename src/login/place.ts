import { addressGroup } from '../interface/address.ts';
import { hashName } from '../keys/ids.ts';
import type { RequestSession } from '../session/request-session.ts';

/**
 * Where a request comes from: its network address (IPv6 by /64, behind trusted proxies only) and its browser, hashed.
 * Undefined where the address is not known: who knows nothing accuses nobody.
 */
export function placeOf(session: RequestSession): string | undefined {
  const address = addressGroup(session.address);
  if (address === undefined) return undefined;
  const agent = session.request?.header('user-agent') ?? '';
  return hashName(`${address}\0${agent}`).slice(0, 32);
}
