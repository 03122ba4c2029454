import { Beginning } from '../csrf/beginning.ts';

/** A field of a body that nobody has read yet, which stays for the handler; undefined for none. */
export async function fetchBodyField(request: Request, name: string): Promise<unknown> {
  const { headers } = request;
  if (request.bodyUsed || (headers.get('content-encoding') ?? 'identity') !== 'identity') return undefined;
  const beginning = new Beginning(headers.get('content-type') ?? undefined, name);
  const reader = beginning.promising ? request.clone().body?.getReader() : undefined;
  if (reader === undefined) return undefined;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (value !== undefined) beginning.add(value);
      const found = beginning.find(done);
      if (found !== 'more') return found === 'none' ? undefined : found.value;
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}
