import { connect } from 'node:net';
import { eventually } from './child.ts';
import type { Redis } from './redis-server.ts';

/** Listens to all that a server is asked, as MONITOR tells it. */
export interface Monitor {
  /** A command a line, with its time, its client and its words in quotes. Those that a script calls say `lua`. */
  readonly lines: readonly string[];
  /** How many clients have called one of these commands. */
  count(...commands: readonly string[]): number;
  /** Waits until all that was asked before is told. */
  settle(): Promise<void>;
  stop(): void;
}

/** Only for servers without a password. */
export async function startMonitor(redis: Redis): Promise<Monitor> {
  const lines: string[] = [];
  const socket = connect(redis.port, '127.0.0.1', () => socket.write('MONITOR\r\n'));
  let rest = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    const whole = `${rest}${text}`.split('\r\n');
    rest = whole.pop() ?? '';
    lines.push(...whole);
  });
  socket.on('error', () => undefined);
  await eventually('MONITOR did not begin', async () => lines.includes('+OK'));
  let marks = 0;
  return {
    lines,
    count: (...commands) => {
      const called = new RegExp(`^\\+[\\d.]+ \\[\\d+ (?!lua\\])[^\\]]+\\] "(${commands.join('|')})"`, 'i');
      return lines.filter((line) => called.test(line)).length;
    },
    async settle() {
      const mark = `mark ${marks++}`;
      await redis.cli('echo', mark);
      await eventually('MONITOR fell silent', async () => lines.some((line) => line.endsWith(`"${mark}"`)));
    },
    stop: () => void socket.destroy(),
  };
}
