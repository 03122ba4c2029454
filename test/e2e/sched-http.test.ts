import type { SessionEvent } from 'coatcheck';
import { memoryStore } from 'coatcheck/store/memory';
import { type FaultyStore, faultyStore } from 'coatcheck/testing';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { MOST } from '../../examples/sched/book.ts';
import { type Answer, dumpOf, type Form, type Running, runSched, Visitor } from './sched-visitor.ts';

const FORM = {
  title: 'Dentist',
  date: '2026-11-25',
  time: '09:30',
  minutes: '30',
  place: 'Harbour',
  note: 'x-rays',
};

/** The same application twice over one store, as two processes would be. */
let apps: Running[];
let store: FaultyStore;
let events: SessionEvent[];
let ann: Visitor;

beforeEach(async () => {
  store = faultyStore(memoryStore());
  events = [];
  const settings = { onEvent: (event: SessionEvent) => void events.push(event) };
  apps = [await runSched(store, { settings }), await runSched(store, { settings })];
  ann = new Visitor(apps[0] as Running);
  await ann.register('ann');
});

afterEach(() => Promise.all(apps.map((app) => app.stop())));

function post(path: string, form?: Form): Promise<Answer> {
  return ann.post(path, form);
}

function read(path: string): Promise<string> {
  return ann.read(path);
}

/** Where an appointment is edited. */
async function editPath(): Promise<string> {
  return /\/appointments\/[\w-]+\/edit/.exec(await read('/'))?.[0] ?? 'no appointment';
}

const count = (page: string): number => page.split('<h3>').length - 1;
/** Sends a form to both applications, and lets neither write before both have read. */
async function together(path: string, forms: readonly [Form, Form]): Promise<number[]> {
  const twin = ann.copy();
  twin.origin = apps[1]?.origin ?? '';
  let release: () => void = () => undefined;
  store.reset();
  store.always('update', { before: new Promise<void>((resolve) => (release = resolve)) });
  const answers = [ann.post(path, forms[0]), twin.post(path, forms[1])];
  await vi.waitFor(() => expect(store.calls.filter(({ verb }) => verb === 'update')).toHaveLength(2), { interval: 5 });
  store.always('update', undefined);
  release();
  return (await Promise.all(answers)).map(({ status }) => status);
}

test('a visitor who only looks gets no cookie and costs no store call', async () => {
  store.reset();
  const guest = new Visitor(apps[0] as Running);
  for (const path of ['/', '/static/style.css', '/nowhere']) {
    expect((await guest.send(path)).headers.getSetCookie(), path).toEqual([]);
  }
  for (const path of ['/login', '/register']) await guest.send(path);
  expect(guest.jar.names()).toEqual(['csrf']);
  expect(store.calls).toEqual([]);
});

test('an appointment is added, listed under its day, edited and deleted, each by post, redirect and get', async () => {
  const added = await post('/appointments', FORM);
  expect([added.status, added.location]).toEqual([303, '/']);
  expect(await read('/')).toMatch(/Tomorrow <span>25 November<\/span>.*09:30.*30 minutes.*Dentist/s);

  const edit = await editPath();
  expect(await read(edit)).toContain('value="Dentist"');
  const changed = await post(edit.replace('/edit', ''), { ...FORM, title: 'Surgeon', date: '2027-01-02' });
  expect(changed.status).toBe(303);
  expect(await read('/')).toMatch(/Saturday <span>2 January 2027<\/span>.*Surgeon/s);

  const remove = edit.replace('edit', 'delete');
  expect(await read(remove)).toContain('Delete this appointment?');
  expect(count(await read('/'))).toBe(1);
  expect((await post(remove)).status).toBe(303);
  expect(count(await read('/'))).toBe(0);
  expect((await post(remove)).status).toBe(404);
});

test('what comes next stands first, and what is over is folded away', async () => {
  await post('/appointments', { ...FORM, title: 'Later', time: '15:00' });
  await post('/appointments', { ...FORM, title: 'Sooner', time: '10:00' });
  await post('/appointments', { ...FORM, title: 'Long ago', date: '2025-01-01' });
  const page = await read('/');
  expect(page).toMatch(/Next: <strong>Sooner<\/strong>, tomorrow at 10:00/);
  expect(page).toMatch(/<h3>Sooner .*<h3>Later<.*Earlier appointments \(1\).*<h3>Long ago</s);
});

test('nothing that a visitor writes is ever HTML', async () => {
  const payload = `</textarea></title><script>alert("1")</script>'"&<img src=x onerror=alert(1)>`;
  const evil = { ...FORM, title: payload, place: payload, note: payload };
  expect((await post('/appointments', evil)).status).toBe(303);
  expect((await post('/draft', evil)).status).toBe(303);
  const edit = await editPath();
  const wrong = { ...evil, date: payload.slice(0, 9), time: '"><b>', minutes: '"<i' };
  const pages = [
    await read('/'),
    await read('/new'),
    await read(edit),
    await read(edit.replace('edit', 'delete')),
    await read('/session'),
    (await post('/appointments', wrong)).body,
    (await post(edit.replace('/edit', ''), wrong)).body,
  ];
  for (const page of pages) {
    expect(page).toContain('&lt;script&gt;alert(');
    expect(page).not.toMatch(/<script>|<img src=x|<\/textarea><\/title>|"><b>|"<i/);
  }
});

