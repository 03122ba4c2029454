import { type IncomingMessage, request } from 'node:http';

/** Where the applications are, as their visitors see it: behind a proxy that ends TLS. */
export const SITE = 'https://shop.example';

/** Far longer than any answer takes that comes, also on a busy machine; in milliseconds. */
const PATIENCE = 8000;

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly setCookies: readonly string[];
  readonly text: string;
}

export interface Asked {
  readonly method: string;
  /** As it stands in the request line. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** One request over a connection of its own; undefined if there was no answer in good time. */
export function ask(port: number, { method, path, headers = {}, body }: Asked): Promise<Answer | undefined> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const asked = request({
      host: '127.0.0.1',
      port,
      method,
      path,
      agent: false,
      headers: { host: new URL(SITE).host, 'x-forwarded-proto': 'https', ...length, ...headers },
    });
    const timer = setTimeout(() => {
      resolve(undefined);
      asked.destroy();
    }, PATIENCE);
    asked.once('error', reject);
    asked.once('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.once('error', reject);
      response.once('end', () => {
        clearTimeout(timer);
        const { statusCode: status = 0, headers } = response;
        resolve({ status, headers, setCookies: headers['set-cookie'] ?? [], text });
      });
    });
    asked.end(body);
  });
}
