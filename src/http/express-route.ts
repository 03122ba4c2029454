/** What is needed of a layer of Express's router, 4 or 5. */
interface Layer {
  /** Where `match` says no more than yes: the part of the path that matched. */
  readonly path?: unknown;
  readonly handle?: unknown;
  readonly method?: string;
  readonly route?: { readonly stack?: readonly Layer[] };
  /** Newer versions of Express 5 answer with an object. */
  match?(path: string): boolean | { readonly path?: unknown } | undefined;
}

interface Router {
  readonly stack?: readonly Layer[];
}

/** What is needed of an application; one that is mounted in another knows where. */
interface Application {
  readonly router?: Router;
  readonly _router?: Router;
  path?(): string;
}

interface Routed {
  readonly app?: Application;
  readonly baseUrl?: string;
  readonly method?: string;
  readonly url?: string;
}

/**
 * The handlers of the route that Express would give a request to, by the router's own match (R65): no pattern of ours
 * can read a path otherwise than the router does. None where that cannot be told.
 *
 * @param after the middleware that asks: only what is mounted after it counts, where it stands in the first router
 */
export function routeHandlers(request: object, after: unknown): readonly unknown[] {
  try {
    const { app, baseUrl = '', method = '', url = '' } = request as Routed;
    // Express 4 has a getter `router` that throws.
    const stack = app?._router?.stack ?? app?.router?.stack;
    const mounted = app?.path?.() ?? '';
    // Not `originalUrl`: whatever rewrote the path has decided where it leads.
    const path = (baseUrl + url).split('?', 1)[0] ?? '';
    if (stack === undefined || !path.startsWith(mounted)) return [];
    const at = stack.findIndex(({ handle }) => handle === after);
    return inStack(stack.slice(at + 1), path.slice(mounted.length), method.toLowerCase()) ?? [];
  } catch {
    // R93: what cannot be told is guarded.
    return [];
  }
}

function inStack(stack: readonly Layer[], path: string, method: string): unknown[] | undefined {
  for (const layer of stack) {
    const match = layer.match?.(path);
    if (match === undefined || match === false) continue;
    const { handle, route } = layer;
    if (route !== undefined) {
      const mine = (route.stack ?? []).filter((one) => one.method === undefined || one.method === method);
      if (mine.length > 0) return mine.map((one) => one.handle);
      continue;
    }
    const inner = (handle as Router | undefined)?.stack;
    if (inner === undefined) continue;
    const { path: part } = match === true ? layer : match;
    const rest = path.slice(typeof part === 'string' ? part.length : 0);
    const found = inStack(inner, rest.startsWith('/') ? rest : `/${rest}`, method);
    if (found !== undefined) return found;
  }
  return undefined;
}