test('no page has anything inline or from elsewhere, and the policy forbids it', async () => {
  await post('/appointments', FORM);
  const paths = [
    '/',
    '/new',
    '/session',
    '/account',
    '/account/devices',
    '/account/delete',
    '/confirm',
    await editPath(),
  ];
  for (const path of paths) {
    const { headers, body } = await ann.send(path);
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(body).not.toMatch(/https?:\/\/|<style|\sstyle=|\son\w+=|<script>/);
  }
});

const { title: _title, ...untitled } = FORM;
const doubled: [string, string][] = [...Object.entries(FORM), ['title', 'again']];
const MALFORMED: Readonly<Record<string, [status: number, form: Form]>> = {
  'an empty form': [400, {}],
  'a missing field': [400, untitled],
  'a doubled field': [400, doubled],
  'a field with brackets': [400, { ...untitled, 'title[]': 'Dentist' }],
  'no title': [422, { ...FORM, title: ' \t ' }],
  'a title that is too long': [422, { ...FORM, title: 'x'.repeat(81) }],
  'a title of two lines': [422, { ...FORM, title: 'one\ntwo' }],
  'a note with a control character': [422, { ...FORM, note: 'a\u0000b' }],
  'a note that is too long': [422, { ...FORM, note: 'x'.repeat(201) }],
  'a day that does not exist': [422, { ...FORM, date: '2026-02-30' }],
  'a day in another form': [422, { ...FORM, date: '24.11.2026' }],
  'a day in another millennium': [422, { ...FORM, date: '1999-12-31' }],
  'an hour too many': [422, { ...FORM, time: '24:00' }],
  'a time without its zero': [422, { ...FORM, time: '9:30' }],
  'a length of its own': [422, { ...FORM, minutes: '7' }],
  'a length in another form': [422, { ...FORM, minutes: '3e1' }],
  'more than a form can hold': [413, { ...FORM, note: 'x'.repeat(20_000) }],
  'more fields than a form has': [413, Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`f${i}`, '']))],
};

test.each(Object.entries(MALFORMED))('%s is refused, and nothing is stored', async (_name, [status, form]) => {
  await post('/appointments', FORM);
  const edit = await editPath();
  const before = await dumpOf(store);
  for (const path of ['/appointments', edit.replace('/edit', '')]) {
    expect((await post(path, form)).status, path).toBe(status);
  }
  expect(await dumpOf(store)).toEqual(before);
});

test('a body that is no form is refused, and nothing is stored', async () => {
  const before = await dumpOf(store);
  const bodies: [number, string, string][] = [
    [400, 'application/json', JSON.stringify(FORM)],
    [400, 'text/plain', 'title=Dentist'],
    [415, 'application/x-www-form-urlencoded; charset=utf-7', 'title=Dentist'],
  ];
  for (const [status, type, body] of bodies) {
    for (const path of ['/appointments', '/appointments/x', '/draft', '/draft/typed']) {
      const headers = { 'Content-Type': type, 'X-CSRF-Token': ann.token };
      const answer = await ann.send(path, { method: 'POST', headers, body });
      expect([answer.status, answer.headers.getSetCookie()]).toEqual([status, []]);
    }
  }
  expect(await dumpOf(store)).toEqual(before);
});

test('an id that is nobody’s, or no id, is a 4xx, and nothing is stored', async () => {
  const before = await dumpOf(store);
  for (const id of ['x', '__proto__', '%00', '%ZZ', 'a'.repeat(3000)]) {
    for (const path of [`/appointments/${id}`, `/appointments/${id}/edit`, `/appointments/${id}/delete`]) {
      for (const answer of [await ann.send(path), await post(path, FORM)]) {
        expect([400, 404], path).toContain(answer.status);
        expect(answer.headers.getSetCookie()).toEqual([]);
      }
    }
  }
  expect(await dumpOf(store)).toEqual(before);
});

test('a refused form comes back as it was filled in, with the problems beside its fields', async () => {
  const page = (await post('/appointments', { ...FORM, time: 'noon', note: 'one\r\ntwo' })).body;
  expect(page).toContain('value="Dentist"');
  expect(page).toContain('>one\ntwo</textarea>');
  expect(page).toMatch(/id="time"[^>]*value="noon"[^>]*aria-invalid="true" aria-describedby="time-problem"/);
  expect(page).toContain('id="time-problem">Choose a time');
  expect(page).toContain('<a href="#time">');
});

test('a draft is kept, shown and taken up, and goes with the appointment or by its button', async () => {
  await post('/draft', { ...FORM, title: '', time: '' });
  expect(await read('/')).toContain('Draft kept:');
  expect(await read('/new')).toMatch(/Draft kept\..*value="Harbour"/s);
  await post('/appointments', FORM);
  expect(await read('/')).not.toContain('Draft kept');
  await post('/draft', FORM);
  expect(await read('/')).toContain('Draft kept:');
  expect((await post('/draft/discard')).status).toBe(303);
  expect(await read('/')).not.toContain('Draft kept');
});

