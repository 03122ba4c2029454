import { execFile } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { handOver, removeFolder, serverFolder } from './child.ts';
import { programPath } from './program.ts';

const run = promisify(execFile);

/** A certificate authority that nobody else knows, and a certificate of it for 127.0.0.1 and localhost. */
export interface Ca {
  /** The authority's certificate as PEM, for clients. */
  readonly ca: string;
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  remove(): void;
}

/** Why there can be no certificates here; undefined where there can. */
export const opensslMissing: string | undefined =
  programPath('openssl') === undefined ? 'there is no openssl program: install openssl' : undefined;

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

export async function makeCa(): Promise<Ca> {
  const folder = serverFolder();
  const at = (name: string): string => join(folder, name);
  const openssl = (...args: string[]): Promise<unknown> => run('openssl', args, { cwd: folder });
  const [caFile, caKey, certFile, keyFile] = [at('ca.crt'), at('ca.key'), at('server.crt'), at('server.key')];
  const authority = ['-subj', '/CN=Coatcheck Test CA', '-addext', 'keyUsage=critical,keyCertSign'];
  await openssl('req', '-x509', ...NEW_KEY, '-keyout', caKey, '-out', caFile, '-days', '2', ...authority);
  await openssl('req', ...NEW_KEY, '-keyout', keyFile, '-out', at('server.csr'), '-subj', '/CN=localhost');
  writeFileSync(at('names'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
  const by = ['-CA', caFile, '-CAkey', caKey, '-CAcreateserial', '-days', '2', '-extfile', at('names')];
  await openssl('x509', '-req', '-in', at('server.csr'), '-out', certFile, ...by);
  chmodSync(keyFile, 0o600);
  handOver(keyFile);
  return { ca: readFileSync(caFile, 'utf8'), caFile, certFile, keyFile, remove: () => removeFolder(folder) };
}
