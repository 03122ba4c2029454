import { CoatcheckError } from '../errors.ts';
import type { MongodbClient } from './mongodb-client.ts';
import { mongodbFailure } from './mongodb-errors.ts';
import { settingsBeside } from './mongodb-url.ts';

/**
 * How we set up a client, in milliseconds. The store's commands are not sent again in any case; this sees to it that
 * none waits for long either, and that the start fails soon. What stands in the URL wins, but for the first two.
 */
const SETTINGS: Readonly<Record<string, unknown>> = {
  retryWrites: false,
  retryReads: false,
  serverSelectionTimeoutMS: 1500,
  connectTimeoutMS: 1500,
  waitQueueTimeoutMS: 1500,
  appName: 'coatcheck',
};

interface MongodbModule {
  readonly MongoClient: new (url: string, options: object) => MongodbClient;
}

/**
 * Connects by the URL of the driver.
 *
 * @throws CoatcheckError `DRIVER_MISSING`, `STORE_URL_INVALID` without the URL, and `STORE_FAILED` where nobody answers
 */
export async function openUrl(url: string): Promise<MongodbClient> {
  const { MongoClient } = await findDriver();
  let client: MongodbClient;
  try {
    client = new MongoClient(url, settingsBeside(url, SETTINGS));
  } catch (error) {
    throw refusedUrl(error);
  }
  try {
    await client.connect();
  } catch (error) {
    await client.close();
    throw mongodbFailure(error, 'opening', 'none');
  }
  return client;
}

/** What the driver says names the option that it does not know, and may quote what stands beside it. */
function refusedUrl(error: unknown): CoatcheckError {
  const option = /^options? ([A-Za-z, ]+) (?:is|are) not supported/.exec(String((error as Error)?.message))?.[1];
  const why = option === undefined ? 'the driver does not understand the URL' : `the driver has no option ${option}`;
  return new CoatcheckError('STORE_URL_INVALID', `MongoDB store: ${why}. See the driver's page on connection strings.`);
}

async function findDriver(): Promise<MongodbModule> {
  try {
    const name = 'mongodb';
    return (await import(name)) as unknown as MongodbModule;
  } catch (error) {
    throw new CoatcheckError('DRIVER_MISSING', 'MongoDB store: no driver was found. Run `npm install mongodb`.', {
      cause: error,
    });
  }
}