test('a draft without a word in it is none, and one too long is refused', async () => {
  const blank = { ...FORM, title: '', time: '', place: '', note: '' };
  const keys = (await dumpOf(store)).length;
  expect((await post('/draft', blank)).status).toBe(303);
  expect((await post('/draft', { ...FORM, place: 'x'.repeat(81) })).status).toBe(422);
  expect((await post('/draft', doubled)).status).toBe(400);
  expect((await post('/draft/discard')).status).toBe(303);
  expect(await dumpOf(store)).toHaveLength(keys);
});

test('two appointments added at the same moment are both kept', async () => {
  await post('/appointments', FORM);
  expect(await together('/appointments', [FORM, FORM])).toEqual([303, 303]);
  expect(events.filter(({ type }) => type === 'conflict')).not.toEqual([]);
  expect(count(await read('/'))).toBe(3);
});

test('of two appointments for the last place one is told that the book is full, and keeps its form', async () => {
  for (let i = 1; i < MOST; i++) await post('/appointments', FORM);
  const statuses = await together('/appointments', [FORM, FORM]);
  expect(statuses.sort()).toEqual([303, 409]);
  const page = await read('/');
  expect(count(page)).toBe(MOST);
  expect(page).toContain('This book is full');
  const refused = await post('/appointments', { ...FORM, title: 'One too many' });
  expect(refused.status).toBe(409);
  expect(refused.body).toMatch(/Your book is full.*value="One too many"/s);
});

test('a full book of the longest texts fits into a record, with a draft', async () => {
  const widest = { ...FORM, title: '語'.repeat(80), place: '語'.repeat(80), note: '語'.repeat(200) };
  for (let i = 0; i < MOST; i++) expect((await post('/appointments', widest)).status).toBe(303);
  expect((await post('/draft', widest)).status).toBe(303);
});

test('what was deleted in another tab is not edited back, and the form is not lost', async () => {
  await post('/appointments', FORM);
  const edit = await editPath();
  await post(edit.replace('edit', 'delete'));
  const response = await post(edit.replace('/edit', ''), { ...FORM, title: 'Rewritten' });
  expect(response.status).toBe(404);
  expect(response.body).toMatch(/has been deleted.*action="\/appointments".*value="Rewritten"/s);
  expect(count(await read('/'))).toBe(0);
});

test('an edit that overlaps a deletion does not bring the appointment back', async () => {
  await post('/appointments', FORM);
  await post('/appointments', { ...FORM, title: 'Other' });
  const path = (await editPath()).replace('/edit', '');
  store.reset();
  let release: () => void = () => undefined;
  store.next('update', { before: new Promise<void>((resolve) => (release = resolve)) });
  const editing = post(path, { ...FORM, title: 'Rewritten' });
  await vi.waitFor(() => expect(store.calls.some(({ verb }) => verb === 'update')).toBe(true), { interval: 5 });
  const twin = ann.copy();
  twin.origin = apps[1]?.origin ?? '';
  await twin.post(`${path}/delete`);
  release();
  expect((await editing).status).toBe(404);
  expect(count(await read('/'))).toBe(1);
});

test('the session page tells the facts, and the ticket nowhere', async () => {
  await post('/appointments', FORM);
  const page = await read('/session');
  expect(page).toContain('&quot;title&quot;: &quot;Dentist&quot;');
  expect(page.match(/<time datetime="\d{4}-\d\d-\d\dT/g)).toHaveLength(2);
  for (const name of ann.jar.names()) expect(page).not.toContain(ann.jar.get(name));
});

test('a store that does not answer is a page that says so, and the style sheet is served all the same', async () => {
  await post('/appointments', FORM);
  await read('/');
  const cookies = ann.jar.header('/', { secure: false });
  store.always('read', 'break');
  for (const answer of [await ann.send('/'), await post('/appointments', FORM), await post('/draft', FORM)]) {
    expect(answer.status).toBe(503);
    expect(answer.body).toContain('One moment, please');
  }
  expect((await ann.send('/static/style.css')).status).toBe(200);
  store.always('read', undefined);
  store.always('update', 'break');
  for (const answer of [await post('/appointments', FORM), await post('/draft', FORM)]) {
    expect(answer.status).toBe(503);
    expect(answer.body).toContain('One moment, please');
  }
  store.always('update', undefined);
  expect(ann.jar.header('/', { secure: false })).toBe(cookies);
  expect(count(await read('/'))).toBe(1);
});

test('two users see only what is theirs', async () => {
  await post('/appointments', FORM);
  const path = (await editPath()).replace('/edit', '');
  const bob = new Visitor(apps[1] as Running);
  expect(count(await bob.register('bob'))).toBe(0);
  for (const answer of [
    await bob.send(`${path}/edit`),
    await bob.post(path, FORM),
    await bob.send(`${path}/delete`),
    await bob.post(`${path}/delete`),
  ]) {
    expect(answer.status).toBe(404);
  }
  expect(count(await read('/'))).toBe(1);
});
