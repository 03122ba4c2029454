import { bytesTag, cutSecondTag, ESCAPE, markupTag, secondTag, tupleTag, uuidTag } from './flask-tags.ts';
import { bigintTag, exactDateTag, mapTag, numberTag, setTag, urlTag } from './own-tags.ts';
import { type Tag, tagInvalid } from './tag.ts';

/** What stands in the order where objects and arrays are handled, which carry no tag themselves. */
export type Step = Tag | 'escaped' | 'object' | 'array';

/** Which tags there are, by key and in the order in which they are asked. */
export class TagRegistry {
  readonly order: Step[];
  readonly #byKey = new Map<string, Tag | undefined>([[ESCAPE, undefined]]);
  /** Whether a user's tag may want plain objects or arrays, which then cannot be walked straight away. */
  first = false;
  /** Whether there are users' tags at all: they may want text and numbers too. */
  custom = false;

  constructor(flaskOnly: boolean) {
    const flask = [bytesTag, markupTag, uuidTag, flaskOnly ? cutSecondTag : secondTag];
    const own = flaskOnly ? [] : [exactDateTag, mapTag, setTag, bigintTag, urlTag, numberTag];
    this.order = ['escaped', 'object', tupleTag, 'array', ...flask, ...own];
    for (const step of this.order) if (typeof step === 'object') this.#byKey.set(step.key, step);
  }

  has(key: string): boolean {
    return this.#byKey.has(key);
  }

  get(key: string): Tag | undefined {
    return this.#byKey.get(key);
  }

  add(tag: Tag, force: boolean): void {
    checkTag(tag);
    if (tag.key === ESCAPE)
      throw tagInvalid(`The tag "${ESCAPE}" escapes objects and cannot be replaced; take another key.`);
    const old = this.#byKey.get(tag.key);
    if (old !== undefined && !force) {
      throw tagInvalid(
        `The tag "${tag.key}" is registered already; take another key, or pass { force: true } to replace it.`,
      );
    }
    const place = old === undefined ? this.order.length : this.order.indexOf(old);
    if (old !== undefined) this.order.splice(place, 1);
    this.order.splice(tag.position ?? place, 0, tag);
    this.#byKey.set(tag.key, tag);
    this.custom = true;
    if (this.order.indexOf(tag) < this.order.indexOf('array')) this.first = true;
  }
}

function checkTag(tag: Tag): void {
  if (typeof tag !== 'object' || tag === null || typeof tag.key !== 'string' || !/^ \S/.test(tag.key)) {
    throw tagInvalid('A tag is an object whose key is one space and a name, such as " money".');
  }
  for (const verb of ['check', 'encode', 'decode'] as const) {
    if (typeof tag[verb] !== 'function')
      throw tagInvalid(`The tag "${tag.key}" has no function "${verb}"; give it one.`);
  }
  const { position } = tag;
  if (position !== undefined && !(Number.isInteger(position) && position >= 0)) {
    throw tagInvalid(`The position of the tag "${tag.key}" must be a whole number, 0 or more.`);
  }
}
