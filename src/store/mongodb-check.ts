import { CoatcheckError } from '../errors.ts';
import type { MongodbDatabase, MongodbFields } from './mongodb-client.ts';
import { mongodbFailure } from './mongodb-errors.ts';

/**
 * Asks once whether the server is one that compares and sets exactly, and gives current answers.
 *
 * @throws CoatcheckError `OPTION_INVALID` for FerretDB and for a secondary, `STORE_FAILED` for a server that does not
 *   answer
 */
export async function checkServer(database: MongodbDatabase): Promise<void> {
  const [build, hello] = await Promise.all([ask(database, 'buildInfo'), ask(database, 'hello')]);
  // Version 1 has the first two of these, version 2 the last.
  if ('ferretdbVersion' in build || 'ferretdbFeatures' in build || 'ferretdb' in build) {
    refuse(
      'this is FerretDB, where two writers may both be told that they were first (measured with 1.24: 50 racing increments gave 9). Use MongoDB, or the PostgreSQL store',
    );
  }
  if (hello.secondary === true) {
    refuse('the client is connected to a secondary, which is behind: name the replica set, without directConnection');
  }
}

/** What createIndexes takes, with the names that MongoDB would give. */
export const INDEXES: readonly MongodbFields[] = [
  { key: { expires: 1 }, name: 'expires_1', expireAfterSeconds: 0 },
  { key: { owner: 1, _id: 1 }, name: 'owner_1__id_1', partialFilterExpression: { owner: { $exists: true } } },
];

/**
 * Makes the indexes where they are missing: by the end, which is also MongoDB's own housekeeping, and by owner. They
 * have the names that MongoDB would give them, so that equal ones that somebody made are taken as they are.
 */
export async function prepareIndexes(database: MongodbDatabase, collection: string): Promise<void> {
  try {
    await database.command({
      createIndexes: collection,
      indexes: INDEXES,
      writeConcern: { w: 'majority' },
    });
  } catch (error) {
    throw mongodbFailure(error, 'opening', 'none');
  }
}

/** A server that does not know the command, or does not let everybody ask, answers nothing. */
async function ask(database: MongodbDatabase, command: string): Promise<MongodbFields> {
  try {
    return await database.command({ [command]: 1 });
  } catch (error) {
    const failed = mongodbFailure(error, 'opening', 'none');
    if ((error as { name?: unknown }).name === 'MongoServerError' && !failed.retryable) return {};
    throw failed;
  }
}

function refuse(why: string): never {
  throw new CoatcheckError('OPTION_INVALID', `MongoDB store: ${why}.`);
}
