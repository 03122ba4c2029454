import type { Csrf } from '../csrf/csrf.ts';
import { isSafe } from '../csrf/decide.ts';
import { NodeCsrfRequest, sessionOn } from './csrf-request.ts';
import type { NodeRequest } from './node-request.ts';
import { varyOn } from './vary.ts';

/**
 * The CSRF guard around a handler of a bare Node server, within `nodeSessions`, which answers what it refuses with a
 * plain 403. The body is read as far as the token, at most 64 KiB, and put back. Around one handler of several it
 * guards that one; a handler that `csrf.exempt` marked is not guarded.
 *
 * @example
 * createServer(nodeSessions(sessions, nodeCsrf(csrf, (req, res) => res.end('Done.')))).listen(3000);
 */
export function nodeCsrf<Request extends NodeRequest, Response extends object>(
  csrf: Csrf,
  handler: (request: Request, response: Response) => unknown,
): (request: Request, response: Response) => unknown {
  if (csrf.isExempt(handler)) return handler;
  return (request, response) => {
    varyOn(response as Response & Parameters<typeof varyOn>[0]);
    const asked = new NodeCsrfRequest(request);
    if (isSafe(asked.method)) return handler(request, response);
    return csrf.check(asked, sessionOn(request)).then(() => handler(request, response));
  };
}
