import { parse } from 'node:querystring';
import type { Fields } from './fields.ts';
import { Problem } from './problem.ts';

/** The largest body that is read, in bytes. */
export const BODY_LIMIT = 1_048_576;

/** Reads a JSON or urlencoded body, where no framework does it. */
export async function readBody(
  header: (name: 'content-type' | 'content-encoding') => string | undefined,
  chunks: AsyncIterable<Uint8Array>,
): Promise<Fields> {
  const bytes = await collect(chunks);
  const type = header('content-type')?.split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'application/json' && type !== 'application/x-www-form-urlencoded') return {};
  if ((header('content-encoding') ?? 'identity') !== 'identity') throw bodyProblem(415);
  const text = bytes.toString();
  if (text === '') return {};
  return type === 'application/json' ? parseObject(text) : parse(text);
}

/** Reads to the end even what is too large: who is answered while still sending may never read the answer. */
async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const kept: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.byteLength;
    if (length <= BODY_LIMIT) kept.push(chunk);
  }
  if (length > BODY_LIMIT) throw bodyProblem(413);
  return Buffer.concat(kept);
}

function parseObject(text: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw bodyProblem(400);
  }
  if (typeof value !== 'object' || value === null) throw bodyProblem(400);
  return value as Fields;
}

/** One answer for what any parser cannot read. */
export function bodyProblem(status: number): Problem {
  if (status === 413) return new Problem(413, 'BODY_TOO_LARGE', `A body has ${BODY_LIMIT} bytes at most.`);
  if (status === 415) return new Problem(415, 'BODY_UNSUPPORTED', 'The encoding of the body is not supported.');
  return new Problem(400, 'BODY_INVALID', 'The body cannot be read.');
}
