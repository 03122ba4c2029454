import { type Backend, CoatcheckError } from 'coatcheck';
import { type Answer, json } from './answer.ts';
import { type Fields, seconds, text, value, wrong } from './fields.ts';
import { Problem } from './problem.ts';

/** The direct interface by HTTP: one operation on one key. */
export async function operate(backend: Backend, fields: Fields): Promise<Answer> {
  const [op, key] = [text(fields, 'op'), text(fields, 'key')];
  switch (op) {
    case 'get':
      return json({ value: (await backend.get(key)) ?? null });
    case 'set':
      await set(backend, key, value(fields, 'value'), seconds(fields, 'expiry'));
      return json({ ok: true });
    case 'delete': {
      const deleted = await backend.delete(key);
      return json({ ok: deleted, value: deleted });
    }
    default:
      throw wrong('The field op must be get, set or delete.');
  }
}

/** For the library a wrong expiry is the application's mistake; here it is the visitor's. */
async function set(backend: Backend, key: string, stored: unknown, expiry: number | undefined): Promise<void> {
  try {
    await backend.set(key, stored, expiry);
  } catch (error) {
    if (error instanceof CoatcheckError && error.code === 'EXPIRY_INVALID') {
      throw new Problem(400, error.code, error.message);
    }
    throw error;
  }
}
