import type { Command } from './command.ts';
import { clean } from './commands/clean.ts';
import { decode } from './commands/decode.ts';
import { list } from './commands/list.ts';
import { migrate } from './commands/migrate.ts';
import { revoke } from './commands/revoke.ts';
import { schema } from './commands/schema.ts';
import { secret } from './commands/secret.ts';
import { show } from './commands/show.ts';
import { stats } from './commands/stats.ts';

/** In the order in which somebody meets them. */
export const COMMANDS: readonly Command[] = [secret, schema, stats, list, show, revoke, clean, migrate, decode];
