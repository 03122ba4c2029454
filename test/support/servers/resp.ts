/** Where the frame that begins at `at` ends, in RESP2 or RESP3; -1 while it is not all there. */
export function frameEnd(bytes: Buffer, at: number): number {
  const line = bytes.indexOf('\r\n', at);
  if (line === -1) return -1;
  const type = String.fromCharCode(bytes[at] ?? 0);
  const count = Number(bytes.toString('latin1', at + 1, line));
  const next = line + 2;
  if ('$!='.includes(type)) {
    if (count < 0) return next;
    const end = next + count + 2;
    return end > bytes.length ? -1 : end;
  }
  if ('*~>'.includes(type)) return framesEnd(bytes, next, count);
  if (type === '%') return framesEnd(bytes, next, 2 * count);
  // An attribute stands before what it belongs to.
  if (type === '|') return framesEnd(bytes, next, 2 * count + 1);
  return next;
}

function framesEnd(bytes: Buffer, at: number, count: number): number {
  let end = at;
  for (let left = count; left > 0 && end !== -1; left--) end = frameEnd(bytes, end);
  return end;
}

/** The words of a command, as clients send it: an array of bulk strings. */
export function words(frame: Buffer): string[] {
  const found: string[] = [];
  for (let at = frame.indexOf('\r\n') + 2; at < frame.length; ) {
    const start = frame.indexOf('\r\n', at) + 2;
    const end = frameEnd(frame, at);
    found.push(frame.toString('utf8', start, end - 2));
    at = end;
  }
  return found;
}

/** Cuts a stream of bytes into frames. */
export class Frames {
  #rest: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): Buffer[] {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const frames: Buffer[] = [];
    for (let end = frameEnd(bytes, 0); end !== -1; end = frameEnd(bytes, 0)) {
      frames.push(bytes.subarray(0, end));
      bytes = bytes.subarray(end);
    }
    this.#rest = bytes;
    return frames;
  }
}
