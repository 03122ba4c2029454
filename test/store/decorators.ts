import type { Document, Store } from '../../src/store/contract.ts';
import { migrating } from '../../src/store/migrating.ts';

export const SECRET = 'gU0Zk9-bO4vR7tq1wX2eYc5nLm8sAaHd_JpQfTi3K6E';
export const NEXT_SECRET = 'Vh2Yx8KpQ0_rZt5mBn1cLw7dEo4sGj9fAu3iTk6RvXM';

/** A store that takes nothing but text, as some databases do. */
export function textOnly(store: Store): Store {
  const refuse = (document: Document): void => {
    if (typeof document !== 'string') throw new TypeError('This store takes text only.');
  };
  return withVerbs(store, {
    capabilities: { ...store.capabilities, bytes: false },
    create: async (key, document, ...rest) => {
      refuse(document);
      return store.create(key, document, ...rest);
    },
    update: async (key, version, document, expiresAt) => {
      refuse(document);
      return store.update(key, version, document, expiresAt);
    },
    put: async (key, document, ...rest) => {
      refuse(document);
      return store.put(key, document, ...rest);
    },
  });
}

/** The same store, some of its verbs replaced; undefined takes one away. */
export function withVerbs(store: Store, verbs: { readonly [Name in keyof Store]?: Store[Name] | undefined }): Store {
  return new Proxy(store, {
    get(target, name) {
      if (Object.hasOwn(verbs, name)) return verbs[name as keyof Store];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** A migrating store whose records were in the old store before it began: create puts them there. */
export function bornInOld(stores: { readonly from: Store; readonly to: Store }): Store {
  const store = migrating(stores);
  return withVerbs(store, {
    create: async (key, document, expiresAt, owner) => {
      // What has been here before cannot be born there any more.
      const begun = (await stores.to.read(key)) !== undefined;
      if (begun) return store.create(key, document, expiresAt, owner);
      const { result } = await stores.from.create(key, document, expiresAt, owner);
      const current = await store.read(key);
      if (result === 'exists' || current === undefined) return { result: 'exists', current };
      return { result, version: current.version };
    },
  });
}
