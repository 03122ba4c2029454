import { readSecrets } from '../keys/secret.ts';
import type { Given } from './given.ts';
import type { Said } from './said.ts';
import { readTexts, wrong } from './values.ts';

/**
 * What the settings say about secrets. They are judged here, so that the error names the setting.
 *
 * @throws CoatcheckError `SECRET_WEAK`, `SETTING_INVALID`
 */
export function secretSaid(given: Given): Said[] {
  const key = given.get('SECRET_KEY');
  const fallbacks = given.get('SECRET_KEY_FALLBACKS');
  if (key === undefined) {
    if (fallbacks === undefined) return [];
    throw wrong('SECRET_KEY_FALLBACKS', 'only reads: SECRET_KEY, which writes, is not set');
  }
  readSecrets(key, 'SECRET_KEY');
  const older = fallbacks === undefined ? [] : readTexts('SECRET_KEY_FALLBACKS', fallbacks);
  if (older.length > 0) readSecrets(older, 'SECRET_KEY_FALLBACKS');
  return [{ path: ['secret'], value: older.length === 0 ? key : [key, ...older], setting: 'SECRET_KEY' }];
}
