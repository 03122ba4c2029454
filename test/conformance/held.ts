import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient, ListTablesCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import type { Datastore } from '@google-cloud/datastore';
import { MongoClient } from 'mongodb';
import { createPool } from 'mysql2/promise';
import { Client } from 'pg';
import { testDriver } from '../store/drivers.ts';
import type { Redis } from '../support/redis.ts';
import { CREDENTIALS } from '../support/servers/dynamodb.ts';

/** Every text in a value, be it key or content; bytes in the form of latin1, all else as it is printed. */
export function textsIn(value: unknown): string[] {
  if (value instanceof Uint8Array) return [Buffer.from(value).toString('latin1')];
  if (value === null || typeof value !== 'object' || value instanceof Date) return [String(value)];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...textsIn(inner)]);
}

/** How each type of Redis shows all that it holds. */
const SHOW: Readonly<Record<string, (key: string) => string[]>> = {
  string: (key) => ['get', key],
  hash: (key) => ['hgetall', key],
  list: (key) => ['lrange', key, '0', '-1'],
  set: (key) => ['smembers', key],
  zset: (key) => ['zrange', key, '0', '-1', 'withscores'],
  stream: (key) => ['xrange', key, '-', '+'],
};

/** Every key with each line of all that stands under it. */
export async function heldByRedis(redis: Redis): Promise<string[]> {
  const keys = (await redis.cli('--scan')).split('\n').filter((key) => key !== '');
  const texts = await Promise.all(
    keys.map(async (key) => {
      const show = SHOW[await redis.cli('type', key)];
      if (show === undefined) throw new Error('There is a type of Redis that this test cannot show.');
      return [key, ...(await redis.cli(...show(key))).split('\n')];
    }),
  );
  return texts.flat();
}

/** Every row of every table of the database, and the names of the columns. */
export async function heldByPostgres(url: string): Promise<string[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows: tables } = await client.query("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'");
  const rows = [];
  for (const { name } of tables) rows.push(...(await client.query(`SELECT * FROM "${name}"`)).rows);
  await client.end();
  return textsIn(rows);
}

/** The same of MySQL. */
export async function heldByMysql(url: string): Promise<string[]> {
  const pool = createPool(url);
  const [tables] = (await pool.query('SHOW TABLES')) as unknown as [Record<string, string>[]];
  const rows: unknown[] = [];
  for (const name of tables.flatMap((table) => Object.values(table))) {
    rows.push((await pool.query(`SELECT * FROM \`${name}\``))[0]);
  }
  await pool.end();
  return textsIn(rows);
}

/** Every document of every collection of the database. */
export async function heldByMongodb(url: string, database: string): Promise<string[]> {
  const client = new MongoClient(url);
  const held: unknown[] = [];
  for (const { collectionName } of await client.db(database).collections()) {
    held.push(await client.db(database).collection(collectionName).find().toArray());
  }
  await client.close();
  return textsIn(held);
}

/** Every entity of every kind in the namespace, with its name. */
export async function heldByDatastore(client: Datastore): Promise<string[]> {
  const [kinds] = await client.runQuery(client.createQuery('__kind__'));
  const held: unknown[] = [];
  for (const kind of kinds.map((one) => one[client.KEY].name)) {
    const [entities] = await client.runQuery(client.createQuery(kind));
    held.push(...entities.map((entity) => [entity[client.KEY].path, entity]));
  }
  return textsIn(held);
}

/** Every item of every table. */
export async function heldByDynamodb(endpoint: string): Promise<string[]> {
  const client = new DynamoDBClient({ region: 'eu-west-1', endpoint, credentials: CREDENTIALS });
  const { TableNames = [] } = await client.send(new ListTablesCommand());
  const items = await Promise.all(TableNames.map((TableName) => client.send(new ScanCommand({ TableName }))));
  client.destroy();
  return textsIn(items.map(({ Items }) => Items));
}

/** Every path below the folder, and what the files have in them. */
export function heldInFiles(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.flatMap((entry) => {
    const path = join(entry.parentPath, entry.name);
    return [...path.slice(folder.length + 1).split('/'), ...(entry.isFile() ? textsIn(readFileSync(path)) : [])];
  });
}

/** Every row of every table, and the file's bytes, and those of its log. */
export async function heldBySqlite(file: string): Promise<string[]> {
  const database = (await testDriver('libsql')).open(file, { readOnly: true });
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all() as { name: string }[];
  const rows = tables.flatMap(({ name }) => database.prepare(`SELECT * FROM "${name}"`).all());
  database.close();
  return [...textsIn(rows), ...textsIn([file, `${file}-wal`].map((path) => readFileSync(path)))];
}
